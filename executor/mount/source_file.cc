#include "mount/source_file.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/text.h"

namespace cntr::mount {
namespace {

constexpr std::string_view kMagic = "hsqs";
constexpr size_t kMajorAt = 28;
constexpr size_t kMinorAt = 30;
constexpr size_t kBytesUsedAt = 40;

uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

std::string place_of(const Source& source) {
  if (source.offset == 0) return source.file;
  return source.file + " at offset " + std::to_string(source.offset);
}

std::string identity_of(const FileStat& info, uint64_t offset) {
  return std::to_string(info.device) + ":" + std::to_string(info.inode) + ":" +
         std::to_string(info.size) + ":" + std::to_string(info.mtime) + ":" +
         std::to_string(info.ctime) + ":" + std::to_string(offset);
}

}  // namespace

std::optional<uint64_t> squashfs_size(std::string_view superblock) {
  if (superblock.size() < kSuperblockSize || !superblock.starts_with(kMagic)) return std::nullopt;
  const uint64_t size = little_endian(superblock.substr(kBytesUsedAt, 8));
  if (little_endian(superblock.substr(kMajorAt, 2)) != 4 ||
      little_endian(superblock.substr(kMinorAt, 2)) != 0 || size < kSuperblockSize) {
    return std::nullopt;
  }
  return size;
}

SourceFile::SourceFile(const Source& source) : source_(source) {
  const std::optional<FileStat> named = stat_file(source.file);
  if (!named) throw user_error("The squashfs file " + source.file + " does not exist");
  // Opening a fifo would wait for a writer.
  if (named->kind != FileKind::kRegular) throw user_error(source.file + " is not a file");
  fd_ = open_to_read(source.file);
  const std::optional<FileStat> info = stat_descriptor(fd_.get());
  if (!info || info->kind != FileKind::kRegular) throw user_error(source.file + " is not a file");

  std::array<char, kSuperblockSize> bytes{};
  const bool beyond = source.offset > info->size || source.offset > INT64_MAX;
  const ssize_t got =
      beyond ? 0 : pread(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(source.offset));
  if (got < 0) throw system_error("Cannot read " + source.file, errno);
  const std::optional<uint64_t> size =
      squashfs_size(std::string_view(bytes.data(), static_cast<size_t>(got)));
  if (!size) throw user_error(place_of(source) + " is not a squashfs 4.0 file");
  available_ = info->size - source.offset;
  if (*size > available_) {
    throw user_error("The squashfs file " + place_of(source) + " is truncated: it has " +
                     std::to_string(available_) + " of " + std::to_string(*size) + " bytes");
  }
  size_ = *size;
  identity_ = identity_of(*info, source.offset);
}

bool everyone_may_read(const std::string& file) {
  const std::optional<FileStat> info = stat_file(file);
  if (!info || (info->mode & 0004) == 0) return false;
  for (std::string above = parent_path(file);; above = parent_path(above)) {
    const std::optional<FileStat> directory = stat_file(above);
    if (!directory || (directory->mode & 0001) == 0) return false;
    if (above == "/" || above == ".") return true;
  }
}

}  // namespace cntr::mount
