// The context of a Containerfile's build: which files of a directory count, what they hold, and a
// private copy of just these, so that a builder can see nothing that was not looked at.
#pragma once

#include <string>
#include <vector>

#include "store/cache.h"

namespace cntr::image {

struct BuildContext {
  std::string directory;
  store::Tree tree;  // what counts
};

// The ignore file that holds for a Containerfile: the first that is there of
// <containerfile>.containerignore, <containerfile>.dockerignore, and .containerignore and
// .dockerignore of the context. "" when there is none.
std::string ignore_file_of(const std::string& containerfile, const std::string& context);

// Reads the context. Ignore files, sockets, fifos and devices are no part of it. Throws a user
// Error for a bad ignore file, a context that is not there or one that holds `build_file`, a file
// of the build tree ("" for none); an environment Error for what cannot be read.
BuildContext read_context(const std::string& containerfile, const std::string& context,
                          const std::string& build_file, store::FileDigests& digests);

// Copies it into the existing empty directory `to`: contents, executable bits, links and times.
// Throws a user Error when a file is not what it was any more.
void stage_context(const BuildContext& context, const std::string& to);

}  // namespace cntr::image
