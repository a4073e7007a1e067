#include "image/unpack.h"

#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/stop_request.h"
#include "base/text.h"

namespace cntr::image {
namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kReserved = ".wh..wh.";  // what aufs kept for itself
constexpr std::string_view kOpaque = ".wh..wh..opq";

void write_at(int fd, std::string_view bytes, uint64_t offset, const std::string& path) {
  throw_if_stopped();
  while (!bytes.empty()) {
    const ssize_t count = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("Cannot write " + path, errno);
    bytes.remove_prefix(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
}

Error in_archive(const std::string& where, const Error& error) {
  return Error(error.kind(), where + ": " + error.message(), error.location(), error.notes());
}

}  // namespace

Unpacker::Unpacker(const std::string& root, TreeModes modes, Whiteouts whiteouts,
                   const UnpackLimits& limits)
    : budget_(limits), writer_(root, modes, budget_), whiteouts_(whiteouts) {}

Unpacker::Result Unpacker::apply(int fd, const std::string& name, Hashed hashed) {
  touched_.clear();
  Result result;
  std::string where = name;
  try {
    TarReader reader(fd, hashed, budget_);
    while (const auto entry = reader.next()) {
      throw_if_stopped();
      ++result.entries;
      where = name + ": entry " + quote(entry->path);
      apply_entry(reader, *entry);
      where = name + ": after entry " + quote(entry->path);
    }
    where = name;
    result.digest = reader.finish();
    result.has_end_mark = reader.has_end_mark();
  } catch (const Error& error) {
    throw in_archive(where, error);
  }
  return result;
}

void Unpacker::apply_entry(TarReader& reader, const TarEntry& entry) {
  const std::vector<std::string> components = entry_components(entry.path);
  if (components.empty()) {
    if (entry.kind != TarKind::kDirectory) throw user_error("it would replace the root directory");
    budget_.add_entry(0);
    writer_.set_root(entry.mode, entry.mtime);
    return;
  }
  if (whiteouts_ == Whiteouts::kApply && apply_whiteout(components)) {
    budget_.add_entry(0);
    return;
  }
  const Place place = writer_.place(components);
  budget_.add_entry(place.path().size());
  touch(place.path());
  put(reader, entry, place);
}

bool Unpacker::apply_whiteout(const std::vector<std::string>& components) {
  const std::string& name = components.back();
  for (const std::string& component : components) {
    if (component.starts_with(kReserved) && (component != kOpaque || &component != &name)) {
      return true;
    }
    if (component.starts_with(kWhiteout) && &component != &name) {
      throw user_error("it lies below a whiteout");
    }
  }
  if (!name.starts_with(kWhiteout)) return false;
  const std::string hidden = name.substr(kWhiteout.size());
  if (hidden.empty() || hidden == "." || hidden == "..") {
    throw user_error("it is a whiteout of no name");
  }
  const auto place = writer_.find(components);
  if (!place) return true;  // the directory is not there, so there is nothing to hide
  if (name == kOpaque) {
    writer_.remove_entries(place->parent->path,
                           [this](const std::string& path) { return touched_.contains(path); });
  } else {
    hide({place->parent, hidden});
  }
  return true;
}

void Unpacker::hide(const Place& place) {
  const std::string path = place.path();
  if (!touched_.contains(path)) {
    writer_.remove(place);
  } else if (writer_.kind_at(place) == FileKind::kDirectory) {
    writer_.remove_entries(path,
                           [this](const std::string& below) { return touched_.contains(below); });
  }
}

void Unpacker::touch(const std::string& path) {
  // Where a directory is known, so are those above it.
  for (size_t end = path.size(); end != std::string::npos && end > 0;
       end = path.rfind('/', end - 1)) {
    if (!touched_.insert(path.substr(0, end)).second) return;
  }
}

void Unpacker::put(TarReader& reader, const TarEntry& entry, const Place& place) {
  switch (entry.kind) {
    case TarKind::kFile:
      return put_file(reader, entry, place);
    case TarKind::kDirectory:
      return writer_.put_directory(place, entry.mode, entry.mtime);
    case TarKind::kSymlink:
      return writer_.put_symlink(place, entry.target, entry.mtime);
    case TarKind::kHardLink:
      return put_hard_link(entry, place);
    case TarKind::kSpecial:
      return skip(place);
  }
}

void Unpacker::put_file(TarReader& reader, const TarEntry& entry, const Place& place) {
  budget_.add_file_bytes(entry.size);
  const UniqueFd fd = writer_.put_file(place);
  reader.read([&](std::string_view bytes, uint64_t offset) {
    write_at(fd.get(), bytes, offset, writer_.root() + "/" + place.path());
  });
  writer_.close_file(fd, place, entry.size, entry.mode, entry.mtime);
}

void Unpacker::put_hard_link(const TarEntry& entry, const Place& place) {
  const auto components = entry_components(entry.target, "the target of the hard link");
  if (components.empty()) throw user_error("it is a hard link to the root directory");
  const auto target = writer_.find(components);
  const auto kind = target ? writer_.kind_at(*target) : std::nullopt;
  if (!kind) {
    if (target && skipped_.contains(target->path())) return skip(place);
    throw user_error("it is a hard link to " + quote(entry.target) + ", which is not there");
  }
  if (kind == FileKind::kDirectory) {
    throw user_error("it is a hard link to " + quote(entry.target) + ", which is a directory");
  }
  writer_.put_hard_link(place, *target);
}

void Unpacker::skip(const Place& place) {
  writer_.remove(place);
  skipped_.insert(place.path());
}

}  // namespace cntr::image
