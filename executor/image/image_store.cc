#include "image/image_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "image/lock_file.h"

namespace cntr::image {
namespace {

// To be changed when the rules of packing change.
constexpr std::string_view kComplete = "cntr image 2\n";
const std::string kMaking = "make-";

std::string name_of(const Digest& identity, ImageForm form) {
  return form == ImageForm::kPacked ? identity.hex() : identity.hex() + "-tree";
}

std::string file_of(ImageForm form) {
  return form == ImageForm::kPacked ? "/image.sqfs" : "/rootfs";
}

void sync_file_system(const std::string& directory) {
  const UniqueFd fd = open_to_read(directory);
  if (syncfs(fd.get()) != 0) throw system_error("Cannot write " + directory, errno);
}

}  // namespace

// A directory <scratch>/image-<key>.XXXXXX with an image in it, removed unless published.
class ImageStore::Draft {
 public:
  // The caller holds the key's lock, so other drafts of that key are left over from crashes.
  Draft(const std::string& scratch, const std::string& key, ImageForm form, TreeModes modes)
      : directory_(scratch, without_old(scratch, "image-" + key + ".")),
        form_(form),
        modes_(modes) {
    if (form == ImageForm::kPacked) return;
    if (mkdir(file().c_str(), 0700) != 0 || chmod(file().c_str(), modes.directory(0755)) != 0) {
      throw system_error("Cannot make " + file(), errno);
    }
  }

  std::string file() const { return directory_.path() + file_of(form_); }

  // Later nobody checks the image against its identity: all of it must be on the disk before the
  // marker is.
  void complete() const {
    if (form_ == ImageForm::kUnpacked) sync_file_system(directory_.path());
    const bool is_file = form_ == ImageForm::kPacked;  // which is on the disk
    write_file_atomically(directory_.path() + "/complete", kComplete);
    const mode_t mode = modes_.directory(0755) & ~mode_t{0022};
    if (chmod(directory_.path().c_str(), mode) != 0 ||
        (is_file && chmod(file().c_str(), modes_.file(0600)) != 0)) {
      throw system_error("Cannot set the permissions of " + directory_.path(), errno);
    }
  }

  void move_to(const std::string& path) {
    rename_path(directory_.path(), path);
    directory_.release();
  }

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
  ImageForm form_;
  TreeModes modes_;
};

ImageStore::ImageStore(const store::Cache& cache)
    : images_(cache.images_directory()), scratch_(cache.scratch_directory()) {
  const auto root = stat_file(cache.root());
  if (!root) throw environment_error("The cache " + cache.root() + " has disappeared");
  root_mode_ = root->mode;
}

std::string ImageStore::lock_path(const std::string& name) const {
  return images_ + "/" + name + ".lock";
}

UniqueFd ImageStore::lock(const std::string& name, int operation) const {
  return lock_file(lock_path(name), operation, root_mode_);
}

bool ImageStore::is_complete(const std::string& name) const {
  return read_file_if_exists(images_ + "/" + name + "/complete") == kComplete;
}

void ImageStore::publish(Draft& draft, const std::string& name) const {
  draft.complete();
  // The caller holds the lock on making this and found it incomplete: nobody uses it, so this does
  // not wait.
  const UniqueFd exclusive = lock(name, LOCK_EX);
  remove_tree(images_ + "/" + name);
  draft.move_to(images_ + "/" + name);
}

// The shared lock, when there is something to use.
std::optional<UniqueFd> ImageStore::lock_if_complete(const std::string& name) const {
  UniqueFd shared = lock(name, LOCK_SH);
  if (!is_complete(name)) return std::nullopt;
  return shared;
}

std::optional<ImageUse> ImageStore::use_if_complete(const std::string& name, ImageForm form,
                                                    bool made) const {
  auto shared = lock_if_complete(name);
  if (!shared) return std::nullopt;
  const std::string directory = images_ + "/" + name;
  // `cntr image gc` goes by it. Failing, another user of the cache has made the image.
  utimensat(AT_FDCWD, (directory + "/complete").c_str(), nullptr, 0);
  return ImageUse(directory + file_of(form), std::move(*shared), made);
}

std::optional<ImageUse> ImageStore::find(const Digest& identity, ImageForm form) {
  const std::string name = name_of(identity, form);
  if (!is_complete(name)) return std::nullopt;
  return use_if_complete(name, form, false);
}

ImageUse ImageStore::acquire(const Digest& identity, ImageForm form, const Fill& fill) {
  const std::string name = name_of(identity, form);
  bool made = false;
  // What was made may be removed again before it is locked.
  for (;;) {
    if (auto use = use_if_complete(name, form, made)) return std::move(*use);
    const UniqueFd work = lock(kMaking + name, LOCK_EX);
    if (lock_if_complete(name)) continue;
    Draft draft(scratch_, name, form, modes());
    fill(draft.file());
    publish(draft, name);
    made = true;
  }
}

Digest ImageStore::make(const std::string& key, const std::function<std::optional<Digest>()>& known,
                        const std::function<Digest(const std::string&)>& fill) {
  const UniqueFd work = lock(kMaking + key, LOCK_EX);
  if (const auto identity = known()) return *identity;
  Draft draft(scratch_, key, ImageForm::kPacked, modes());
  const Digest identity = fill(draft.file());
  const std::string name = name_of(identity, ImageForm::kPacked);
  const UniqueFd work_on_identity = lock(kMaking + name, LOCK_EX);
  if (!lock_if_complete(name)) publish(draft, name);
  return identity;
}

}  // namespace cntr::image
