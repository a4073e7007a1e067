#include "spec/signature_text.h"

#include <map>

#include "base/text.h"

namespace cntr::spec {
namespace {

// The first word, or the first word and the quoted name after it.
size_t key_length(std::string_view line) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return line.size();
  if (line.substr(space + 1, 1) != "\"") return space;
  for (size_t i = space + 2; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      return i + 1;
    }
  }
  return line.size();
}

std::string_view kind_of(std::string_view key) { return key.substr(0, key.find(' ')); }

// The name of a key without its quotes.
std::string name_of_key(std::string_view key) {
  const size_t quote = key.find('"');
  if (quote == std::string_view::npos) return "";
  return std::string(key.substr(quote + 1, key.size() - quote - 2));
}

std::string readable_name(std::string_view key) {
  const std::string name = name_of_key(key);
  for (const std::string_view root : {"/src/", "/build/"}) {
    if (name.compare(0, root.size(), root) == 0) return name.substr(root.size());
  }
  return name;
}

std::string subject(const std::string& key) {
  const std::string_view kind = kind_of(key);
  if (kind == "argument") return "argument " + name_of_key(key);
  const std::string name = readable_name(key);
  return std::string(kind) + (name.empty() ? "" : " " + name);
}

bool is_digest_word(std::string_view word) { return Digest::parse(word).has_value(); }

// The value without its digests, to tell "content changed" from a change of kind.
std::string without_digests(const std::string& value) {
  std::vector<std::string> words;
  for (const std::string& word : split(value, ' ')) {
    if (!is_digest_word(word)) words.push_back(word);
  }
  return join(words, " ");
}

std::string changed_digest_words(std::string_view kind) {
  if (kind == "image" || kind == "env") return "identity changed";
  if (kind == "variable") return "value changed";
  return "content changed";
}

}  // namespace

void SignatureText::add(std::string_view kind, std::string_view value) {
  text_ += std::string(kind) + ' ' + std::string(value) + '\n';
}

void SignatureText::add(std::string_view kind, std::string_view name, std::string_view value) {
  text_ += std::string(kind) + ' ' + quote(name) + ' ' + std::string(value) + '\n';
}

std::vector<SignatureComponent> parse_signature_text(std::string_view text) {
  std::vector<SignatureComponent> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const size_t length = key_length(line);
    const size_t value = std::min(length + 1, line.size());
    out.push_back({std::string(line.substr(0, length)), std::string(line.substr(value))});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string SignatureChange::sentence() const {
  if (before.key.empty()) return subject(after.key) + ": added";
  if (after.key.empty()) return subject(before.key) + ": removed";
  const std::string_view kind = kind_of(after.key);
  if (before.value != after.value &&
      without_digests(before.value) == without_digests(after.value)) {
    return subject(after.key) + ": " + changed_digest_words(kind);
  }
  return subject(after.key) + ": was " + without_digests(before.value) + ", is " +
         without_digests(after.value);
}

std::vector<SignatureChange> compare_signature_texts(std::string_view before,
                                                     std::string_view after) {
  const std::vector<SignatureComponent> old_components = parse_signature_text(before);
  std::map<std::string, const SignatureComponent*> old_by_key;
  for (const SignatureComponent& component : old_components) {
    old_by_key[component.key] = &component;
  }
  std::vector<SignatureChange> changes;
  for (const SignatureComponent& component : parse_signature_text(after)) {
    const auto found = old_by_key.find(component.key);
    if (found == old_by_key.end()) {
      changes.push_back({{}, component});
      continue;
    }
    if (found->second->value != component.value) changes.push_back({*found->second, component});
    old_by_key.erase(found);
  }
  for (const SignatureComponent& component : old_components) {
    if (old_by_key.count(component.key) > 0) changes.push_back({component, {}});
  }
  return changes;
}

}  // namespace cntr::spec
