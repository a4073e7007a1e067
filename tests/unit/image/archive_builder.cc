#include "archive_builder.h"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "base/file_system.h"
#include "base/text.h"
#include "image/oci_layout.h"

namespace cntr::image {
namespace {

constexpr size_t kBlock = 512;

void put_octal(std::string& header, size_t offset, size_t width, uint64_t value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%0*llo", static_cast<int>(width - 1),
                static_cast<unsigned long long>(value));
  header.replace(offset, width - 1, text.data(), width - 1);
}

void check(int status, ::archive* writer) {
  if (status != ARCHIVE_OK) throw std::runtime_error(archive_error_string(writer));
}

}  // namespace

TarBuilder& TarBuilder::entry(char type, const std::string& path, const std::string& target,
                              std::string_view body, int mode) {
  std::string header(kBlock, '\0');
  header.replace(0, std::min<size_t>(path.size(), 100), path, 0, 100);
  put_octal(header, 100, 8, static_cast<uint64_t>(mode));
  put_octal(header, 108, 8, 0);
  put_octal(header, 116, 8, 0);
  put_octal(header, 124, 12, body.size());
  put_octal(header, 136, 12, static_cast<uint64_t>(mtime_));
  header.replace(148, 8, 8, ' ');
  header[156] = type;
  header.replace(157, std::min<size_t>(target.size(), 100), target, 0, 100);
  header.replace(257, 8, std::string("ustar\00000", 8));
  uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put_octal(header, 148, 7, sum);
  header[154] = '\0';
  bytes_ += header;
  bytes_ += body;
  bytes_.resize((bytes_.size() + kBlock - 1) / kBlock * kBlock, '\0');
  return *this;
}

TarBuilder& TarBuilder::file(const std::string& path, std::string_view content, int mode) {
  if (path.size() > 100) pax({{"path", path}});
  return entry('0', path, "", content, mode);
}

TarBuilder& TarBuilder::directory(const std::string& path, int mode) {
  if (path.size() > 100) pax({{"path", path}});
  return entry('5', path, "", "", mode);
}

TarBuilder& TarBuilder::symlink(const std::string& path, const std::string& target) {
  if (target.size() > 100) pax({{"linkpath", target}});
  return entry('2', path, target, "", 0777);
}

TarBuilder& TarBuilder::hard_link(const std::string& path, const std::string& target) {
  return entry('1', path, target, "", 0644);
}

TarBuilder& TarBuilder::device(const std::string& path) { return entry('3', path, "", "", 0666); }

TarBuilder& TarBuilder::fifo(const std::string& path) { return entry('6', path, "", "", 0666); }

TarBuilder& TarBuilder::pax(const std::vector<std::pair<std::string, std::string>>& records) {
  std::string body;
  for (const auto& [key, value] : records) {
    // A record's length counts its own digits.
    const size_t rest = key.size() + value.size() + 3;
    size_t length = rest + 1;
    while (rest + std::to_string(length).size() != length) ++length;
    body += std::to_string(length) + " " + key + "=" + value + "\n";
  }
  return entry('x', "PaxHeaders/x", "", body, 0644);
}

TarBuilder& TarBuilder::bytes(std::string_view raw) {
  bytes_ += raw;
  return *this;
}

TarBuilder& TarBuilder::mtime(int64_t seconds) {
  mtime_ = seconds;
  return *this;
}

std::string compressed(std::string_view bytes, Compression compression) {
  if (compression == Compression::kNone) return std::string(bytes);
  ::archive* const writer = archive_write_new();
  switch (compression) {
    case Compression::kGzip:
      check(archive_write_add_filter_gzip(writer), writer);
      break;
    case Compression::kZstd:
      check(archive_write_add_filter_zstd(writer), writer);
      break;
    case Compression::kXz:
      check(archive_write_add_filter_xz(writer), writer);
      break;
    case Compression::kBzip2:
      check(archive_write_add_filter_bzip2(writer), writer);
      break;
    case Compression::kNone:
      break;
  }
  check(archive_write_set_format_raw(writer), writer);
  check(archive_write_set_bytes_in_last_block(writer, 1), writer);
  std::string out(bytes.size() + bytes.size() / 8 + 4096, '\0');
  size_t used = 0;
  check(archive_write_open_memory(writer, out.data(), out.size(), &used), writer);
  archive_entry* const entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  check(archive_write_header(writer, entry), writer);
  archive_entry_free(entry);
  if (archive_write_data(writer, bytes.data(), bytes.size()) !=
      static_cast<la_ssize_t>(bytes.size())) {
    throw std::runtime_error(archive_error_string(writer));
  }
  check(archive_write_close(writer), writer);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

LayoutBuilder::LayoutBuilder(std::string directory) : directory_(std::move(directory)) {
  make_directories(directory_ + "/blobs/sha256");
  write_file_atomically(directory_ + "/oci-layout", R"({"imageLayoutVersion": "1.0.0"})");
}

std::string LayoutBuilder::blob_path(const Digest& digest) const {
  return directory_ + "/blobs/sha256/" + digest.hex();
}

std::string LayoutBuilder::add_blob(const std::string& media_type, const std::string& bytes,
                                    const std::string& more_members) {
  const Digest digest = digest_of(bytes);
  write_file_atomically(blob_path(digest), bytes);
  return R"({"mediaType": ")" + media_type + R"(", "digest": ")" + digest.text() +
         R"(", "size": )" + std::to_string(bytes.size()) + more_members + "}";
}

std::string LayoutBuilder::add_layer(const std::string& tar, Compression compression,
                                     const std::string& media_type) {
  std::string type = "application/vnd.oci.image.layer.v1.tar";
  if (compression == Compression::kGzip) type += "+gzip";
  if (compression == Compression::kZstd) type += "+zstd";
  if (!media_type.empty()) type = media_type;
  layers_.push_back(add_blob(type, compressed(tar, compression)));
  diff_ids_.push_back('"' + digest_of(tar).text() + '"');
  return layers_.back();
}

std::string LayoutBuilder::add_image(const std::string& config, const std::string& architecture,
                                     const std::string& more_members) {
  const std::string machine = machine_platform().architecture;
  const std::string config_text =
      R"({"os": "linux", "architecture": ")" + (architecture.empty() ? machine : architecture) +
      R"(", "config": {)" + config + R"(}, "rootfs": {"type": "layers", "diff_ids": [)" +
      join(diff_ids_, ", ") + "]}}";
  last_config_ = digest_of(config_text);
  const std::string manifest =
      R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": )" +
      add_blob("application/vnd.oci.image.config.v1+json", config_text) + R"(, "layers": [)" +
      join(layers_, ", ") + "]}";
  layers_.clear();
  diff_ids_.clear();
  return add_blob("application/vnd.oci.image.manifest.v1+json", manifest, more_members);
}

void LayoutBuilder::write_index(const std::vector<std::string>& descriptors) {
  write_file_atomically(directory_ + "/index.json",
                        R"({"schemaVersion": 2, "manifests": [)" + join(descriptors, ", ") + "]}");
}

std::string LayoutBuilder::tag(const std::string& name) {
  return R"(, "annotations": {"org.opencontainers.image.ref.name": ")" + name + R"("})";
}

std::string LayoutBuilder::platform(const std::string& architecture) {
  return R"(, "platform": {"os": "linux", "architecture": ")" + architecture + R"("})";
}

}  // namespace cntr::image
