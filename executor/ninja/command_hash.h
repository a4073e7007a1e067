// The hashes by which ninja's log recognises a command (ninja_log.h). They are part of the log's
// format, so they are bit by bit what ninja computes; nothing in Cntr relies on them to tell two
// commands apart (that is what digests are for). Thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

namespace cntr::ninja {

// MurmurHash64A (Austin Appleby, github.com/aappleby/smhasher) with the seed
// 0xdecafbaddecafbad: the hash of logs up to version 6.
uint64_t murmur_hash(std::string_view bytes);

// rapidhash V1 (Nicolas De Carli, github.com/Nicoshev/rapidhash) with its default seed and
// secrets: the hash of logs of version 7.
uint64_t rapid_hash(std::string_view bytes);

// The hash that a log of `log_version` keeps of a command. With a response file, `command` is the
// command, ";rspfile=" and the response file's content.
uint64_t command_hash(std::string_view command, int log_version);

}  // namespace cntr::ninja
