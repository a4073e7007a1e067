#include "store/content_store.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/file_system.h"
#include "base/stop_request.h"

namespace cntr::store {
namespace {

// Fills the empty file `to` with what `from` holds, and says what was written.
Digest copy(int from, const std::string& from_path, int to, const std::string& to_path) {
  if (ioctl(to, FICLONE, from) == 0) return digest_of_open_file(to, to_path);
  Sha256 hash;
  std::array<char, size_t{128} * 1024> buffer;
  for (;;) {
    throw_if_stopped();
    const ssize_t count = read(from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("Cannot read " + from_path, errno);
    if (count == 0) return hash.finish();
    const std::string_view bytes(buffer.data(), static_cast<size_t>(count));
    write_all(to, bytes, to_path);
    hash.update(bytes);
  }
}

UniqueFd open_regular(const std::string& path) {
  // O_NONBLOCK: a fifo must not hold us up.
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) throw system_error("Cannot read " + path, errno);
  const auto info = stat_descriptor(fd.get());
  if (!info || info->kind != FileKind::kRegular) {
    throw environment_error("Cannot store " + path + ": it is not a regular file");
  }
  return fd;
}

}  // namespace

// A blob on its way: a temporary file that is removed unless it is kept.
class ContentStore::Upload {
 public:
  explicit Upload(const ContentStore& store)
      : store_(store), directory_(store.root_ + "/tmp"), path_(directory_ + "/blob-XXXXXX") {
    fd_ = UniqueFd(mkostemp(path_.data(), O_CLOEXEC));
    if (!fd_.valid() && errno == ENOENT) {
      make_shared_directory(directory_, store_.sharing_.directory);
      path_ = directory_ + "/blob-XXXXXX";
      fd_ = UniqueFd(mkostemp(path_.data(), O_CLOEXEC));
    }
    if (!fd_.valid()) throw system_error("Cannot write " + directory_, errno);
  }
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  ~Upload() {
    if (!kept_) unlink(path_.c_str());
  }

  int fd() const { return fd_.get(); }
  // What messages name: a temporary file's own name tells nobody anything.
  const std::string& place() const { return directory_; }

  void keep(const Digest& digest) {
    const std::string blob = store_.blob_path(digest);
    const auto made = stat_descriptor(fd_.get());
    if (!made) throw system_error("Cannot look at a file in " + directory_, EIO);
    const auto existing = stat_link(blob);
    if (existing && existing->kind == FileKind::kRegular && existing->size == made->size) return;
    if (fchmod(fd_.get(), 0444) != 0) throw system_error("Cannot write " + directory_, errno);
    if (rename(path_.c_str(), blob.c_str()) != 0) {
      if (errno != ENOENT) throw system_error("Cannot write " + blob, errno);
      make_shared_directory(store_.root_ + "/blobs", store_.sharing_.directory);
      make_shared_directory(parent_path(blob), store_.sharing_.directory);
      rename_path(path_, blob);
    }
    kept_ = true;
  }

 private:
  const ContentStore& store_;
  std::string directory_;
  std::string path_;
  UniqueFd fd_;
  bool kept_ = false;
};

ContentStore::ContentStore(std::string root, const Sharing& sharing)
    : root_(std::move(root)), sharing_(sharing) {}

std::string ContentStore::blob_path(const Digest& digest) const {
  const std::string hex = digest.hex();
  return root_ + "/blobs/" + hex.substr(0, 2) + "/" + hex.substr(2);
}

bool ContentStore::has(const Digest& digest) const {
  const auto info = stat_link(blob_path(digest));
  return info && info->kind == FileKind::kRegular;
}

Digest ContentStore::put_file(const std::string& path) {
  const UniqueFd source = open_regular(path);
  Upload upload(*this);
  const Digest digest = copy(source.get(), path, upload.fd(), upload.place());
  upload.keep(digest);
  return digest;
}

Digest ContentStore::put_bytes(std::string_view bytes) {
  const Digest digest = digest_of(bytes);
  Upload upload(*this);
  write_all(upload.fd(), bytes, upload.place());
  upload.keep(digest);
  return digest;
}

std::optional<std::string> ContentStore::get_bytes(const Digest& digest) const {
  try {
    std::string bytes = read_file(blob_path(digest));
    if (digest_of(bytes) == digest) return bytes;
  } catch (const Error&) {
    if (has(digest)) throw;
    return std::nullopt;
  }
  forget_damaged(digest);
  return std::nullopt;
}

Fetch ContentStore::get_file(const Digest& digest, const std::string& to, bool executable) const {
  const std::string blob = blob_path(digest);
  const UniqueFd source(open(blob.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!source.valid() && errno == ENOENT) return Fetch::kMissing;
  if (!source.valid()) throw system_error("Cannot read " + blob, errno);
  const UniqueFd target(open(to.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!target.valid()) throw system_error("Cannot write " + to, errno);
  try {
    if (copy(source.get(), blob, target.get(), to) == digest) {
      const mode_t mode = (executable ? 0777 : 0666) & ~file_creation_mask();
      if (fchmod(target.get(), mode) != 0) throw system_error("Cannot write " + to, errno);
      return Fetch::kDone;
    }
  } catch (...) {
    unlink(to.c_str());
    throw;
  }
  unlink(to.c_str());
  forget_damaged(digest);
  return Fetch::kDamaged;
}

void ContentStore::for_each(const std::function<void(const Digest&, uint64_t size)>& visit) const {
  const std::string blobs = root_ + "/blobs";
  if (!exists(blobs)) return;
  for (const std::string& start : list_directory(blobs)) {
    const auto directory = stat_link(blobs + "/" + start);
    if (start.size() != 2 || !directory || directory->kind != FileKind::kDirectory) continue;
    for (const std::string& rest : list_directory(blobs + "/" + start)) {
      const auto digest = Digest::parse(start + rest);
      const auto info = digest ? stat_link(blobs + "/" + start + "/" + rest) : std::nullopt;
      if (info && info->kind == FileKind::kRegular) visit(*digest, info->size);
    }
  }
}

bool ContentStore::verify(const Digest& digest) const {
  try {
    return digest_of_file(blob_path(digest)) == digest;
  } catch (const Error&) {
    if (has(digest)) throw;
    return false;
  }
}

void ContentStore::remove(const Digest& digest) {
  const std::string blob = blob_path(digest);
  if (unlink(blob.c_str()) != 0 && errno != ENOENT) {
    throw system_error("Cannot remove " + blob, errno);
  }
}

// What cannot be removed (another user's blob in a sticky directory) is found damaged every time.
void ContentStore::forget_damaged(const Digest& digest) const { unlink(blob_path(digest).c_str()); }

}  // namespace cntr::store
