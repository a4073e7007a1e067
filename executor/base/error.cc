#include "base/error.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace cntr {

std::string Location::text() const {
  std::string out = file;
  if (line > 0) out += ":" + std::to_string(line);
  if (line > 0 && column > 0) out += ":" + std::to_string(column);
  return out;
}

Error::Error(ErrorKind kind, std::string message, Location location, std::vector<std::string> notes)
    : kind_(kind),
      message_(std::move(message)),
      location_(std::move(location)),
      notes_(std::move(notes)) {
  if (!location_.empty()) text_ = location_.text() + ": ";
  text_ += message_;
  for (const std::string& note : notes_) text_ += "\n  " + note;
}

Error user_error(std::string message, std::vector<std::string> notes) {
  return Error(ErrorKind::kUser, std::move(message), {}, std::move(notes));
}

Error user_error_at(Location location, std::string message, std::vector<std::string> notes) {
  return Error(ErrorKind::kUser, std::move(message), std::move(location), std::move(notes));
}

Error environment_error(std::string message, std::vector<std::string> notes) {
  return Error(ErrorKind::kEnvironment, std::move(message), {}, std::move(notes));
}

Error internal_error(std::string message) {
  return Error(ErrorKind::kInternal, std::move(message), {},
               {"This is a bug in Cntr; please report it with the command that was run."});
}

Error system_error(const std::string& what_failed, int error_number) {
  return environment_error(what_failed + ": " + std::strerror(error_number));
}

Error with_caret(std::string_view text, const Error& error) {
  const Location& location = error.location();
  const std::vector<std::string> lines = split(text, '\n');
  std::vector<std::string> notes = error.notes();
  if (location.line > 0 && static_cast<size_t>(location.line) <= lines.size()) {
    const std::string& line = lines[static_cast<size_t>(location.line) - 1];
    const size_t column = static_cast<size_t>(std::max(location.column, 1));
    notes.insert(notes.begin(), {printable(line), std::string(column - 1, ' ') + "^"});
  }
  return Error(error.kind(), error.message(), location, std::move(notes));
}

}  // namespace cntr
