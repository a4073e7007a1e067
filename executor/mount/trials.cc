#include "mount/trials.h"

#include <cstdint>

#include "base/error.h"
#include "mount/mount.h"
#include "mount/ways.h"

namespace cntr::mount {
namespace {

constexpr size_t kPadding = 4096;
constexpr uint64_t kNone = UINT64_MAX;  // for a table that is missing

class Bytes {
 public:
  Bytes& add(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) text_ += static_cast<char>(value >> (8 * i));
    return *this;
  }
  Bytes& u16(uint64_t value) { return add(value, 2); }
  Bytes& u32(uint64_t value) { return add(value, 4); }
  Bytes& u64(uint64_t value) { return add(value, 8); }
  // A block of metadata that is not compressed.
  Bytes& block(const Bytes& content) {
    u16(0x8000 | content.text_.size());
    text_ += content.text_;
    return *this;
  }
  uint64_t size() const { return text_.size(); }
  std::string& text() { return text_; }

 private:
  std::string text_;
};

Trial try_way(const Settings& settings, Way way) {
  Trial trial{way, false, version_of(way), "", ""};
  try {
    const TemporaryDirectory directory("/tmp", "cntr-mount-");
    const std::string file = directory.path() + "/empty.squashfs";
    write_file_atomically(file, empty_squashfs());
    Settings own = settings;
    own.place = directory.path() + "/mounts";
    own.shared_place = "";
    own.idle = std::chrono::milliseconds(0);
    own.ways = {way};
    const Mounts mounts(own);
    std::string path;
    {
      const Mounted mounted = mounts.mount({file, 0}, "trial");
      if (const auto* obstacle = std::get_if<NotPossible>(&mounted)) {
        trial.reason = obstacle->reason;
        trial.fix = obstacle->fix;
        return trial;
      }
      path = std::get<MountedImage>(mounted).path();
      list_directory(path);
    }
    mounts.unmount(path);
    trial.usable = true;
  } catch (const Error& error) {
    trial.reason = error.message();
  }
  return trial;
}

}  // namespace

std::string empty_squashfs() {
  constexpr uint64_t kInodes = 96;
  Bytes inode;  // a directory: type, mode, owner, group, time, number; block, links, size, offset,
                // parent
  inode.u16(1).u16(0755).u16(0).u16(0).u32(0).u32(1).u32(0).u32(2).u16(3).u16(0).u32(2);
  Bytes tables;
  tables.block(inode);
  const uint64_t directories = kInodes + tables.size();
  tables.block(Bytes().u32(0));  // the one user and group: root
  const uint64_t ids = kInodes + tables.size();
  tables.u64(directories);
  Bytes out;
  // magic, inodes, time, block size, fragments; compression (gzip), log2 of the block size, flags
  // (nothing is compressed, no fragments), users and groups, version
  out.u32(0x73717368)
      .u32(1)
      .u32(0)
      .u32(131072)
      .u32(0)
      .u16(1)
      .u16(17)
      .u16(0x1b)
      .u16(1)
      .u16(4)
      .u16(0);
  out.u64(0).u64(kInodes + tables.size());
  out.u64(ids).u64(kNone).u64(kInodes).u64(directories).u64(directories).u64(kNone);
  out.text() += tables.text();
  out.text().resize(kPadding);
  return out.text();
}

std::vector<Trial> Mounts::try_ways() const {
  std::vector<Trial> trials;
  for (const Way way : settings_.ways) trials.push_back(try_way(settings_, way));
  return trials;
}

std::vector<Trial> Mounts::try_until_usable() const {
  std::vector<Trial> trials;
  for (const Way way : settings_.ways) {
    trials.push_back(try_way(settings_, way));
    if (trials.back().usable) break;
  }
  return trials;
}

}  // namespace cntr::mount
