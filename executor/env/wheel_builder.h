// Builds the wheels of projects that are there as source only, by pip in a sandbox without network
// (prefix_sandbox.h): with the packages that conda brings, and what of the machine they do not.
//
// A source distribution is a program of strangers, and what it leaves is hostile.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/digest.h"
#include "base/file_system.h"
#include "env/lock.h"
#include "env/python.h"

namespace cntr::env {

// The environment that wheels are built in.
struct BuildBase {
  Digest identity;     // of what is in it, the prefix included
  std::string prefix;  // where programs see it
  Python python;
  std::function<void(const std::string& path)> write_image;  // as a squashfs file
};

struct BuiltWheel {
  UniqueFd file;     // open to read; it has no name any more
  LockedWheel lock;  // names the wheel
};

// Not thread-safe.
class WheelBuilder {
 public:
  // Both must outlive the object. The image of the base is written when the first wheel needs it.
  WheelBuilder(const BuildBase& base, const std::string& scratch)
      : base_(base), scratch_(scratch) {}

  // Of the source distribution in the file `archive`. The same archive gives the same wheel as far
  // as its own build does. Throws a user Error at the lock's line, with pip's own words, for what
  // cannot be built, and one that says what is missing for what needs other packages to be built;
  // an environment Error where the sandbox cannot be made.
  BuiltWheel build(const LockedWheel& wheel, const std::string& archive);

 private:
  void run_pip(const LockedWheel& wheel, const std::string& archive, const std::string& workspace);
  const std::string& base_image();

  const BuildBase& base_;
  const std::string& scratch_;
  std::optional<TemporaryDirectory> base_directory_;
  std::string base_image_;
};

// What pip found missing among the packages that a build needs, as a sentence about `what`, or
// about what pip calls it when that is empty; nullopt when it complained of something else.
std::optional<std::string> unmet_build_requirements(const std::string& what,
                                                    const std::string& output);

}  // namespace cntr::env
