// The bytes of the state file and of the journal (docs/formats.md). They are for the machine that
// wrote them: native byte order, structs as they lie in memory.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/fast_hash.h"

namespace cntr::engine {

inline constexpr uint32_t kStateVersion = 2;
inline constexpr std::array<char, 8> kStateMagic = {'c', 'n', 't', 'r', 's', 't', 'a', 't'};
inline constexpr std::array<char, 8> kJournalMagic = {'c', 'n', 't', 'r', 'j', 'r', 'n', 'l'};

// The sections of a state file, in this order, each at a multiple of 8.
enum Section : uint32_t {
  kGraph,       // ninja::graph_bytes()
  kManifests,   // Identity of each manifest
  kAddedPaths,  // each ended by NUL
  kDigests,     // Digest: the contents, the first one all zeros
  kMemos,       // FileMemo by node, the added ones included
  kRecords,     // EdgeRecord by edge
  kLinks,       // Link
  kRetired,     // RetiredRecord
  kPrograms,    // NodeId
  kClosure,     // NodeId
  kClean,       // a byte by edge
  kSections
};

struct SectionPlace {
  uint64_t offset = 0;
  uint64_t size = 0;
  Checksum checksum{};
};

struct StateHeader {
  std::array<char, 8> magic = kStateMagic;
  uint32_t version = kStateVersion;
  uint32_t sections = kSections;
  uint64_t id = 0;  // the journal that belongs to it carries the same
  Digest environment;
  uint32_t concluded = 0;  // 1: kClosure says something
  uint32_t unused = 0;
  std::array<SectionPlace, kSections> places{};
  Checksum checksum{};  // of what stands before it
};

struct JournalHeader {
  std::array<char, 8> magic = kJournalMagic;
  uint32_t version = kStateVersion;
  uint32_t unused = 0;
  uint64_t id = 0;
};

enum JournalKind : uint32_t {
  kPathRecord = 1,        // the path of the next node
  kContentRecord = 2,     // the digest of the next content
  kMemoRecord = 3,        // NodeId, 4 bytes unused, FileMemo
  kEdgeRecord = 4,        // EdgeId, 4 bytes unused, EdgeRecord, its links
  kProgramRecord = 5,     // NodeId
  kConclusionRecord = 6,  // the NodeIds that the closure has more
};

struct JournalRecordHeader {
  uint32_t size = 0;  // of the payload
  uint32_t kind = 0;
  uint64_t checksum = 0;  // fast_hash() of the payload, and the kind added
};

}  // namespace cntr::engine
