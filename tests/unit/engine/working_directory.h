// A temporary directory that is the current one as long as this lives.
#pragma once

#include <unistd.h>

#include <string>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr::engine {

class WorkingDirectory {
 public:
  WorkingDirectory() : before_(current_directory()), directory_("/tmp", "cntr-engine-") {
    go(directory_.path());
  }
  WorkingDirectory(const WorkingDirectory&) = delete;
  WorkingDirectory& operator=(const WorkingDirectory&) = delete;
  ~WorkingDirectory() {
    if (::chdir(before_.c_str()) != 0) ::abort();
  }

  const std::string& path() const { return directory_.path(); }

 private:
  static void go(const std::string& path) {
    if (::chdir(path.c_str()) != 0) throw environment_error("cannot go to " + path);
  }

  std::string before_;
  TemporaryDirectory directory_;
};

}  // namespace cntr::engine
