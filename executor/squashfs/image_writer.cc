#include "squashfs/image_writer.h"

#include <fcntl.h>
#include <sqfs/compressor.h>
#include <sqfs/super.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/file_system.h"
#include "base/parallel.h"
#include "squashfs/block_compressor.h"
#include "squashfs/data_copy.h"
#include "squashfs/data_layout.h"
#include "squashfs/image_file.h"
#include "squashfs/inode_writer.h"

namespace cntr::squashfs {
namespace {

// A new file beside `path`; removed unless it gets that name.
class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)), draft_(path_ + ".XXXXXX") {
    fd_ = UniqueFd(mkostemp(draft_.data(), O_CLOEXEC));
    if (!fd_.valid()) throw system_error("Cannot make a file beside " + path_, errno);
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (!draft_.empty()) unlink(draft_.c_str());
  }

  int fd() const { return fd_.get(); }

  void put_in_place() {
    const mode_t mode = 0666 & ~file_creation_mask();
    if (fchmod(fd_.get(), mode) != 0 || fsync(fd_.get()) != 0) {
      throw system_error("Cannot write " + path_, errno);
    }
    rename_path(draft_, path_);
    draft_.clear();
  }

 private:
  std::string path_;
  std::string draft_;
  UniqueFd fd_;
};

// Loop devices have blocks of this size, and cut off the end of a file that has not.
constexpr uint64_t kPadding = 4096;

void check_packs(std::span<const DataPack* const> packs, const Compression& compression) {
  for (const DataPack* pack : packs) {
    if (pack->table().compression != compression) {
      throw internal_error("The data pack " + pack->name() + " is compressed in another way");
    }
  }
}

ImageSummary write(const Tree& tree, std::span<const DataPack* const> packs,
                   const Compression& compression, PackUse use, int fd, ImageFile& file) {
  constexpr uint32_t kNoTime = 0;
  sqfs_super_t super{};
  file.check(sqfs_super_init(&super, compression.block_size, kNoTime,
                             static_cast<SQFS_COMPRESSOR>(compression.compressor)));
  file.check(sqfs_super_write(&super, file.library_object()));
  BlockCompressor compressor(compression, BlockCompressor::Direction::kCompress);
  sqfs_compressor_t* const options = compressor.library_object();
  if (file.check(options->write_options(options, file.library_object())) > 0) {
    super.flags |= SQFS_FLAG_COMPRESSOR_OPTIONS;
  }
  const uint64_t data_begin = file.size();
  const DataLayout data(tree, packs, data_begin);
  file.resize(data.end());
  const auto copy = [&] { copy_blocks(data.copies(), packs, fd, file.name(), use); };
  const auto describe = [&] { write_metadata(tree, data, compressor, file, super); };
  run_in_parallel(2, 2, [&](size_t i) { i == 0 ? copy() : describe(); });
  super.bytes_used = file.size();
  file.check(sqfs_super_write(&super, file.library_object()));
  file.resize((file.size() + kPadding - 1) / kPadding * kPadding);
  return {file.size(), data.end() - data_begin, super.inode_count};
}

}  // namespace

ImageSummary write_image(const Tree& tree, std::span<const DataPack* const> packs,
                         const Compression& compression, const std::string& path, PackUse use) {
  check_packs(packs, compression);
  NewFile draft(path);
  ImageFile file(draft.fd(), path);
  const ImageSummary summary = write(tree, packs, compression, use, draft.fd(), file);
  draft.put_in_place();
  return summary;
}

bool can_hold_xattr(std::string_view name) {
  constexpr std::array<std::string_view, 3> kPrefixes = {"user.", "trusted.", "security."};
  constexpr size_t kLongest = 255;
  if (name.size() > kLongest || name.find('\0') != std::string_view::npos) return false;
  for (const std::string_view prefix : kPrefixes) {
    if (name.starts_with(prefix)) return name.size() > prefix.size();
  }
  return false;
}

}  // namespace cntr::squashfs
