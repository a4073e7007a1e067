// Reads tar archives (ustar, pax, GNU; plain or compressed with gzip, zstd, xz or bzip2, told by
// content), entry by entry. Archives are hostile: what this returns is well-formed, bounded by a
// budget, and otherwise not trustworthy; layer_tree.h decides where an entry may go.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/byte_source.h"
#include "archive/unpack_budget.h"
#include "base/digest.h"

namespace cntr::archive {

enum class TarKind {
  kFile,
  kDirectory,
  kSymlink,
  kHardLink,
  kCharDevice,
  kBlockDevice,
  kFifo,
  kOther,  // a socket, or what no system knows
};

struct TarEntry {
  std::string path;  // as it stands in the archive
  TarKind kind = TarKind::kFile;
  mode_t mode = 0;  // permission bits (07777)
  uint32_t uid = 0;
  uint32_t gid = 0;
  int64_t mtime = 0;  // seconds
  uint64_t size = 0;
  std::string target;  // of symbolic and hard links
  uint32_t device_major = 0;
  uint32_t device_minor = 0;
  std::vector<std::pair<std::string, std::string>> xattrs;  // in the order of the archive
};

// Which bytes finish() gives the digest of: the file's, or the decompressed stream's.
enum class Hashed { kFile, kStream, kNothing };

// How much of the archive will be read.
enum class Extent { kWhole, kBeginning };

class TarReader {
 public:
  // Reads the descriptor from its current offset. `fd` and `budget` must outlive the object.
  TarReader(int fd, Hashed hashed, UnpackBudget& budget);
  TarReader(FileSource file, Hashed hashed, UnpackBudget& budget, Extent extent = Extent::kWhole);
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  // The next entry; nullopt after the last. Throws a user Error when the archive is no tar archive,
  // truncated or damaged, or the budget is used up.
  std::optional<TarEntry> next();

  // The bytes of the current regular file, in ascending pieces; what lies between is zeros. Pieces
  // stay within the entry's size.
  void read(const std::function<void(std::string_view bytes, uint64_t offset)>& sink);

  // After next() has returned nullopt: reads the archive to its end. Meaningless for kNothing.
  Digest finish();
  // After finish(): whether the end mark that POSIX asks for was there.
  bool has_end_mark() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cntr::archive
