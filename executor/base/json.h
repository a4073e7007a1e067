// Writes JSON (RFC 8259), in the order of the calls. Strings that are not UTF-8 are made so.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cntr {

// Usage: w.begin_object(); w.key("a").value(1); w.key("b").begin_array(); ... w.text();
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool truth);
  JsonWriter& value(int64_t number);
  JsonWriter& value(double number);  // finite
  JsonWriter& value(uint64_t number);
  JsonWriter& value(int number) { return value(static_cast<int64_t>(number)); }
  JsonWriter& null();

  const std::string& text() const { return text_; }

 private:
  void before_value();
  void string(std::string_view text);

  std::string text_;
  std::vector<bool> first_;  // one entry an open object or array: is the next element its first?
  bool after_key_ = false;
};

}  // namespace cntr
