// Text as Cntr prints it: joining, quoting, escaping.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cntr {

std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::vector<std::string> split(std::string_view text, char separator);

// A word for a POSIX shell, quoted only where it must be.
std::string shell_quoted(std::string_view word);
std::string shell_quoted(const std::vector<std::string>& words);

// One line of printable ASCII and UTF-8 in double quotes: \" \\ \n \t \r and \xNN for control
// characters and for bytes that are not UTF-8. Different inputs give different outputs.
std::string quote(std::string_view text);
// The same, without the surrounding quotes.
std::string escaped(std::string_view text);

// A line that a program printed, or a name that it gave a file, for a person at a terminal: \xNN
// stands for control characters (tabs are left) and for bytes that are not UTF-8; sequences that
// set colours (ESC [ ... m) are left out.
std::string printable(std::string_view text);

// The valid UTF-8 that JSON and YAML may hold: every byte that is not part of a well-formed
// sequence (Unicode 15, table 3-7) becomes U+FFFD.
std::string to_utf8(std::string_view bytes);
// Length of the well-formed UTF-8 sequence at the start of `bytes`, 0 when there is none.
size_t utf8_sequence_length(std::string_view bytes);

// Without blanks (space, tab, line ends, form feed, vertical tab) at the beginning and the end.
std::string_view trimmed(std::string_view text);

}  // namespace cntr
