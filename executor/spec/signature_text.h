// The canonical text of a signature (docs/signature.md): one line a component, "<key> <value>".
// The key names the component and is unique in a text; the value is everything after it.
//
//   platform linux/amd64
//   argument "0" "awk"
//   input file "/src/weather.csv" sha256:...
//
// The text is what is hashed and what is kept, so an explanation is a difference of two texts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace cntr::spec {

struct SignatureComponent {
  std::string key;    // "input \"/src/weather.csv\"": what it is, and its name where it has one
  std::string value;  // "file sha256:..."; may be empty

  bool operator==(const SignatureComponent&) const = default;
};

class SignatureText {
 public:
  // `name` is quoted when there is one. A component is added once.
  void add(std::string_view kind, std::string_view value);
  void add(std::string_view kind, std::string_view name, std::string_view value);

  const std::string& text() const { return text_; }
  Digest digest() const { return digest_of(text_); }

 private:
  std::string text_;
};

// Lines that are not components are kept as keys without a value: an unknown text still differs.
std::vector<SignatureComponent> parse_signature_text(std::string_view text);

// One difference in words: `input "data/weather.csv": content changed`.
struct SignatureChange {
  SignatureComponent before;  // key empty: the component is new
  SignatureComponent after;   // key empty: the component is gone

  std::string sentence() const;
};

std::vector<SignatureChange> compare_signature_texts(std::string_view before,
                                                     std::string_view after);

}  // namespace cntr::spec
