// Depfiles: what a compiler writes of the files that it read, as make rules
// "<targets>: <inputs>". The dialect is what gcc and clang write (-MD, -MP), read as ninja reads
// it:
// - A line break ends a rule, a backslash before it continues the rule.
// - "\ " is a space in a name; 2N+1 backslashes and a space are N backslashes and a space, 2N
//   backslashes and a space are 2N backslashes and the end of the name.
// - "\#" is "#", "\:" is ":" unless white space or the end follows, "$$" is "$".
// - Every other backslash stands for itself, so Windows paths may be written plainly. So does a
//   ":" inside a name; at its end it ends the targets.
// - White space, "$", "#", ";", "<", ">", "*", "^", "|", "`" and control characters separate
//   names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cntr::ninja {

// Each name once, in the order of appearance, as it is written (not canonical). A name that stands
// left of a colon and is an input of an earlier rule, as -MP writes it, is no target.
struct Depfile {
  std::vector<std::string> targets;
  std::vector<std::string> inputs;
};

// Throws a user Error that begins with `path`, the depfile's: "x.d: expected ':' in depfile", or
// "x.d: inputs may not also have inputs" where an input has a rule of its own that brings new ones.
// An empty depfile has no targets and no inputs. Thread-safe.
Depfile parse_depfile(std::string_view text, const std::string& path);

}  // namespace cntr::ninja
