#include "env/package_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/md5.h"
#include "base/text.h"
#include "env/conda_meta.h"

namespace cntr::env {
namespace {

struct Sums {
  Digest sha256;
  std::string md5;  // "" when it was not asked for
  uint64_t size = 0;
};

Sums sums_of(int fd, bool with_md5, const std::string& path) {
  constexpr size_t kBufferSize = size_t{256} * 1024;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kBufferSize);
  Sha256 sha256;
  Md5 md5;
  Sums out;
  for (;;) {
    const ssize_t count = pread(fd, buffer.get(), kBufferSize, static_cast<off_t>(out.size));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("Cannot read " + path, errno);
    if (count == 0) break;
    const std::string_view bytes(buffer.get(), static_cast<size_t>(count));
    sha256.update(bytes);
    if (with_md5) md5.update(bytes);
    out.size += bytes.size();
  }
  out.sha256 = sha256.finish();
  if (with_md5) out.md5 = md5.finish();
  return out;
}

// "sha256 <wanted>, and it has <found>" of the first sum that differs; "" when none does.
std::string difference(const LockedPackage& package, const Sums& sums) {
  if (package.sha256 && *package.sha256 != sums.sha256) {
    return "the SHA-256 " + package.sha256->hex() + "; its own is " + sums.sha256.hex();
  }
  if (!package.sha256 && package.md5 != sums.md5) {
    return "the MD5 " + package.md5 + "; its own is " + sums.md5;
  }
  return "";
}

bool needs_md5(const LockedPackage& package) { return !package.sha256; }

Error wrong_sum(const LockedPackage& package, const std::string& path, const std::string& what) {
  return user_error_at(package.where,
                       "The package " + package.file_name +
                           " is not the one that was locked: "
                           "the lock has " +
                           what,
                       {"It is " + path + "."});
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::string path_of_file_url(const std::string& url) {
  const std::string_view text = std::string_view(url).substr(std::string_view("file://").size());
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : hex_value(text[i + 2]);
    if (low > 0 || (low == 0 && high > 0)) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

PackageSource::PackageSource(std::string directory, std::string scratch,
                             std::vector<std::string> package_caches, Download download)
    : directory_(std::move(directory)),
      scratch_(std::move(scratch)),
      package_caches_(std::move(package_caches)),
      download_(std::move(download)),
      sharing_(store::sharing_of(directory_)) {}

std::optional<Digest> PackageSource::known_digest(const LockedPackage& package) const {
  if (package.sha256) return package.sha256;
  const auto text = read_file_if_exists(directory_ + "/md5-" + package.md5);
  return text ? Digest::parse(*text) : std::nullopt;
}

void PackageSource::remember(const std::string& md5, const Digest& sha256) const {
  write_file_atomically(directory_ + "/md5-" + md5, sha256.hex(), sharing_.file);
}

std::optional<FoundPackage> PackageSource::open_verified(const std::string& path,
                                                         const LockedPackage& package) const {
  const auto stat = stat_file(path);
  if (!stat || stat->kind != FileKind::kRegular) return std::nullopt;
  FoundPackage out;
  try {
    out.file = open_to_read(path);
  } catch (const Error&) {
    return std::nullopt;
  }
  const Sums sums = sums_of(out.file.get(), needs_md5(package), path);
  if (!difference(package, sums).empty()) return std::nullopt;
  if (needs_md5(package)) remember(package.md5, sums.sha256);
  out.sha256 = sums.sha256;
  out.size = sums.size;
  out.path = path;
  return out;
}

FoundPackage PackageSource::open_local(const std::string& path,
                                       const LockedPackage& package) const {
  const auto stat = stat_file(path);
  if (!stat || stat->kind != FileKind::kRegular) {
    throw user_error_at(package.where, "There is no package " + quote(path));
  }
  if (auto found = open_verified(path, package)) return *std::move(found);
  const UniqueFd file = open_to_read(path);
  const Sums sums = sums_of(file.get(), needs_md5(package), path);
  throw wrong_sum(package, path, difference(package, sums));
}

FoundPackage PackageSource::fetch(const LockedPackage& package) const {
  const TemporaryDirectory scratch(scratch_, "package-");
  const std::string aside = scratch.path() + "/" + package.file_name;
  download_(package.url, aside);
  const UniqueFd file = open_to_read(aside);
  const Sums sums = sums_of(file.get(), needs_md5(package), aside);
  const std::string wrong = difference(package, sums);
  if (!wrong.empty()) throw wrong_sum(package, public_url(package.url), wrong);
  if (needs_md5(package)) remember(package.md5, sums.sha256);
  fchmod(file.get(), sharing_.file);
  const std::string path = directory_ + "/" + sums.sha256.hex();
  rename_path(aside, path);
  return {open_to_read(path), sums.sha256, sums.size, path};
}

std::optional<FoundPackage> PackageSource::find_cached(const LockedPackage& package) const {
  if (const auto digest = known_digest(package)) {
    if (auto found = open_verified(directory_ + "/" + digest->hex(), package)) return found;
  }
  for (const std::string& cache : package_caches_) {
    if (auto found = open_verified(cache + "/" + package.file_name, package)) return found;
  }
  return std::nullopt;
}

bool PackageSource::is_remote(const LockedPackage& package) const {
  return !package.url.starts_with("file://") && !find_cached(package);
}

FoundPackage PackageSource::get(const LockedPackage& package) const {
  if (!package.sha256 && package.md5.empty()) {
    throw user_error_at(package.where,
                        "The lock has no checksum for the package " + package.file_name,
                        {"Write it behind the URL: #sha256:<64 digits>. Without it, nobody knows "
                         "which package that is."});
  }
  if (package.url.starts_with("file://")) return open_local(path_of_file_url(package.url), package);
  if (auto found = find_cached(package)) return *std::move(found);
  return fetch(package);
}

}  // namespace cntr::env
