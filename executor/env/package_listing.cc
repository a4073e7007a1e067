#include "env/package_listing.h"

#include <map>

#include "base/digest.h"

namespace cntr::env {
namespace {

constexpr std::string_view kMagic = "cntr env package 1\n";

// Numbers are 8 bytes, the lowest first; texts are their length and their bytes.
class Writer {
 public:
  void number(uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) bytes_ += static_cast<char>(value >> shift & 0xff);
  }
  void text(std::string_view value) {
    number(value.size());
    bytes_ += value;
  }
  void texts(const std::vector<std::string>& values) {
    number(values.size());
    for (const std::string& value : values) text(value);
  }
  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_{kMagic};
};

// What ends too early gives zeros and sets failed(). The sum of the file was right, so only another
// version of Cntr can have written that.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  uint64_t number() {
    if (rest_.size() < 8) return fail();
    uint64_t out = 0;
    for (int i = 7; i >= 0; --i) {
      out = out << 8 | static_cast<unsigned char>(rest_[static_cast<size_t>(i)]);
    }
    rest_.remove_prefix(8);
    return out;
  }
  std::string text() {
    const uint64_t size = count();
    std::string out(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return out;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> out(count());
    for (std::string& value : out) value = text();
    return out;
  }
  // A number of things of at least one byte each.
  uint64_t count() {
    const uint64_t out = number();
    return out <= rest_.size() ? out : fail();
  }
  bool failed() const { return failed_ || !rest_.empty(); }

 private:
  uint64_t fail() {
    failed_ = true;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool failed_ = false;
};

void write_info(const PackageInfo& info, Writer& out) {
  out.text(info.name);
  out.text(info.version);
  out.text(info.build);
  out.number(info.build_number);
  out.text(info.subdir);
  out.number(static_cast<uint64_t>(info.noarch));
  out.texts(info.depends);
  out.text(info.python_site_packages_path);
  out.number(info.has_paths_json ? 1 : 0);
  out.text(info.index);
  out.number(info.entry_points.size());
  for (const EntryPoint& entry : info.entry_points) {
    out.text(entry.command);
    out.text(entry.module);
    out.text(entry.function);
  }
}

PackageInfo read_info(Reader& in) {
  PackageInfo out;
  out.name = in.text();
  out.version = in.text();
  out.build = in.text();
  out.build_number = in.number();
  out.subdir = in.text();
  out.noarch = static_cast<Noarch>(in.number());
  out.depends = in.texts();
  out.python_site_packages_path = in.text();
  out.has_paths_json = in.number() != 0;
  out.index = in.text();
  out.entry_points.resize(in.count());
  for (EntryPoint& entry : out.entry_points) {
    entry.command = in.text();
    entry.module = in.text();
    entry.function = in.text();
  }
  return out;
}

// Bits of a path's flags.
constexpr uint64_t kNoLink = 1;
constexpr uint64_t kHasPrefix = 2;
constexpr uint64_t kHasSize = 4;

void write_path(const PackagePath& path, const LinkedFile& file, uint64_t placeholder,
                Writer& out) {
  out.text(path.path);
  out.number(static_cast<uint64_t>(path.type));
  out.number(placeholder);
  out.number(static_cast<uint64_t>(path.mode));
  out.number((path.no_link ? kNoLink : 0) | (file.has_prefix ? kHasPrefix : 0) |
             (path.size ? kHasSize : 0));
  out.text(path.sha256);
  out.number(path.size.value_or(0));
  out.number(static_cast<uint64_t>(file.kind));
  out.number(file.mode);
  out.number(static_cast<uint64_t>(file.mtime));
  out.number(file.content);
  out.text(file.target);
}

void read_path(const std::vector<std::string>& placeholders, Reader& in, PackedPackage& out) {
  PackagePath path;
  LinkedFile file;
  path.path = in.text();
  path.type = static_cast<PathType>(in.number());
  const uint64_t placeholder = in.number();
  if (placeholder < placeholders.size()) path.placeholder = placeholders[placeholder];
  path.mode = static_cast<FileMode>(in.number());
  const uint64_t flags = in.number();
  path.no_link = (flags & kNoLink) != 0;
  file.has_prefix = (flags & kHasPrefix) != 0;
  path.sha256 = in.text();
  const uint64_t size = in.number();
  if ((flags & kHasSize) != 0) path.size = size;
  file.kind = static_cast<LinkedKind>(in.number());
  file.mode = static_cast<uint16_t>(in.number());
  file.mtime = static_cast<int64_t>(in.number());
  file.content = static_cast<squashfs::FileIndex>(in.number());
  file.target = in.text();
  out.info.paths.push_back(std::move(path));
  out.files.push_back(std::move(file));
}

}  // namespace

std::string write_listing(const PackedPackage& package) {
  Writer out;
  write_info(package.info, out);
  std::map<std::string, uint64_t> places;
  std::vector<std::string> placeholders;
  for (const PackagePath& path : package.info.paths) {
    if (places.emplace(path.placeholder, placeholders.size()).second) {
      placeholders.push_back(path.placeholder);
    }
  }
  out.texts(placeholders);
  out.number(package.files.size());
  for (size_t i = 0; i < package.files.size(); ++i) {
    const PackagePath& path = package.info.paths[i];
    write_path(path, package.files[i], places.at(path.placeholder), out);
  }
  out.bytes() += digest_of(out.bytes()).hex();
  return std::move(out.bytes());
}

std::optional<PackedPackage> read_listing(std::string_view bytes) {
  constexpr size_t kSumSize = 2 * Digest::kSize;
  if (!bytes.starts_with(kMagic) || bytes.size() < kMagic.size() + kSumSize) return std::nullopt;
  const std::string_view body = bytes.substr(0, bytes.size() - kSumSize);
  if (bytes.substr(body.size()) != digest_of(body).hex()) return std::nullopt;
  Reader in(body.substr(kMagic.size()));
  PackedPackage out;
  out.info = read_info(in);
  const std::vector<std::string> placeholders = in.texts();
  const uint64_t count = in.count();
  for (uint64_t i = 0; i < count; ++i) read_path(placeholders, in, out);
  if (in.failed()) return std::nullopt;
  return out;
}

}  // namespace cntr::env
