#include "ninja/depfile.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/error.h"
#include "ninja/text_index.h"

namespace cntr::ninja {
namespace {

constexpr std::array<bool, 256> make_plain_characters() {
  std::array<bool, 256> plain{};
  for (unsigned c = 'a'; c <= 'z'; ++c) plain[c] = true;
  for (unsigned c = 'A'; c <= 'Z'; ++c) plain[c] = true;
  for (unsigned c = '0'; c <= '9'; ++c) plain[c] = true;
  for (unsigned c = 0x80; c <= 0xff; ++c) plain[c] = true;
  for (const char c : std::string_view("+?\"'&,/_:.~()}{%=@[]!-")) {
    plain[static_cast<unsigned char>(c)] = true;
  }
  return plain;
}

constexpr std::array<bool, 256> kPlain = make_plain_characters();

// Cuts a depfile into names and ends of rules.
class Names {
 public:
  explicit Names(std::string_view text) : text_(text) {}

  // Reads up to the end of a name (which may be empty: between two separators). False at the end
  // of the text.
  bool next();

  std::string_view name() const { return name_; }
  // Whether a line break ended the name, and so the rule.
  bool at_line_break() const { return at_line_break_; }

 private:
  // The end of the text reads as NUL, which is a separator.
  char at(size_t place) const { return place < text_.size() ? text_[place] : '\0'; }
  bool plain_at(size_t place) const { return kPlain[static_cast<unsigned char>(at(place))]; }

  bool read_piece();
  bool read_backslashes();
  void end_name(size_t separator_size, bool line_break = false);
  void append(size_t first, size_t size);
  void append_escaped(size_t backslashes, char c);

  std::string_view text_;
  size_t place_ = 0;
  bool at_line_break_ = false;
  // The name is a piece of the text as long as nothing in it had to be changed.
  std::string_view name_;
  std::string changed_;
};

bool Names::next() {
  if (place_ >= text_.size()) return false;
  name_ = {};
  changed_.clear();
  at_line_break_ = false;
  while (read_piece()) {
  }
  return true;
}

// False when the name has ended.
bool Names::read_piece() {
  size_t end = place_;
  while (plain_at(end)) ++end;
  if (end > place_) {
    append(place_, end - place_);
    place_ = end;
    return true;
  }
  switch (at(place_)) {
    case '\\':
      return read_backslashes();
    case '$':
      if (at(place_ + 1) == '$') {
        append_escaped(0, '$');
        place_ += 2;
        return true;
      }
      break;
    case '\n':
      end_name(1, true);
      return false;
    case '\r':
      if (at(place_ + 1) == '\n') {
        end_name(2, true);
        return false;
      }
      break;
    default:
      break;
  }
  end_name(1);
  return false;
}

bool Names::read_backslashes() {
  const size_t first = place_;
  size_t end = first;
  while (at(end) == '\\') ++end;
  const size_t count = end - first;
  const char c = at(end);
  switch (c) {
    case ' ':
      place_ = end + 1;
      if (count % 2 == 1) {
        append_escaped(count / 2, ' ');
        return true;
      }
      append(first, count);
      return false;
    case '#':
      place_ = end + 1;
      append_escaped(count - 1, '#');
      return true;
    case ':': {
      const char after = at(end + 1);
      if (after == '\0' || after == ' ' || after == '\r' || after == '\n' || after == '\t') {
        append(first, count + 1);
        place_ = end + 1;
        end_name(1, after == '\n');
        return false;
      }
      place_ = end + 1;
      append_escaped(count - 1, ':');
      return true;
    }
    case '\0':
    case '\r':
    case '\n':
      if (count > 1) {
        append(first, count);
        place_ = end;
        return true;
      }
      if (c == '\n') {
        end_name(2);
      } else if (c == '\r' && at(end + 1) == '\n') {
        end_name(3);
      } else {
        end_name(1);
      }
      return false;
    default:
      append(first, count + 1);
      place_ = end + 1;
      return true;
  }
}

void Names::end_name(size_t separator_size, bool line_break) {
  place_ += separator_size;
  at_line_break_ = line_break;
}

void Names::append(size_t first, size_t size) {
  const std::string_view piece = text_.substr(first, size);
  if (!changed_.empty()) {
    changed_ += piece;
    name_ = changed_;
  } else if (name_.empty()) {
    name_ = piece;
  } else {
    name_ = {name_.data(), name_.size() + size};
  }
}

void Names::append_escaped(size_t backslashes, char c) {
  if (changed_.empty()) changed_ = name_;
  changed_.append(backslashes, '\\');
  changed_ += c;
  name_ = changed_;
}

// Names in the order of appearance, each once.
class UniqueNames {
 public:
  bool has(std::string_view name) const {
    return index_.find(index_hash(name), [&](uint32_t id) { return names_[id] == name; }) !=
           UINT32_MAX;
  }
  void add(std::string_view name) {
    index_.find_or_add(
        index_hash(name), [&](uint32_t id) { return names_[id] == name; },
        [&] {
          names_.emplace_back(name);
          return static_cast<uint32_t>(names_.size() - 1);
        });
  }
  std::vector<std::string> take() { return std::move(names_); }

 private:
  std::vector<std::string> names_;
  TextIndex index_;
};

}  // namespace

Depfile parse_depfile(std::string_view text, const std::string& path) {
  UniqueNames targets;
  UniqueNames inputs;
  bool found_colon = false;
  bool found_name = false;
  bool in_targets = true;
  bool of_input = false;  // the rule's target is an input of an earlier rule
  for (Names names(text); names.next();) {
    std::string_view name = names.name();
    const bool is_target = in_targets;
    if (name.ends_with(':')) {
      name.remove_suffix(1);
      in_targets = false;
      found_colon = true;
    }
    if (!name.empty()) {
      found_name = true;
      if (inputs.has(name)) {
        if (is_target) of_input = true;
      } else if (is_target) {
        targets.add(name);
      } else if (of_input) {
        throw user_error(path + ": inputs may not also have inputs");
      } else {
        inputs.add(name);
      }
    }
    if (names.at_line_break()) {
      in_targets = true;
      of_input = false;
    }
  }
  if (found_name && !found_colon) throw user_error(path + ": expected ':' in depfile");
  return {targets.take(), inputs.take()};
}

}  // namespace cntr::ninja
