// The one exception type of the project.
//
// Throw an Error where something is wrong that the caller cannot repair; it is caught once, at the
// door (cli). A cache miss is an std::optional, a failed step is a value: neither is an Error.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace cntr {

enum class ErrorKind {
  kUser,         // the project or the command line is wrong; the user can mend it
  kEnvironment,  // the machine is wrong: a missing tool, a full disk, a denied permission
  kInternal,     // Cntr is wrong; the message asks for a report
};

// Where in a user's file. line and column count from 1; 0 means unknown.
struct Location {
  std::string file;
  int line = 0;
  int column = 0;

  bool empty() const { return file.empty(); }
  std::string text() const;  // "file:line:column", without what is unknown
  bool operator==(const Location&) const = default;
};

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message, Location location = {},
        std::vector<std::string> notes = {});

  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  const Location& location() const { return location_; }
  const std::vector<std::string>& notes() const { return notes_; }

  // What a person reads: "location: message", then one "  note" line each.
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  ErrorKind kind_;
  std::string message_;
  Location location_;
  std::vector<std::string> notes_;
  std::string text_;
};

// Short forms. Each note is a sentence that says what to do or adds a fact.
Error user_error(std::string message, std::vector<std::string> notes = {});
Error user_error_at(Location location, std::string message, std::vector<std::string> notes = {});
Error environment_error(std::string message, std::vector<std::string> notes = {});
Error internal_error(std::string message);

// An environment error that ends in the text of `error_number` (an errno value).
Error system_error(const std::string& what_failed, int error_number);

// The error with the line of `text`, the file that it is in, that is wrong and a caret below it,
// before its other notes.
Error with_caret(std::string_view text, const Error& error);

}  // namespace cntr
