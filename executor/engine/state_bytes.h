// What reading and writing the state's files have in common: bytes and structs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/state_format.h"

namespace cntr::engine {

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
