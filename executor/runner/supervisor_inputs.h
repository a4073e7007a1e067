// The part of cntr-supervisor that mounts the inputs of a step. Of the C and C++ libraries only.
#pragma once

#include <string>
#include <vector>

namespace cntr::supervisor {

// What to mount, as it stands in a file: words, each ended by NUL. A group is a directory and then
// pairs of a file and its place below the directory, and ends with an empty word; after the last
// group stands another one. What follows is for others.
class InputList {
 public:
  // From the file's current offset, which is moved behind the list. False when that cannot be done.
  bool read(int fd);

  std::vector<const char*> directories() const;

  // Mounts the files at their places, read-only, in the caller's mount namespace (Linux 5.12).
  // Missing directories and mount points are made; no link on the way to a place is followed.
  // Returns the file that could not be mounted, with errno set; nullptr when all are.
  const char* mount() const;

 private:
  struct File {
    const char* path;
    const char* place;
  };
  struct Group {
    const char* directory;
    std::vector<File> files;
  };

  std::string text_;
  std::vector<Group> groups_;
};

// A pipe that holds its reader up, and that knows when it does.
class Gate {
 public:
  bool make();
  int reader() const { return ends_[0]; }
  void close_reader();
  // False when there is no reader any more.
  bool wait_for_reader() const;
  void open();

 private:
  int ends_[2] = {-1, -1};
};

}  // namespace cntr::supervisor
