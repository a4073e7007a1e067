#include "env/package_archive.h"

#include <unistd.h>

#include <optional>
#include <unordered_map>
#include <utility>

#include "archive/zip_directory.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"

namespace cntr::env {
namespace {

using archive::TarEntry;
using archive::TarKind;
using archive::TarReader;

constexpr uint64_t kLargestInfoFile = uint64_t{64} << 20;

std::string first_bytes(int fd) {
  char bytes[4];
  const ssize_t count = pread(fd, bytes, sizeof(bytes), 0);
  return {bytes, count > 0 ? static_cast<size_t>(count) : 0};
}

std::string read_whole(TarReader& reader, const TarEntry& entry) {
  if (entry.size > kLargestInfoFile) {
    throw user_error("it is larger than " + format_bytes(kLargestInfoFile));
  }
  std::string out(entry.size, '\0');
  reader.read([&](std::string_view bytes, uint64_t offset) {
    out.replace(static_cast<size_t>(offset), bytes.size(), bytes);
  });
  return out;
}

bool is_info(std::string_view path) { return path == "info" || path.starts_with("info/"); }

// Takes the files of info/ out of one archive after another.
class InfoReader {
 public:
  // True when nothing that is needed can be in the rest.
  bool read(TarReader& reader, std::string& where) {
    while (const auto entry = reader.next()) {
      where = "entry " + quote(entry->path);
      if (entry->kind == TarKind::kDirectory) continue;
      const std::string path = normal_package_path(entry->path, "the path");
      if (!is_info(path) && is_enough()) return true;
      if (entry->kind == TarKind::kFile && is_read_info_file(path) &&
          !files_.emplace(path, read_whole(reader, *entry)).second) {
        throw user_error("it is there twice");
      }
    }
    where.clear();
    return false;
  }

  InfoFiles take() { return std::move(files_); }

 private:
  // Packages with paths.json have their metadata together, but for old ones of Python, whose
  // link.json may come late.
  bool is_enough() const {
    const auto index = files_.find("info/index.json");
    return index != files_.end() && files_.contains("info/paths.json") &&
           (index->second.find("\"noarch\"") == std::string::npos ||
            files_.contains("info/link.json"));
  }

  InfoFiles files_;
};

// Normal paths, each once, and hard links that lead to files.
class PayloadChecker {
 public:
  // nullopt for what is no part of the payload.
  std::optional<PayloadEntry> check(const TarEntry& entry) {
    if (entry.kind == TarKind::kDirectory) return std::nullopt;
    PayloadEntry out{normal_package_path(entry.path, "the path"),
                     entry.kind,
                     entry.mode,
                     entry.mtime,
                     entry.size,
                     entry.target};
    if (is_info(out.path)) return std::nullopt;
    if (entry.kind != TarKind::kFile && entry.kind != TarKind::kSymlink &&
        entry.kind != TarKind::kHardLink) {
      throw user_error("it is a device or a fifo, which no package may have");
    }
    if (entry.kind == TarKind::kSymlink && entry.target.empty()) {
      throw user_error("it is a symbolic link without a target");
    }
    if (entry.kind == TarKind::kHardLink) {
      out.target = normal_package_path(entry.target, "the hard link to");
      const auto found = seen_.find(out.target);
      if (found == seen_.end() || found->second != TarKind::kFile) {
        throw user_error("it is a hard link to " + quote(out.target) +
                         ", which is no file before it");
      }
    }
    const TarKind kind = entry.kind == TarKind::kHardLink ? TarKind::kFile : entry.kind;
    if (!seen_.emplace(out.path, kind).second) throw user_error("it is there twice");
    return out;
  }

 private:
  std::unordered_map<std::string, TarKind> seen_;
};

}  // namespace

PackageArchive::PackageArchive(UniqueFd file, std::string name)
    : file_(std::move(file)), name_(std::move(name)) {
  try {
    find_parts();
    info_ = parse_package_info(read_info());
  } catch (const Error& error) {
    throw in_package("", error);
  }
}

Error PackageArchive::in_package(const std::string& where, const Error& error) const {
  return {error.kind(), name_ + ": " + (where.empty() ? "" : where + ": ") + error.message(),
          error.location(), error.notes()};
}

void PackageArchive::find_parts() {
  const std::string head = first_bytes(file_.get());
  if (head.starts_with("BZh")) {
    const auto stat = stat_descriptor(file_.get());
    parts_ = {{0, stat ? stat->size : 0}};
    infos_ = parts_;
    return;
  }
  if (!head.starts_with("PK")) {
    throw user_error("it is no conda package: neither a .conda nor a .tar.bz2 archive");
  }
  for (const archive::ZipMember& member : archive::list_stored_zip(file_.get())) {
    if (!member.name.ends_with(".tar.zst")) continue;
    if (member.name.starts_with("info-")) infos_.push_back({member.offset, member.size});
    if (member.name.starts_with("pkg-")) parts_.push_back({member.offset, member.size});
  }
  if (infos_.size() != 1 || parts_.size() > 1) {
    throw user_error(
        "it is no conda package: it needs one member info-*.tar.zst and one "
        "pkg-*.tar.zst");
  }
}

TarReader PackageArchive::open(const Part& part, archive::Extent extent) {
  return {archive::FileSource(file_.get(), part.offset, part.size), archive::Hashed::kNothing,
          budget_, extent};
}

InfoFiles PackageArchive::read_info() {
  InfoReader info;
  for (const Part& part : infos_) {
    std::string where;
    try {
      TarReader reader = open(part, archive::Extent::kBeginning);
      if (info.read(reader, where)) break;
    } catch (const Error& error) {
      throw Error(error.kind(), (where.empty() ? "" : where + ": ") + error.message(), {},
                  error.notes());
    }
  }
  return info.take();
}

void PackageArchive::read_payload(const Visit& visit) {
  PayloadChecker checker;
  std::string where;
  try {
    for (const Part& part : parts_) {
      TarReader reader = open(part, archive::Extent::kWhole);
      while (const auto entry = reader.next()) {
        where = "entry " + quote(entry->path);
        budget_.add_entry(entry->path.size());
        if (const auto payload = checker.check(*entry)) {
          if (payload->kind == TarKind::kFile) budget_.add_file_bytes(payload->size);
          visit(*payload, reader);
        }
      }
      where.clear();
      reader.finish();
    }
  } catch (const Error& error) {
    throw in_package(where, error);
  }
}

}  // namespace cntr::env
