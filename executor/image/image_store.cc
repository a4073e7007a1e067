#include "image/image_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace cntr::image {
namespace {

// To be changed when the rules of unpacking change.
constexpr std::string_view kComplete = "cntr image 1\n";
const std::string kMaking = "make-";

// The file may belong to another user of a shared cache: then it exists, and O_CREAT on it is
// refused in a sticky directory (fs.protected_regular); and it may be only readable, which is
// enough for flock() on a local file system.
UniqueFd open_lock_file(const std::string& path, mode_t mode) {
  for (;;) {
    UniqueFd fd(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!fd.valid() && errno == EACCES) {
      fd = UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    }
    if (fd.valid()) return fd;
    if (errno == ENOENT) {
      fd = UniqueFd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (fd.valid()) {
        fchmod(fd.get(), mode);  // failing, the cache is not shared
        return fd;
      }
      if (errno == EEXIST) continue;
    }
    throw system_error("Cannot open the lock file " + path, errno);
  }
}

// Who removes an image may remove its lock file as well: then the lock is on a file without a name.
bool is_file_at(const UniqueFd& fd, const std::string& path) {
  const auto open_file = stat_descriptor(fd.get());
  const auto named_file = stat_link(path);
  return open_file && named_file && open_file->device == named_file->device &&
         open_file->inode == named_file->inode;
}

void sync_file_system(const std::string& directory) {
  const UniqueFd fd = open_to_read(directory);
  if (syncfs(fd.get()) != 0) throw system_error("Cannot write " + directory, errno);
}

}  // namespace

// A directory <scratch>/image-<key>.XXXXXX with an empty rootfs/ in it, removed unless published.
class ImageStore::Draft {
 public:
  // The caller holds the key's lock, so other drafts of that key are left over from crashes.
  Draft(const std::string& scratch, const std::string& key, TreeModes modes)
      : directory_(scratch, without_old(scratch, "image-" + key + ".")) {
    if (mkdir(rootfs().c_str(), 0700) != 0 || chmod(rootfs().c_str(), modes.directory(0755)) != 0) {
      throw system_error("Cannot make " + rootfs(), errno);
    }
  }

  std::string rootfs() const { return directory_.path() + "/rootfs"; }

  void move_to(const std::string& path) {
    rename_path(directory_.path(), path);
    directory_.release();
  }
  const std::string& path() const { return directory_.path(); }

 private:
  static std::string without_old(const std::string& scratch, const std::string& prefix) {
    for (const std::string& name : list_directory(scratch)) {
      if (!name.starts_with(prefix)) continue;
      try {
        remove_tree(scratch + "/" + name);
      } catch (const Error&) {
        // It belongs to another user of the cache: it only takes space.
      }
    }
    return prefix;
  }

  TemporaryDirectory directory_;
};

ImageStore::ImageStore(const store::Cache& cache)
    : images_(cache.images_directory()), scratch_(cache.scratch_directory()) {
  const auto root = stat_file(cache.root());
  if (!root) throw environment_error("The cache " + cache.root() + " has disappeared");
  root_mode_ = root->mode;
}

std::string ImageStore::tree_directory(const Digest& identity) const {
  return images_ + "/" + identity.hex();
}

std::string ImageStore::lock_path(const std::string& name) const {
  return images_ + "/" + name + ".lock";
}

UniqueFd ImageStore::lock(const std::string& name, int operation) const {
  const std::string path = lock_path(name);
  for (;;) {
    UniqueFd fd = open_lock_file(path, 0600 | (root_mode_ & 0066));
    if (!lock_open_file(fd.get(), operation)) throw system_error("Cannot lock " + path, errno);
    if (is_file_at(fd, path)) return fd;
  }
}

bool ImageStore::is_complete(const Digest& identity) const {
  return read_file_if_exists(tree_directory(identity) + "/complete") == kComplete;
}

void ImageStore::publish(Draft& draft, const Digest& identity) const {
  // Later nobody checks the tree against its identity: all of it must be on the disk before the
  // marker is.
  sync_file_system(draft.path());
  write_file_atomically(draft.path() + "/complete", kComplete);
  const mode_t mode = modes().directory(0755) & ~mode_t{0022};
  if (chmod(draft.path().c_str(), mode) != 0) {
    throw system_error("Cannot set the permissions of " + draft.path(), errno);
  }
  // The caller holds the lock on making this identity and found it incomplete: nobody uses it, so
  // this does not wait.
  const UniqueFd exclusive = lock(identity.hex(), LOCK_EX);
  remove_tree(tree_directory(identity));
  draft.move_to(tree_directory(identity));
}

// The shared lock, when there is something to use.
std::optional<UniqueFd> ImageStore::lock_if_complete(const Digest& identity) const {
  UniqueFd shared = lock(identity.hex(), LOCK_SH);
  if (!is_complete(identity)) return std::nullopt;
  return shared;
}

ImageUse ImageStore::acquire(const Digest& identity, const Fill& fill) {
  const std::string hex = identity.hex();
  bool made = false;
  // What was made may be removed again before it is locked.
  for (;;) {
    if (auto shared = lock_if_complete(identity)) {
      return ImageUse(tree_directory(identity) + "/rootfs", std::move(*shared), made);
    }
    const UniqueFd work = lock(kMaking + hex, LOCK_EX);
    if (lock_if_complete(identity)) continue;
    Draft draft(scratch_, hex, modes());
    fill(draft.rootfs());
    publish(draft, identity);
    made = true;
  }
}

Digest ImageStore::make(const std::string& key, const std::function<std::optional<Digest>()>& known,
                        const std::function<Digest(const std::string&)>& fill) {
  const UniqueFd work = lock(kMaking + key, LOCK_EX);
  if (const auto identity = known()) return *identity;
  Draft draft(scratch_, key, modes());
  const Digest identity = fill(draft.rootfs());
  const UniqueFd work_on_identity = lock(kMaking + identity.hex(), LOCK_EX);
  if (!lock_if_complete(identity)) publish(draft, identity);
  return identity;
}

}  // namespace cntr::image
