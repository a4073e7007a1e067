// Whether a command is a compilation of which all is known: what it reads by its depfile, and what
// it writes by its outputs. Only of such a command a result may stand for its run.
#pragma once

#include <string>

namespace cntr::engine {

// One program without shell syntax, but for the frame ": && ... && :" of CMake: a compiler, perhaps
// behind a launcher as ccache is one, without options for files that nobody names.
bool is_compilation(const std::string& command);

// Whether it asks for debug information, which names the current directory.
bool writes_debug_information(const std::string& command);

}  // namespace cntr::engine
