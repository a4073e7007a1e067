#include "runner/supervisor_inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace cntr::supervisor {
namespace {

class Descriptor {
 public:
  explicit Descriptor(long fd) : fd_(static_cast<int>(fd)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    const int error = errno;
    if (fd_ >= 0) close(fd_);
    errno = error;
  }
  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }

 private:
  int fd_;
};

// A directory below which files are mounted.
class Tree {
 public:
  explicit Tree(const char* path)
      : root_(open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) {}

  bool mount_file(const char* file, const std::string& place) {
    const size_t slash = place.rfind('/');
    if (!enter(slash == std::string::npos ? "" : place.substr(0, slash))) return false;
    const std::string name = place.substr(slash + 1);  // npos + 1 is 0
    if (mknodat(parent_.get(), name.c_str(), S_IFREG | 0444, 0) != 0 && errno != EEXIST) {
      return false;
    }
    const Descriptor target(openat(parent_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!target.valid()) return false;
    const Descriptor mount(
        syscall(SYS_open_tree, AT_FDCWD, file, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    if (!mount.valid()) return false;
    mount_attr attributes = {};
    attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    return syscall(SYS_mount_setattr, mount.get(), "", AT_EMPTY_PATH, &attributes,
                   sizeof attributes) == 0 &&
           syscall(SYS_move_mount, mount.get(), "", target.get(), "",
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0;
  }

 private:
  // Files come sorted, so most often the directory is that of the file before.
  bool enter(const std::string& directory) {
    if (parent_.valid() && directory == directory_) return true;
    parent_ = Descriptor(fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
    directory_ = directory;
    for (size_t begin = 0; parent_.valid() && begin < directory.size();) {
      const size_t end = std::min(directory.find('/', begin), directory.size());
      const std::string name = directory.substr(begin, end - begin);
      if (mkdirat(parent_.get(), name.c_str(), 0755) != 0 && errno != EEXIST) {
        parent_ = Descriptor(-1);
        return false;
      }
      parent_ = Descriptor(
          openat(parent_.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      begin = end + 1;
    }
    return parent_.valid();
  }

  Descriptor root_;
  Descriptor parent_{-1};
  std::string directory_;
};

}  // namespace

bool InputList::read(int fd) {
  const off_t begin = lseek(fd, 0, SEEK_CUR);
  struct stat info;
  if (begin < 0 || fstat(fd, &info) != 0) return false;
  text_.resize(static_cast<size_t>(std::max(info.st_size - begin, off_t{0})));
  if (pread(fd, text_.data(), text_.size(), begin) != static_cast<ssize_t>(text_.size())) {
    return false;
  }
  const char* word = text_.data();
  const char* const end = word + text_.size();
  // A whole list ends in an empty word; what is behind the text is a NUL as well.
  const auto next = [&word, end] {
    return word < end ? std::exchange(word, word + strlen(word) + 1) : end;
  };
  for (const char* directory = next(); *directory != '\0'; directory = next()) {
    Group group{directory, {}};
    for (const char* file = next(); *file != '\0'; file = next()) {
      group.files.push_back({file, next()});
    }
    groups_.push_back(std::move(group));
  }
  return lseek(fd, begin + (word - text_.data()), SEEK_SET) >= 0;
}

std::vector<const char*> InputList::directories() const {
  std::vector<const char*> directories;
  for (const Group& group : groups_) directories.push_back(group.directory);
  return directories;
}

const char* InputList::mount() const {
  for (const Group& group : groups_) {
    Tree tree(group.directory);
    for (const File& file : group.files) {
      if (!tree.mount_file(file.path, file.place)) return file.path;
    }
  }
  return nullptr;
}

// One page long and full: what can be written again tells that it was read.
bool Gate::make() {
  if (pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0) return false;
  const int size = fcntl(ends_[1], F_SETPIPE_SZ, 1);
  if (size < 0) return false;
  const std::string content(static_cast<size_t>(size), ' ');
  return write(ends_[1], content.data(), content.size()) == size &&
         fcntl(ends_[0], F_SETFL, 0) == 0;
}

void Gate::close_reader() { close(ends_[0]); }

bool Gate::wait_for_reader() const {
  pollfd polled = {ends_[1], POLLOUT, 0};
  while (poll(&polled, 1, -1) < 0 && errno == EINTR) {
  }
  return (polled.revents & POLLERR) == 0;
}

void Gate::open() { close(ends_[1]); }

}  // namespace cntr::supervisor
