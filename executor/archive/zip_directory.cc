#include "archive/zip_directory.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <string_view>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"

namespace cntr::archive {
namespace {

// What a central directory may hold.
struct Limits {
  uint64_t members;
  uint64_t bytes;
};
constexpr Limits kFew = {1000, uint64_t{1} << 20};
constexpr Limits kMany = {1'000'000, uint64_t{256} << 20};

constexpr uint64_t kStored = 0;
constexpr uint64_t kDeflated = 8;
constexpr uint64_t kEndSize = 22;  // of the end record, without its comment
constexpr uint64_t kLongestComment = 65535;
constexpr uint64_t kEnd64Size = 56;
constexpr uint64_t kLocatorSize = 20;
constexpr uint64_t kEntrySize = 46;
constexpr uint64_t kLocalSize = 30;
constexpr std::string_view kEndMark = "PK\x05\x06";
constexpr std::string_view kEnd64Mark = "PK\x06\x06";
constexpr std::string_view kLocatorMark = "PK\x06\x07";
constexpr std::string_view kEntryMark = "PK\x01\x02";
constexpr std::string_view kLocalMark = "PK\x03\x04";
constexpr uint64_t kIn64Bits16 = 0xffff;  // "the value is in the zip64 record"
constexpr uint64_t kIn64Bits32 = 0xffffffff;

Error damaged(const std::string& what) { return user_error("the zip archive is damaged: " + what); }

// Little-endian numbers at fixed places.
class Record {
 public:
  explicit Record(std::string_view bytes) : bytes_(bytes) {}

  uint64_t number(size_t place, size_t size) const {
    uint64_t out = 0;
    for (size_t i = size; i-- > 0;) out = out << 8 | static_cast<unsigned char>(bytes_[place + i]);
    return out;
  }

 private:
  std::string_view bytes_;
};

class Reader {
 public:
  explicit Reader(int fd) : fd_(fd) {
    const auto stat = stat_descriptor(fd);
    if (!stat) throw environment_error("Cannot read the archive");
    size_ = stat->size;
  }

  uint64_t size() const { return size_; }

  // Throws when the file ends before.
  std::string bytes(uint64_t offset, uint64_t count, const char* what) const {
    if (offset > size_ || count > size_ - offset) {
      throw damaged(std::string(what) + " lies outside the file");
    }
    std::string out(count, '\0');
    for (uint64_t done = 0; done < count;) {
      const ssize_t got =
          pread(fd_, out.data() + done, count - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw system_error("Cannot read the archive", errno);
      if (got == 0) throw damaged("the file became shorter");
      done += static_cast<uint64_t>(got);
    }
    return out;
  }

 private:
  int fd_;
  uint64_t size_ = 0;
};

// Where the central directory lies.
struct Directory {
  uint64_t offset = 0;
  uint64_t size = 0;
  uint64_t entries = 0;
  uint64_t end = 0;  // of what may be in front of the end records
};

// The end record is the last one whose comment reaches exactly to the end of the file.
std::optional<size_t> find_end(std::string_view tail) {
  for (size_t at = tail.rfind(kEndMark); at != std::string_view::npos;
       at = at == 0 ? std::string_view::npos : tail.rfind(kEndMark, at - 1)) {
    if (tail.size() - at < kEndSize) continue;
    if (at + kEndSize + Record(tail.substr(at)).number(20, 2) == tail.size()) return at;
  }
  return std::nullopt;
}

Directory find_directory_64(const Reader& file, uint64_t end_at) {
  if (end_at < kLocatorSize) throw damaged("it has no zip64 record");
  const std::string locator =
      file.bytes(end_at - kLocatorSize, kLocatorSize, "the place of the zip64 record");
  if (!locator.starts_with(kLocatorMark)) throw damaged("it has no zip64 record");
  const uint64_t at = Record(locator).number(8, 8);
  const std::string bytes = file.bytes(at, kEnd64Size, "the zip64 record");
  if (!bytes.starts_with(kEnd64Mark)) throw damaged("it has no zip64 record");
  const Record end(bytes);
  return {end.number(48, 8), end.number(40, 8), end.number(32, 8), at};
}

Directory find_directory(const Reader& file, const Limits& limits) {
  const uint64_t tail_size = std::min(file.size(), kEndSize + kLongestComment);
  const std::string tail = file.bytes(file.size() - tail_size, tail_size, "its end");
  const auto found = find_end(tail);
  if (!found) throw user_error("it is no zip archive, or a truncated one");
  const Record end(std::string_view(tail).substr(*found));
  const uint64_t end_at = file.size() - tail_size + *found;
  Directory out{end.number(16, 4), end.number(12, 4), end.number(10, 2), end_at};
  if (out.offset == kIn64Bits32 || out.size == kIn64Bits32 || out.entries == kIn64Bits16) {
    out = find_directory_64(file, end_at);
  }
  if (out.offset > out.end || out.size > out.end - out.offset) {
    throw damaged("its directory lies outside the file");
  }
  if (out.entries > limits.members || out.size > limits.bytes) {
    throw user_error("it is a zip archive of more than " + std::to_string(limits.members) +
                     " members");
  }
  return out;
}

// One entry of the central directory.
struct Entry {
  ZipMember member;  // its offset is that of the local header, its size that without compression
  uint64_t packed_size = 0;
  uint64_t length = 0;  // of the entry
  uint64_t method = kStored;
  uint32_t mode = 0;
};

// Extra fields are (id, length, bytes); that of zip64 has those of the three numbers that did not
// fit, in this order.
void read_extra_64(std::string_view extra, Entry& entry) {
  constexpr uint64_t kZip64 = 1;
  while (extra.size() >= 4) {
    const Record field(extra);
    const uint64_t length = field.number(2, 2);
    if (length > extra.size() - 4) throw damaged("an extra field is too long");
    if (field.number(0, 2) == kZip64) {
      size_t place = 4;
      for (uint64_t* const number :
           {&entry.member.size, &entry.packed_size, &entry.member.offset}) {
        if (*number != kIn64Bits32) continue;
        if (place + 8 > 4 + length) throw damaged("a zip64 field is too short");
        *number = field.number(place, 8);
        place += 8;
      }
      return;
    }
    extra.remove_prefix(4 + length);
  }
}

Entry read_entry(std::string_view bytes) {
  if (bytes.size() < kEntrySize || !bytes.starts_with(kEntryMark)) {
    throw damaged("its directory is not as long as it says");
  }
  const Record record(bytes);
  const uint64_t name_size = record.number(28, 2);
  const uint64_t extra_size = record.number(30, 2);
  Entry entry;
  entry.length = kEntrySize + name_size + extra_size + record.number(32, 2);
  if (entry.length > bytes.size()) throw damaged("its directory is not as long as it says");
  entry.member = {std::string(bytes.substr(kEntrySize, name_size)), record.number(42, 4),
                  record.number(24, 4)};
  entry.packed_size = record.number(20, 4);
  read_extra_64(bytes.substr(kEntrySize + name_size, extra_size), entry);
  const std::string name = quote(entry.member.name);
  constexpr uint64_t kEncrypted = 1;
  if ((record.number(8, 2) & kEncrypted) != 0)
    throw user_error("its member " + name + " is encrypted");
  constexpr uint64_t kUnix = 3;
  entry.method = record.number(10, 2);
  if (record.number(5, 1) == kUnix) entry.mode = static_cast<uint32_t>(record.number(40, 2));
  return entry;
}

// From the local header to the bytes behind it.
ZipMember find_bytes(const Reader& file, const Directory& directory, const Entry& entry) {
  ZipMember member = entry.member;
  member.size = entry.packed_size;
  const std::string what = "the member " + quote(member.name);
  const std::string header = file.bytes(member.offset, kLocalSize, what.c_str());
  const Record record(header);
  const uint64_t name_size = record.number(26, 2);
  if (!header.starts_with(kLocalMark) ||
      file.bytes(member.offset + kLocalSize, name_size, what.c_str()) != member.name) {
    throw damaged(what + " is not where the directory says");
  }
  member.offset += kLocalSize + name_size + record.number(28, 2);
  if (member.offset > directory.offset || member.size > directory.offset - member.offset) {
    throw damaged(what + " reaches into the directory");
  }
  return member;
}

template <typename Visit>
void visit_entries(const Reader& file, const Directory& directory, const Visit& visit) {
  const std::string bytes = file.bytes(directory.offset, directory.size, "its directory");
  std::string_view rest = bytes;
  std::set<std::string> names;
  for (uint64_t i = 0; i < directory.entries; ++i) {
    const Entry entry = read_entry(rest);
    rest.remove_prefix(entry.length);
    if (!names.insert(entry.member.name).second) {
      throw user_error("its member " + quote(entry.member.name) + " is there twice");
    }
    visit(entry);
  }
}

bool is_stored(const Entry& entry) {
  return entry.method == kStored && entry.packed_size == entry.member.size;
}

}  // namespace

std::vector<ZipMember> list_stored_zip(int fd) {
  const Reader file(fd);
  const Directory directory = find_directory(file, kFew);
  std::vector<ZipMember> out;
  visit_entries(file, directory, [&](const Entry& entry) {
    if (!is_stored(entry)) {
      throw user_error("its member " + quote(entry.member.name) +
                       " is compressed; those of a package must be stored");
    }
    out.push_back(find_bytes(file, directory, entry));
  });
  return out;
}

std::vector<PackedZipMember> list_zip(int fd) {
  const Reader file(fd);
  const Directory directory = find_directory(file, kMany);
  std::vector<PackedZipMember> out;
  visit_entries(file, directory, [&](const Entry& entry) {
    if (!is_stored(entry) && entry.method != kDeflated) {
      throw user_error("its member " + quote(entry.member.name) +
                       " is compressed in a way that is not known here");
    }
    out.push_back({find_bytes(file, directory, entry), entry.member.size, entry.method == kDeflated,
                   entry.mode});
  });
  return out;
}

}  // namespace cntr::archive
