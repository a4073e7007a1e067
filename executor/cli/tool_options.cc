#include "cli/tool_options.h"

#include <algorithm>
#include <optional>

namespace cntr::cli {
namespace {

class Parser {
 public:
  Parser(std::string_view tool, const std::vector<std::string>& arguments,
         const std::vector<ToolOption>& known)
      : tool_(tool), arguments_(arguments), known_(known) {}

  ParsedToolOptions parse() {
    const bool has_long_names =
        std::any_of(known_.begin(), known_.end(),
                    [](const ToolOption& option) { return !option.long_name.empty(); });
    while (next_ < arguments_.size() && parsed_.mistake.empty()) {
      const std::string_view argument = arguments_[next_++];
      if (argument == "--") break;
      if (argument.size() < 2 || argument[0] != '-') {
        parsed_.operands.emplace_back(argument);
      } else if (argument[1] == '-' && has_long_names) {
        parse_long(argument);
      } else {
        parse_letters(argument.substr(1));
      }
    }
    for (; next_ < arguments_.size(); ++next_) parsed_.operands.push_back(arguments_[next_]);
    return std::move(parsed_);
  }

 private:
  void parse_letters(std::string_view letters) {
    while (!letters.empty() && parsed_.mistake.empty()) {
      const char letter = letters[0];
      letters.remove_prefix(1);
      const auto option =
          std::find_if(known_.begin(), known_.end(),
                       [letter](const ToolOption& it) { return it.letter == letter; });
      if (option == known_.end()) {
        mistake("invalid option -- '" + std::string(1, letter) + "'");
      } else if (!option->has_value) {
        parsed_.options.push_back({letter, ""});
      } else if (!letters.empty() || next_ < arguments_.size()) {
        parsed_.options.push_back(
            {letter, letters.empty() ? arguments_[next_++] : std::string(letters)});
        return;
      } else {
        mistake("option requires an argument -- '" + std::string(1, letter) + "'");
      }
    }
  }

  void parse_long(std::string_view argument) {
    const size_t equals = argument.find('=');
    const ToolOption* option = find_long(argument.substr(2, std::max(equals, size_t{2}) - 2));
    if (option == nullptr) {
      mistake("unrecognized option '" + std::string(argument) + "'");
      return;
    }
    const std::string quoted = "option '--" + std::string(option->long_name) + "'";
    if (equals != std::string_view::npos && !option->has_value) {
      mistake(quoted + " doesn't allow an argument");
    } else if (equals != std::string_view::npos) {
      parsed_.options.push_back({option->letter, std::string(argument.substr(equals + 1))});
    } else if (!option->has_value) {
      parsed_.options.push_back({option->letter, ""});
    } else if (next_ < arguments_.size()) {
      parsed_.options.push_back({option->letter, arguments_[next_++]});
    } else {
      mistake(quoted + " requires an argument");
    }
  }

  // nullptr when no name, or more than one, begins so.
  const ToolOption* find_long(std::string_view name) const {
    const ToolOption* found = nullptr;
    for (const ToolOption& option : known_) {
      if (option.long_name == name) return &option;
      if (name.empty() || !option.long_name.starts_with(name)) continue;
      if (found != nullptr) return nullptr;
      found = &option;
    }
    return found;
  }

  void mistake(const std::string& text) { parsed_.mistake = std::string(tool_) + ": " + text; }

  std::string_view tool_;
  const std::vector<std::string>& arguments_;
  const std::vector<ToolOption>& known_;
  size_t next_ = 0;
  ParsedToolOptions parsed_;
};

}  // namespace

bool ParsedToolOptions::has(char letter) const {
  return std::any_of(options.begin(), options.end(),
                     [letter](const Given& given) { return given.letter == letter; });
}

ParsedToolOptions parse_tool_options(std::string_view tool,
                                     const std::vector<std::string>& arguments,
                                     const std::vector<ToolOption>& known) {
  return Parser(tool, arguments, known).parse();
}

}  // namespace cntr::cli
