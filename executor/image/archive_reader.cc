#include "image/archive_reader.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/stop_request.h"
#include "base/text.h"

namespace cntr::image {
namespace {

Error in_archive(const std::string& where, const Error& error) {
  return Error(error.kind(), where + ": " + error.message(), error.location(), error.notes());
}

std::string at_entry(const std::string& archive, const TarEntry& entry) {
  return archive + ": entry " + quote(entry.path);
}

size_t memory_of(const TarEntry& entry) {
  size_t bytes = entry.path.size() + entry.target.size();
  for (const auto& [name, value] : entry.xattrs) bytes += name.size() + value.size();
  return bytes;
}

squashfs::FileIndex pack_file(TarReader& reader, const TarEntry& entry,
                              squashfs::DataPackWriter& pack) {
  uint64_t end = 0;
  pack.begin_file();
  reader.read([&](std::string_view bytes, uint64_t offset) {
    pack.append_zeros(offset - end);
    pack.append(bytes);
    end = offset + bytes.size();
  });
  pack.append_zeros(entry.size - end);
  return pack.end_file();
}

// Reads the layers on several threads; when one fails, the others soon stop.
class LayerReading {
 public:
  LayerReading(const OciLayout& layout, const LayoutImage& image, const Workshop& workshop,
               UnpackBudget& budget)
      : layout_(layout),
        image_(image),
        workshop_(workshop),
        budget_(budget),
        layers_(image.layers.size()),
        failures_(image.layers.size()) {}

  // Lowest first. Throws what the lowest layer that failed threw.
  std::vector<std::optional<ArchiveContent>> read() {
    {
      const size_t threads = std::min<size_t>(layers_.size(), workshop_.pool.threads());
      squashfs::WorkerPool readers(static_cast<unsigned>(std::max<size_t>(threads, 1)));
      for (size_t i = 0; i < layers_.size(); ++i) {
        readers.submit([this, i] { read_layer(i); });
      }
    }
    for (const std::exception_ptr& failure : failures_) {
      if (failure) std::rethrow_exception(failure);
    }
    return std::move(layers_);
  }

 private:
  void read_layer(size_t index) {
    if (failed_) return;
    try {
      const Descriptor& layer = image_.layers[index];
      const std::string name = "layer " + layer.digest.text();
      const UniqueFd fd = layout_.open_layer(layer);
      ArchiveContent content = read_archive(fd.get(), name, Hashed::kStream, budget_, workshop_);
      if (content.digest != image_.config.diff_ids[index]) {
        throw user_error(name + ": its content does not have the digest that the config names");
      }
      layers_[index].emplace(std::move(content));
    } catch (...) {
      failures_[index] = std::current_exception();
      failed_ = true;
    }
  }

  const OciLayout& layout_;
  const LayoutImage& image_;
  const Workshop& workshop_;
  UnpackBudget& budget_;
  std::vector<std::optional<ArchiveContent>> layers_;
  std::vector<std::exception_ptr> failures_;
  std::atomic<bool> failed_ = false;
};

}  // namespace

ArchiveContent read_archive(int fd, const std::string& name, Hashed hashed, UnpackBudget& budget,
                            const Workshop& workshop) {
  squashfs::DataPackWriter pack = workshop.new_pack("the contents of " + name);
  std::vector<ArchiveContent::Entry> entries;
  std::string where = name;
  try {
    TarReader reader(fd, hashed, budget);
    while (auto header = reader.next()) {
      throw_if_stopped();
      where = at_entry(name, *header);
      budget.add_entry(memory_of(*header));
      ArchiveContent::Entry& entry = entries.emplace_back();
      if (header->kind == TarKind::kFile) {
        budget.add_file_bytes(header->size);
        entry.file = pack_file(reader, *header, pack);
      }
      entry.header = std::move(*header);
      where = name + ": after entry " + quote(entry.header.path);
    }
    where = name;
    const Digest digest = reader.finish();
    return {name, std::move(entries), pack.finish(), digest, reader.has_end_mark()};
  } catch (const Error& error) {
    throw in_archive(where, error);
  }
}

ImageBuilder::ImageBuilder(Whiteouts whiteouts, UnpackBudget& budget) : tree_(whiteouts, budget) {}

void ImageBuilder::apply(ArchiveContent archive) {
  const auto pack = static_cast<uint32_t>(packs_.size());
  tree_.begin_layer();
  for (const ArchiveContent::Entry& entry : archive.entries) {
    try {
      tree_.apply(entry.header, {pack, entry.file});
    } catch (const Error& error) {
      throw in_archive(at_entry(archive.name, entry.header), error);
    }
  }
  packs_.push_back(std::move(archive.pack));
}

FlatImage ImageBuilder::take() { return {tree_.take(), std::move(packs_)}; }

FlatImage read_layers(const OciLayout& layout, const LayoutImage& image, const Workshop& workshop,
                      const UnpackLimits& limits) {
  UnpackBudget budget(limits);
  ImageBuilder builder(Whiteouts::kApply, budget);
  for (auto& layer : LayerReading(layout, image, workshop, budget).read()) {
    builder.apply(std::move(*layer));
    layer.reset();
  }
  return builder.take();
}

ArchiveImage read_rootfs_archive(const std::string& path, const Workshop& workshop,
                                 const UnpackLimits& limits) {
  UnpackBudget budget(limits);
  ImageBuilder builder(Whiteouts::kNone, budget);
  const UniqueFd fd = open_to_read(path);
  ArchiveContent archive = read_archive(fd.get(), path, Hashed::kFile, budget, workshop);
  if (archive.entries.empty()) throw user_error(path + ": the archive has no entries");
  if (!archive.has_end_mark) {
    throw user_error(path + ": the archive is truncated: it has no end mark");
  }
  const Digest digest = archive.digest;
  builder.apply(std::move(archive));
  return {builder.take(), digest};
}

}  // namespace cntr::image
