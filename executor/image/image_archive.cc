#include "image/image_archive.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "archive/byte_source.h"
#include "archive/tar_reader.h"
#include "base/error.h"
#include "image/skopeo.h"

namespace cntr::image {
namespace {

// Errors of `work` name the archive.
template <typename Work>
auto reading(const std::string& archive, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    throw Error(error.kind(), archive + ": " + error.message(), {}, error.notes());
  }
}

std::string transport_in(archive::TarReader& reader) {
  while (const auto entry = reader.next()) {
    const std::string name = entry->path.starts_with("./") ? entry->path.substr(2) : entry->path;
    if (name == "oci-layout" || name == "index.json") return "oci-archive:";
    if (name == "manifest.json") return "docker-archive:";
  }
  return "";
}

// The name of skopeo's transport, by the first entry that tells.
std::string transport_of(const std::string& archive) {
  const UniqueFd fd = open_to_read(archive);
  archive::UnpackBudget budget;
  const std::string transport = reading(archive, [&] {
    archive::TarReader reader(fd.get(), archive::Hashed::kFile, budget);
    return transport_in(reader);
  });
  if (!transport.empty()) return transport;
  throw user_error(archive + " is no image archive: it has neither manifest.json nor oci-layout",
                   {"A tar archive of a root file system is a ROOTFS."});
}

void gunzip_to(archive::FileSource& compressed, const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) throw system_error("Cannot write " + path, errno);
  archive::UnpackBudget budget;
  budget.add_archive_bytes(compressed.size());
  archive::GunzipSource stream(compressed);
  for (std::string_view bytes = stream.next(); !bytes.empty(); bytes = stream.next()) {
    budget.add_stream_bytes(bytes.size());
    write_all(fd.get(), bytes, path);
  }
}

// `path` is what skopeo is to read: not every version of it reads archives of Docker's that are
// compressed with gzip.
void provide_archive(const std::string& archive, const std::string& path) {
  const UniqueFd fd = open_to_read(archive);
  archive::FileSource source(fd.get());
  if (archive::GunzipSource::is_gzip(source.head())) {
    reading(archive, [&] { gunzip_to(source, path); });
  } else if (symlink(archive.c_str(), path.c_str()) != 0) {
    throw system_error("Cannot make " + path, errno);
  }
}

void copy_archive(const std::string& archive, const Platform& platform,
                  const std::string& directory) {
  const std::string transport = transport_of(archive);
  const std::string place = parent_path(directory);
  const std::string readable = "archive";
  provide_archive(archive, place + "/" + readable);
  // By a relative path, because skopeo takes what follows a colon for a tag.
  skopeo_copy({transport + readable, archive, {}, place}, platform, directory);
}

Digest digest_of_archive(const std::string& archive, store::Cache& cache) {
  const auto info = stat_file(archive);
  if (!info) throw user_error("there is no " + archive);
  if (info->kind != FileKind::kRegular) throw user_error(archive + " is not a file");
  const auto content = cache.file_digests().file(archive);
  if (!content) throw user_error(archive + " has changed while it was read");
  return content->digest;
}

std::string fact_of(const Digest& content, const Platform& platform) {
  return "archive " + content.hex() + " " + platform.text();
}

LayoutImage bring(const std::string& archive, const Digest& content, Resolver& resolver,
                  store::Cache& cache, const std::optional<Digest>& identity) {
  PulledImages::Work work;
  work.key = content.hex();
  work.known = [&]() -> std::optional<LayoutImage> {
    return identity ? resolver.pulled().find(*identity, resolver.platform()) : std::nullopt;
  };
  work.fetch = [&](const std::string& directory) {
    copy_archive(archive, resolver.platform(), directory);
  };
  work.record = [&](const LayoutImage& image) {
    cache.add_fact(fact_of(content, resolver.platform()), image.identity.hex());
  };
  return resolver.pulled().bring(resolver.platform(), work);
}

}  // namespace

ResolvedImage identify_image_archive(const std::string& archive, Resolver& resolver,
                                     store::Cache& cache) {
  const Digest content = digest_of_archive(archive, cache);
  if (const auto fact = cache.find_fact(fact_of(content, resolver.platform()))) {
    const auto identity = Digest::parse(*fact);
    const auto config = identity ? resolver.pulled().find_document(*identity) : std::nullopt;
    if (config) return {{}, {}, *identity, parse_config(*config, archive + ": its config")};
  }
  const LayoutImage image = bring(archive, content, resolver, cache, std::nullopt);
  return {{}, {}, image.identity, image.config};
}

LayoutImage bring_image_archive(const std::string& archive, const Digest& identity,
                                Resolver& resolver, store::Cache& cache) {
  LayoutImage image = bring(archive, digest_of_archive(archive, cache), resolver, cache, identity);
  if (image.identity == identity) return image;
  throw user_error(archive + " has changed since its identity was taken",
                   {"Build again when nothing changes it any more."});
}

}  // namespace cntr::image
