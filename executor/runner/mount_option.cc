#include "runner/mount_option.h"

#include "base/text.h"

namespace cntr::runner {

bool is_utf8(const std::string& bytes) { return to_utf8(bytes) == bytes; }

std::string mount_option(const std::vector<std::string>& fields) {
  std::string option;
  for (const std::string& field : fields) {
    if (!option.empty()) option += ',';
    if (field.find_first_of(",\"\n\r") == std::string::npos) {
      option += field;
      continue;
    }
    option += '"';
    for (const char c : field) option += c == '"' ? std::string("\"\"") : std::string(1, c);
    option += '"';
  }
  return option;
}

std::vector<std::string> bind_option(const Bind& bind, const char* read_only) {
  std::vector<std::string> fields = {"type=bind", "source=" + bind.host,
                                     "target=" + bind.container};
  if (!bind.writable) fields.emplace_back(read_only);
  return {"--mount", mount_option(fields)};
}

std::string refusal_of_binds(const Sandbox& sandbox, const std::string& runner) {
  for (const Bind& bind : sandbox.binds) {
    const std::string paths = bind.host + "," + bind.container;
    if (!is_utf8(paths)) return runner + " cannot mount paths that are not UTF-8";
    if (paths.find("\r\n") != std::string::npos) {
      return runner + " cannot mount paths that hold a carriage return before a newline";
    }
  }
  return "";
}

}  // namespace cntr::runner
