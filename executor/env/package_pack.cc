#include "env/package_pack.h"

#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "base/stop_request.h"
#include "base/text.h"
#include "squashfs/tree.h"

namespace cntr::env {
namespace {

using archive::TarKind;
using archive::TarReader;
using squashfs::FileIndex;

// A path with the content of another, to be read once more because other rules are for it.
struct LateCopy {
  std::string source;
  size_t path = 0;  // in the package's list
};

class Packer {
 public:
  Packer(PackageArchive& package, const std::string& prefix, squashfs::DataPackWriter& pack,
         const WarningSink& warn)
      : package_(package), info_(package.info()), prefix_(prefix), pack_(pack), warn_(warn) {
    for (size_t i = 0; i < info_.paths.size(); ++i) places_.emplace(info_.paths[i].path, i);
    files_.resize(info_.paths.size());
  }

  PackedPackage pack() {
    package_.read_payload(
        [this](const PayloadEntry& entry, TarReader& reader) { take(entry, reader); });
    copy_late();
    for (size_t i = 0; i < files_.size(); ++i) {
      if (!files_[i] && info_.paths[i].type == PathType::kDirectory) {
        files_[i] = LinkedFile{LinkedKind::kDirectory, 0755, 0, 0, false, ""};
      }
      if (!files_[i]) {
        throw user_error(package_.name() + ": it lists " + quote(info_.paths[i].path) +
                         ", which is not in the archive");
      }
    }
    PackedPackage out{info_, {}};
    for (std::optional<LinkedFile>& file : files_) out.files.push_back(*std::move(file));
    return out;
  }

 private:
  void take(const PayloadEntry& entry, TarReader& reader) {
    throw_if_stopped();
    const auto found = places_.find(entry.path);
    if (entry.kind == TarKind::kHardLink) {
      if (found != places_.end()) link(entry, found->second);
      return;
    }
    if (found == places_.end()) return;
    LinkedFile file;
    file.mode = linked_mode(entry.mode);
    file.mtime = entry.mtime;
    if (entry.kind == TarKind::kSymlink) {
      if (entry.target.size() > squashfs::Tree::kLongestTarget) {
        throw user_error("its target is longer than 4095 bytes");
      }
      file.kind = LinkedKind::kSymlink;
      file.mode = 0777;
      file.target = entry.target;
    } else {
      add_content(info_.paths[found->second], entry.size, reader, file);
    }
    files_[found->second] = std::move(file);
  }

  // Two names of one file in the archive are one file here, too, when the same is to be done with
  // both of them.
  void link(const PayloadEntry& entry, size_t place) {
    const auto source = places_.find(entry.target);
    if (source != places_.end() && same_rules(info_.paths[place], info_.paths[source->second])) {
      files_[place] = files_[source->second];
    } else {
      late_.push_back({entry.target, place});
    }
  }

  static bool same_rules(const PackagePath& one, const PackagePath& other) {
    return one.placeholder == other.placeholder && one.mode == other.mode && one.type == other.type;
  }

  void copy_late() {
    if (late_.empty()) return;
    package_.read_payload([this](const PayloadEntry& entry, TarReader& reader) {
      if (entry.kind != TarKind::kFile) return;
      std::optional<std::string> content;
      for (const LateCopy& copy : late_) {
        if (copy.source != entry.path) continue;
        if (!content) content = read_whole(entry.size, reader);
        LinkedFile file;
        file.mode = linked_mode(entry.mode);
        file.mtime = entry.mtime;
        std::string bytes = *content;
        file.has_prefix = set_prefix(info_.paths[copy.path], bytes);
        file.content = pack_.add_file(bytes);
        files_[copy.path] = std::move(file);
      }
    });
  }

  void add_content(const PackagePath& path, uint64_t size, TarReader& reader, LinkedFile& file) {
    check_size(path, size);
    if (!path.placeholder.empty() && path.type == PathType::kHardLink) {
      std::string content = read_whole(size, reader);
      file.has_prefix = set_prefix(path, content);
      file.content = pack_.add_file(content);
      return;
    }
    uint64_t end = 0;
    pack_.begin_file();
    reader.read([&](std::string_view bytes, uint64_t offset) {
      if (offset > end) pack_.append_zeros(offset - end);
      pack_.append(bytes);
      end = offset + bytes.size();
    });
    if (end < size) pack_.append_zeros(size - end);
    file.content = pack_.end_file();
  }

  bool set_prefix(const PackagePath& path, std::string& content) const {
    if (path.placeholder.empty() || path.type != PathType::kHardLink) return false;
    return replace_prefix(content, path.mode, path.placeholder, prefix_);
  }

  static std::string read_whole(uint64_t size, TarReader& reader) {
    constexpr uint64_t kLargest = uint64_t{4} << 30;
    if (size > kLargest) throw user_error("it is larger than 4 GiB and has a prefix to replace");
    std::string out(size, '\0');
    reader.read([&](std::string_view bytes, uint64_t offset) {
      bytes.copy(out.data() + offset, bytes.size());
    });
    return out;
  }

  // The package's sum was right, so its packer wrote this; conda warns as well.
  void check_size(const PackagePath& path, uint64_t size) const {
    if (path.type != PathType::kHardLink || !path.size || *path.size == size) return;
    warn_("The package " + info_.dist() + " says that " + quote(path.path) + " has " +
          std::to_string(*path.size) + " bytes; it has " + std::to_string(size));
  }

  PackageArchive& package_;
  const PackageInfo& info_;
  const std::string& prefix_;
  squashfs::DataPackWriter& pack_;
  const WarningSink& warn_;
  std::unordered_map<std::string_view, size_t> places_;
  std::vector<std::optional<LinkedFile>> files_;
  std::vector<LateCopy> late_;
};

}  // namespace

uint16_t linked_mode(mode_t mode) {
  constexpr mode_t kReadable = 0444;
  constexpr mode_t kExecutable = 0111;
  constexpr mode_t kOwnerWrites = 0200;
  const mode_t run = (mode & kExecutable) != 0 ? kExecutable : 0;
  return static_cast<uint16_t>((mode & kOwnerWrites) | kReadable | run);
}

PackedPackage pack_package(PackageArchive& package, const std::string& prefix,
                           squashfs::DataPackWriter& pack, const WarningSink& warn) {
  return Packer(package, prefix, pack, warn).pack();
}

}  // namespace cntr::env
