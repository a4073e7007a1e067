// The User of an image config (image-spec v1.1: "user", "uid", "user:group", "uid:gid", ...), and
// its StopSignal.
#pragma once

#include <string>

#include "runner/runner.h"

namespace cntr::build {

// Names are looked up in the image's own /etc/passwd and /etc/group, which may be hostile: only the
// lines that are well-formed count. Throws a user Error for a name that is not there.
runner::UserIds image_user(const std::string& user, const std::string& root_directory);

// The number of "SIGINT", "INT" or "2", in any case of letters. Throws a user Error for what is no
// signal.
int image_stop_signal(const std::string& text);

}  // namespace cntr::build
