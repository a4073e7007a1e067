#include "engine/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/clock.h"
#include "base/error.h"
#include "base/file_system.h"
#include "engine/thin_archive.h"

namespace cntr::engine {
namespace {

int64_t nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// An executable file is another content than the same bytes without permission to run.
Digest as_executable(const Digest& bytes) { return digest_of("executable " + bytes.hex()); }

Digest listing_of(const std::string& directory) {
  std::string text = "directory\n";
  for (const std::string& name : list_directory(directory)) {
    // Our own state would change the listing of the directory that it describes.
    if (name.starts_with(".ninja_") || name == ".cntr_ninja") continue;
    text += name;
    text += '\0';
  }
  return digest_of(text);
}

bool is_thin_archive(int file) {
  std::array<char, kThinArchiveMagic.size()> start;
  const ssize_t got = ::pread(file, start.data(), start.size(), 0);
  return std::string_view(start.data(), got < 0 ? 0 : static_cast<size_t>(got)) ==
         kThinArchiveMagic;
}

// What is linked from a thin archive stands in the files that it names.
Digest with_members(const std::string& path, const Digest& bytes) {
  const std::string archive = read_file_if_exists(path).value_or("");
  std::string text = "thin archive " + bytes.hex() + "\n";
  for (const std::string_view member : thin_archive_members(archive)) {
    std::string file(member);
    if (!member.starts_with('/')) file = parent_path(path) + "/" + file;
    const std::optional<FileStat> found = stat_file(file);
    if (!found || found->kind != FileKind::kRegular) {
      text += "missing\n";
      continue;
    }
    const UniqueFd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    text += opened.valid() ? digest_of_open_file(opened.get(), file).hex() : "missing";
    text += '\n';
  }
  return digest_of(text);
}

}  // namespace

Identity RealDisk::identity(const char* path) const {
  struct stat found;
  if (::stat(path, &found) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    throw system_error("cannot look at " + std::string(path), errno);
  }
  Identity identity;
  identity.device = found.st_dev;
  identity.inode = found.st_ino;
  identity.size = static_cast<uint64_t>(found.st_size);
  identity.mtime = nanoseconds(found.st_mtim);
  identity.ctime = nanoseconds(found.st_ctim);
  identity.mode = found.st_mode;
  identity.links = static_cast<uint32_t>(found.st_nlink);
  return identity;
}

Digest RealDisk::content(const std::string& path, const Identity& identity) const {
  if (!identity.exists()) return {};
  if (identity.is_directory()) return listing_of(path);
  if (!identity.is_regular()) return digest_of("special");
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    if (errno == ENOENT) return {};
    throw system_error("cannot read " + path, errno);
  }
  const int64_t began = known_ != nullptr ? file_time() : 0;
  const Digest bytes = digest_of_open_file(file.get(), path);
  if (known_ != nullptr) {
    known_->add(identity.device, identity.inode,
                {identity.size, identity.mtime, identity.ctime, began, bytes});
  }
  if (is_thin_archive(file.get())) return with_members(path, bytes);
  return (identity.mode & 0111) != 0 ? as_executable(bytes) : bytes;
}

std::optional<std::string> RealDisk::read(const std::string& path) const {
  return read_file_if_exists(path);
}

void RealDisk::write(const std::string& path, std::string_view text) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file.valid()) throw system_error("cannot write " + path, errno);
  write_all(file.get(), text, path);
}

void RealDisk::make_parents(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return;
  // Edges of one directory come one after the other.
  std::string parent = path.substr(0, slash);
  if (parent == last_parent_ && ::access(parent.c_str(), F_OK) == 0) return;
  make_directories(parent);
  last_parent_ = std::move(parent);
}

bool RealDisk::remove(const std::string& path) {
  if (::unlink(path.c_str()) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  if (errno == EISDIR || errno == EPERM) return ::rmdir(path.c_str()) == 0;
  throw system_error("cannot remove " + path, errno);
}

int64_t RealDisk::file_time() const { return system_clock().file_time(); }

}  // namespace cntr::engine
