#include "image/sif.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"

namespace cntr::image {
namespace {

// Offsets in the header.
constexpr size_t kLaunch = 0;  // a script line for binfmt
constexpr size_t kMagic = 32;
constexpr size_t kVersion = 42;
constexpr size_t kTotalDescriptors = 88;
constexpr size_t kTableOffset = 96;
constexpr size_t kTableSize = 104;
constexpr size_t kHeaderSize = 128;
static_assert(kLaunch + 32 == kMagic);
constexpr std::string_view kMagicText("SIF_MAGIC\0", 10);
constexpr std::string_view kVersionText("01\0", 3);

// Offsets in a descriptor.
constexpr size_t kType = 0;
constexpr size_t kUsed = 4;
constexpr size_t kDataOffset = 17;
constexpr size_t kDataSize = 25;
constexpr size_t kFileSystem = 201;  // the first of the bytes that the type defines
constexpr size_t kPartitionType = 205;
constexpr size_t kArchitecture = 209;
constexpr size_t kDescriptorSize = 585;

constexpr uint32_t kTypePartition = 0x4004;
constexpr uint32_t kPrimarySystem = 2;
constexpr uint32_t kSquashfs = 1;
constexpr uint32_t kEncryptedSquashfs = 5;
// Real files have a dozen; the format's own tools make tables of 48.
constexpr uint64_t kMaxDescriptors = 4096;

template <typename Number>
Number number_at(std::string_view bytes, size_t offset) {
  Number value = 0;
  for (size_t i = 0; i < sizeof(Number); ++i) {
    const auto byte = static_cast<unsigned char>(bytes.at(offset + i));
    value |= static_cast<Number>(Number{byte} << (8 * i));
  }
  return value;
}

Error damaged(const std::string& what) { return user_error("the SIF file is damaged: " + what); }

bool lies_within(uint64_t offset, uint64_t size, uint64_t whole) {
  return offset <= whole && size <= whole - offset;
}

std::string architecture_name(std::string_view code) {
  static const std::map<std::string_view, std::string> kNames = {
      {"01", "386"},    {"02", "amd64"},    {"03", "arm"},   {"04", "arm64"},
      {"05", "ppc64"},  {"06", "ppc64le"},  {"07", "mips"},  {"08", "mipsle"},
      {"09", "mips64"}, {"10", "mips64le"}, {"11", "s390x"}, {"12", "riscv64"}};
  const auto found = kNames.find(code);
  return found == kNames.end() ? "" : found->second;
}

std::string file_system_name(uint32_t type) {
  switch (type) {
    case kEncryptedSquashfs:
      return "an encrypted squashfs";
    case 2:
      return "an ext3 file system";
    case 3:
      return "an immutable archive";
    case 4:
      return "raw data";
    default:
      return "of the unknown file system type " + std::to_string(type);
  }
}

SifPartition partition_of(std::string_view descriptor, uint64_t file_size) {
  const auto type = number_at<uint32_t>(descriptor, kFileSystem);
  if (type != kSquashfs) {
    throw user_error("the SIF's root file system is " + file_system_name(type),
                     {"Cntr runs a SIF whose root file system is a plain squashfs."});
  }
  SifPartition out;
  out.offset = number_at<uint64_t>(descriptor, kDataOffset);
  out.size = number_at<uint64_t>(descriptor, kDataSize);
  out.architecture = architecture_name(descriptor.substr(kArchitecture, 2));
  if (out.size == 0 || !lies_within(out.offset, out.size, file_size)) {
    throw damaged("its root file system does not lie within the file");
  }
  return out;
}

class OpenFile : public SifBytes {
 public:
  OpenFile(int fd, uint64_t size, const std::string& path) : fd_(fd), size_(size), path_(path) {}

  uint64_t size() const override { return size_; }

  std::string read(uint64_t offset, uint64_t count) const override {
    std::string out(count, '\0');
    size_t done = 0;
    while (done < out.size()) {
      const ssize_t got =
          pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw system_error("Cannot read " + path_, errno);
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    out.resize(done);
    return out;
  }

 private:
  int fd_;
  uint64_t size_;
  const std::string& path_;
};

}  // namespace

SifPartition find_root_partition(const SifBytes& file) {
  const std::string header = file.read(0, std::min<uint64_t>(kHeaderSize, file.size()));
  const std::string_view start(header);
  if (header.size() < kMagic + kMagicText.size() ||
      start.substr(kMagic, kMagicText.size()) != kMagicText) {
    throw user_error("it is not a SIF file");
  }
  if (header.size() < kHeaderSize) throw damaged("its header is truncated");
  if (start.substr(kVersion, kVersionText.size()) != kVersionText) {
    throw user_error("it is a SIF file of the unknown version " +
                     quote(start.substr(kVersion, kVersionText.size() - 1)));
  }
  const auto count = number_at<uint64_t>(start, kTotalDescriptors);
  const auto offset = number_at<uint64_t>(start, kTableOffset);
  const auto size = number_at<uint64_t>(start, kTableSize);
  if (count > kMaxDescriptors) {
    throw damaged("it claims to have " + std::to_string(count) + " descriptors");
  }
  const uint64_t needed = count * kDescriptorSize;
  if (size < needed || !lies_within(offset, needed, file.size())) {
    throw damaged("its table of descriptors does not lie within the file");
  }
  const std::string table = file.read(offset, needed);
  if (table.size() != needed) throw damaged("its table of descriptors is truncated");
  std::optional<SifPartition> found;
  for (uint64_t i = 0; i < count; ++i) {
    const std::string_view descriptor =
        std::string_view(table).substr(i * kDescriptorSize, kDescriptorSize);
    const bool is_root = descriptor.at(kUsed) != 0 &&
                         number_at<uint32_t>(descriptor, kType) == kTypePartition &&
                         number_at<uint32_t>(descriptor, kPartitionType) == kPrimarySystem;
    if (!is_root) continue;
    if (found) throw damaged("it has two root file systems");
    found = partition_of(descriptor, file.size());
  }
  if (!found) throw user_error("the SIF has no root file system (a primary system partition)");
  return *found;
}

SifPartition read_sif(const std::string& path) {
  // Without waiting for a writer (a fifo).
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid() && (errno == ENOENT || errno == ENOTDIR)) {
    throw user_error("there is no file " + path);
  }
  if (!fd.valid()) throw system_error("Cannot read " + path, errno);
  const auto info = stat_descriptor(fd.get());
  if (!info || info->kind != FileKind::kRegular) throw user_error(path + " is not a file");
  try {
    return find_root_partition(OpenFile(fd.get(), info->size, path));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUser) throw;
    throw user_error(path + ": " + error.message(), error.notes());
  }
}

}  // namespace cntr::image
