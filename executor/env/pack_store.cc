#include "env/pack_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/environment.h"
#include "base/error.h"
#include "env/package_listing.h"

namespace cntr::env {
namespace {

// Whether the listing is one of the pack.
bool fits(const PackedPackage& package, const squashfs::DataPack& pack) {
  return std::all_of(package.files.begin(), package.files.end(), [&](const LinkedFile& file) {
    return file.kind != LinkedKind::kFile || file.content < pack.file_count();
  });
}

}  // namespace

NewPacks wanted_packs() {
  const std::string value = environment_variable("CNTR_KEEP_PACKS").value_or("");
  return value == "0" || value == "OFF" ? NewPacks::kDropped : NewPacks::kKept;
}

PackStore::PackStore(std::string directory, std::string scratch, NewPacks new_packs)
    : directory_(std::move(directory)),
      scratch_(std::move(scratch)),
      new_packs_(new_packs),
      sharing_(store::sharing_of(directory_)) {}

Digest PackStore::key(const Digest& package, const std::string& prefix,
                      const squashfs::Compression& compression) {
  return digest_of("cntr env package 1\n" + package.hex() + "\n" + prefix + "\n" +
                   squashfs::compression_text(compression) + " " +
                   std::to_string(compression.block_size) + "\n");
}

std::optional<StoredPackage> PackStore::find(const Digest& key) const {
  const std::string path = directory_ + "/" + key.hex();
  const auto listing = read_file_if_exists(path + ".list");
  if (!listing || !exists(path + ".pack")) return std::nullopt;
  auto package = read_listing(*listing);
  if (!package) return std::nullopt;
  try {
    auto pack = std::make_shared<const squashfs::DataPack>(
        squashfs::DataPack::load(open_to_read(path + ".pack"), path + ".pack"));
    if (!fits(*package, *pack)) return std::nullopt;
    return StoredPackage{*std::move(package), std::move(pack)};
  } catch (const Error&) {
    return std::nullopt;
  }
}

StoredPackage PackStore::add(const Digest& key, const Make& make) const {
  const std::string lock_path = directory_ + "/" + key.hex() + ".lock";
  const FileLock lock(lock_path);
  if (auto found = find(key)) return *std::move(found);
  StoredPackage out = keep(key, make);
  unlink(lock_path.c_str());
  return out;
}

StoredPackage PackStore::keep(const Digest& key, const Make& make) const {
  const TemporaryDirectory scratch(scratch_, "env-");
  const std::string aside = scratch.path() + "/pack";
  UniqueFd file(open(aside.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, sharing_.file));
  if (!file.valid()) throw system_error("Cannot write " + aside, errno);
  fchmod(file.get(), sharing_.file);
  const std::string path = directory_ + "/" + key.hex();
  Made made = make(std::move(file));
  if (new_packs_ == NewPacks::kKept) {
    made.pack.save();
    rename_path(aside, path + ".pack");
    write_file_atomically(path + ".list", write_listing(made.package), sharing_.file);
  } else {
    made.pack.make_disposable();
  }
  return {std::move(made.package),
          std::make_shared<const squashfs::DataPack>(std::move(made.pack))};
}

}  // namespace cntr::env
