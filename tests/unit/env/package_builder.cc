#include "package_builder.h"

#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>

#include "base/text.h"

namespace cntr::env {
namespace {

std::string little(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += i < 8 ? static_cast<char>(value >> 8 * i & 0xff) : '\0';
  return out;
}

}  // namespace

std::string stored_zip(const std::vector<ZipPart>& parts, const std::string& comment) {
  std::string out;
  std::string directory;
  for (const ZipPart& part : parts) {
    const auto method = static_cast<uint64_t>(part.method);
    const auto flags = static_cast<uint64_t>(part.flags);
    const uint64_t size = part.claimed_size == UINT64_MAX ? part.content.size() : part.claimed_size;
    const std::string numbers = little(flags, 2) + little(method, 2) + little(0, 8) +
                                little(size, 4) + little(size, 4) + little(part.name.size(), 2) +
                                little(0, 2);
    directory += "PK\x01\x02" + little(20, 2) + little(20, 2) + numbers + little(0, 10) +
                 little(out.size(), 4) + part.name;
    out += "PK\x03\x04" + little(20, 2) + numbers + part.name + part.content;
  }
  const std::string end = little(0, 4) + little(parts.size(), 2) + little(parts.size(), 2) +
                          little(directory.size(), 4) + little(out.size(), 4) +
                          little(comment.size(), 2);
  return out + directory + "PK\x05\x06" + end + comment;
}

std::string conda_package(const std::string& info_tar, const std::string& payload_tar) {
  using image::compressed;
  using image::Compression;
  return stored_zip({{"pkg-demo-1.0-0.tar.zst", compressed(payload_tar, Compression::kZstd)},
                     {"info-demo-1.0-0.tar.zst", compressed(info_tar, Compression::kZstd)}});
}

std::string old_package(const std::string& tar) {
  return image::compressed(tar, image::Compression::kBzip2);
}

std::string index_json(const std::string& more) {
  return R"({"name": "demo", "version": "1.0", "build": "0", "build_number": 0, "subdir": "linux-64")" +
         more + "}";
}

std::string paths_json(const std::vector<std::string>& entries) {
  return R"({"paths_version": 1, "paths": [)" + join(entries, ", ") + "]}";
}

std::string path_entry(const std::string& path, const std::string& more) {
  return R"({"_path": ")" + path + R"(", "path_type": "hardlink")" + more + "}";
}

UniqueFd file_of(const std::string& bytes) {
  UniqueFd file(memfd_create("package", MFD_CLOEXEC));
  if (!file.valid()) throw std::runtime_error("memfd_create");
  write_all(file.get(), bytes, "package");
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

}  // namespace cntr::env
