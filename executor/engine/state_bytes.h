// What reading and writing the state's files have in common: bytes and structs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/state_format.h"

namespace cntr::engine {

// A file mapped privately: writing to the memory leaves the file as it is.
class Mapping {
 public:
  // nullptr when it is empty, or cannot be read.
  static std::shared_ptr<Mapping> of(const std::string& path);
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  std::span<std::byte> bytes() const { return {data_, size_}; }

 private:
  Mapping(std::byte* data, size_t size) : data_(data), size_(size) {}
  std::byte* data_;
  size_t size_;
};

inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <typename T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

template <typename T>
std::string_view bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

// Of the record of a journal.
inline uint64_t checksum_of(uint32_t kind, std::string_view payload) {
  return fast_hash(payload) + kind;
}

}  // namespace cntr::engine
