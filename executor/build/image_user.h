// The User of an image config (image-spec v1.1: "user", "uid", "user:group", "uid:gid", ...).
#pragma once

#include <string>

#include "runner/runner.h"

namespace cntr::build {

// Names are looked up in the image's own /etc/passwd and /etc/group, which may be hostile: only the
// lines that are well-formed count. Throws a user Error for a name that is not there.
runner::UserIds image_user(const std::string& user, const std::string& root_directory);

}  // namespace cntr::build
