#include "image/resolve.h"

#include <sys/file.h>

#include <array>
#include <ctime>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "image/lock_file.h"
#include "image/skopeo.h"

namespace cntr::image {
namespace {

constexpr int kMaxNestedIndexes = 8;

bool is_on(const std::string& variable) {
  const std::string value = environment_variable(variable).value_or("");
  return !value.empty() && value != "0" && value != "OFF";
}

std::string time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  const size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

// Throws when somebody else's bytes came.
void check_digest(std::string_view text, const Digest& digest, const std::string& what) {
  if (digest_of(text) == digest) return;
  throw user_error(
      what + " does not have the digest " + digest.text() + " by which it was asked for",
      {"The registry or something before it is broken, or hostile."});
}

spec::LockedImage locked_image(const ResolvedImage& image, const std::string& reference,
                               const Platform& platform) {
  return {reference, platform.text(), image.manifest, image.identity, time_now(), {}};
}

}  // namespace

Platform platform_of(const spec::Image& image) {
  return image.platform ? parse_platform(*image.platform) : machine_platform();
}

NetworkUse network_use(const spec::Image& image) {
  NetworkUse use;
  use.remedy = "`cntr image pull " + image.name + "` in the build directory brings it.";
  if (image.pull == spec::PullPolicy::kNever) {
    use.forbidden_because = "PULL is never";
  } else if (is_on("CNTR_OFFLINE")) {
    use.forbidden_because = "CNTR_OFFLINE is set";
  }
  return use;
}

Resolver::Resolver(store::Cache& cache, Platform platform, NetworkUse network)
    : cache_(cache), platform_(std::move(platform)), network_(std::move(network)), pulled_(cache) {}

void Resolver::require_network(const Reference& reference) const {
  if (network_.forbidden_because.empty()) return;
  throw NotAtHand(ErrorKind::kUser,
                  reference.text() +
                      " is not in the cache, and may not be pulled: " + network_.forbidden_because,
                  {}, {network_.remedy});
}

std::string Resolver::document(const Reference& reference, const Digest& digest) {
  if (auto text = pulled_.find_document(digest)) return std::move(*text);
  require_network(reference);
  const Reference wanted = reference.at(digest);
  std::string text = skopeo_manifest(skopeo_source(wanted));
  check_digest(text, digest, wanted.text());
  pulled_.add_document(digest, text);
  return text;
}

std::string Resolver::config_text(const Reference& reference, const Digest& manifest,
                                  const Digest& config) {
  if (auto known = pulled_.find_document(config)) return std::move(*known);
  require_network(reference);
  std::string text = skopeo_config(skopeo_source(reference.at(manifest)));
  check_digest(text, config, reference.text() + ": its config");
  return text;
}

Config Resolver::config_of(const Reference& reference, const Digest& manifest,
                           const Digest& config) {
  const std::string text = config_text(reference, manifest, config);
  Config out = parse_config(text, reference.text() + ": its config");
  check_platform(out, platform_, reference.text());
  pulled_.add_document(config, text);
  return out;
}

ResolvedImage Resolver::look_up_manifest(const Reference& reference, Digest digest,
                                         std::string text) {
  const std::string where = reference.text() + ": its manifest";
  std::string media_type = media_type_of(text, where);
  for (int depth = 0; is_index(media_type); ++depth) {
    if (depth == kMaxNestedIndexes) {
      throw user_error(reference.text() + " is nested in more than " +
                       std::to_string(kMaxNestedIndexes) + " indexes");
    }
    digest = choose_manifest(parse_index(text, where), platform_, reference.text()).digest;
    text = document(reference, digest);
    media_type = media_type_of(text, where);
  }
  if (!is_manifest(media_type)) throw user_error(where + " is of the type " + quote(media_type));
  const Digest identity = parse_manifest(text, where).config.digest;
  return {reference, digest, identity, config_of(reference, digest, identity)};
}

ResolvedImage Resolver::look_up(const Reference& reference) {
  if (reference.digest) {
    return look_up_manifest(reference, *reference.digest, document(reference, *reference.digest));
  }
  require_network(reference);
  std::string text = skopeo_manifest(skopeo_source(reference));
  const Digest digest = digest_of(text);
  // Garbage is not worth keeping.
  media_type_of(text, reference.text() + ": its manifest");
  pulled_.add_document(digest, text);
  return look_up_manifest(reference, digest, std::move(text));
}

ResolvedImage Resolver::look_up_locked(const Reference& reference,
                                       const spec::LockedImage& locked) {
  auto manifest = pulled_.find_document(locked.manifest);
  // With the config in the cache there is nothing to ask.
  if (!manifest && pulled_.find_document(locked.config)) {
    return {reference, locked.manifest, locked.config,
            config_of(reference, locked.manifest, locked.config)};
  }
  if (!manifest) manifest = document(reference, locked.manifest);
  ResolvedImage found = look_up_manifest(reference, locked.manifest, std::move(*manifest));
  if (found.identity == locked.config && found.manifest == locked.manifest) return found;
  throw user_error_at(locked.location,
                      "The manifest " + locked.manifest.text() + " of " + locked.reference +
                          " has another config than is written here",
                      {"`cntr lock --update` writes it anew."});
}

ResolvedImage Resolver::look_into_engine(const Reference& reference) {
  return reference.transport == Transport::kDockerDaemon ? look_into_docker(reference)
                                                         : look_into_storage(reference);
}

ResolvedImage Resolver::look_into_docker(const Reference& reference) {
  if (!find_program("docker", search_path())) {
    throw environment_error("Cannot read " + reference.text() + ": there is no docker on PATH");
  }
  const Captured answer =
      capture_process({"docker", "image", "inspect", "--format", "{{.Id}}", reference.name});
  if (answer.status.code != 0) {
    const bool missing = answer.err.find("No such image") != std::string::npos;
    const std::string message = "Cannot read " + reference.text() + ": " +
                                printable(answer.err.substr(0, answer.err.find('\n')));
    if (!missing) throw environment_error(message);
    throw user_error(message, {"`docker pull` or `docker build` brings it."});
  }
  // What the engine calls its images by is a digest of content, not always that of the config.
  const std::string id = answer.out.substr(0, answer.out.find('\n'));
  const auto digest = Digest::parse(id);
  if (!digest) throw environment_error("docker gives an image the id " + quote(id));
  const std::string fact = "docker-image " + digest->hex() + " " + platform_.text();
  if (const auto text = cache_.find_fact(fact)) {
    const auto identity = Digest::parse(*text);
    const auto config = identity ? pulled_.find_document(*identity) : std::nullopt;
    if (config) return {reference, {}, *identity, parse_config(*config, reference.text())};
  }
  SkopeoSource source = skopeo_source(reference);
  source.name = "docker-daemon:" + digest->text();
  const LayoutImage image = pulled_.bring(
      platform_, {digest->hex(), [&] { return pulled_.find(*digest, platform_); },
                  [&](const std::string& directory) { skopeo_copy(source, platform_, directory); },
                  [&](const LayoutImage& found) { cache_.add_fact(fact, found.identity.hex()); }});
  return {reference, {}, image.identity, image.config};
}

ResolvedImage Resolver::look_into_storage(const Reference& reference) {
  const SkopeoSource source = skopeo_source(reference);
  const std::string where = reference.text() + ": its manifest";
  const std::string text = skopeo_manifest(source);
  const Digest identity = parse_manifest(text, where).config.digest;
  auto config = pulled_.find_document(identity);
  if (!config) {
    config = skopeo_config(source);
    check_digest(*config, identity, reference.text() + ": its config");
  }
  Config parsed = parse_config(*config, reference.text() + ": its config");
  check_platform(parsed, platform_, reference.text());
  pulled_.add_document(identity, *config);
  return {reference, {}, identity, std::move(parsed)};
}

LayoutImage Resolver::bring_from_registry(const ResolvedImage& image, PulledImages::Work work) {
  require_network(image.reference);
  const Reference reference = image.reference.at(image.manifest);
  const SkopeoSource source = skopeo_source(reference);
  const std::string text = document(reference, image.manifest);
  const Manifest manifest = parse_manifest(text, reference.text() + ": its manifest");
  if (manifest.config.digest != image.identity) {
    throw user_error(reference.text() + " is another image than the lock says",
                     {"`cntr lock --update` writes it anew."});
  }
  if (can_complete(manifest, cache_.scratch_directory())) {
    const std::string config = config_text(reference, image.manifest, manifest.config.digest);
    work.layers = manifest.layers;
    work.fetch = [&, config](const std::string& directory) {
      skopeo_complete(source, platform_, directory);
      write_file_atomically(directory + "/manifest.json", text);
      write_file_atomically(directory + "/" + manifest.config.digest.hex(), config);
    };
  } else {
    work.fetch = [&](const std::string& directory) { skopeo_copy(source, platform_, directory); };
  }
  return pulled_.bring(platform_, work);
}

LayoutImage Resolver::bring(const ResolvedImage& image) {
  const auto known = [&] { return pulled_.find(image.identity, platform_); };
  if (auto found = known()) return std::move(*found);
  const Reference& reference = image.reference;
  PulledImages::Work work{image.identity.hex(), known, [&](const std::string& directory) {
                            skopeo_copy(skopeo_source(reference), platform_, directory);
                          }};
  const LayoutImage out = reference.transport == Transport::kRegistry
                              ? bring_from_registry(image, std::move(work))
                              : pulled_.bring(platform_, work);
  if (out.identity == image.identity) return out;
  throw user_error(image.reference.text() + " has changed since its identity was taken",
                   {"Build again."});
}

bool is_lockable(const Reference& reference) {
  return reference.transport == Transport::kRegistry && !reference.digest;
}

ResolvedImage resolve_reference(const spec::Image& image, const Reference& reference,
                                Resolver& resolver, store::Cache& cache) {
  if (reference.transport != Transport::kRegistry) return resolver.look_into_engine(reference);
  if (!is_lockable(reference)) return resolver.look_up(reference);
  const bool must_be_locked = image.locked || is_on("CNTR_LOCKED");
  if (image.pull == spec::PullPolicy::kAlways) {
    if (is_on("CNTR_OFFLINE")) {
      throw user_error(reference.text() +
                           " is asked for in every build with PULL always, and CNTR_OFFLINE is set",
                       {"Take PULL missing, or a reference with a digest."});
    }
    if (!must_be_locked) return resolver.look_up(reference);
    throw user_error(reference.text() + " is not locked with PULL always, and CNTR_LOCKED is on",
                     {"Take PULL missing, or a reference with a digest."});
  }
  const std::string platform = resolver.platform().text();
  if (image.lock) {
    const spec::Lock lock = spec::read_lock(*image.lock);
    if (const spec::LockedImage* locked = lock.find(reference.text(), platform)) {
      return resolver.look_up_locked(reference, *locked);
    }
  }
  if (must_be_locked) {
    throw NotAtHand(ErrorKind::kUser,
                    reference.text() + " is not in " + image.lock.value_or("cntr.lock") + " for " +
                        platform + ", and CNTR_LOCKED is on",
                    {}, {"`cntr lock` in the build directory adds it."});
  }
  ResolvedImage found = resolver.look_up(reference);
  if (image.lock) {
    change_lock(*image.lock, cache, [&](spec::Lock& lock) {
      // Another process may have asked meanwhile: all must agree.
      if (const spec::LockedImage* locked = lock.find(reference.text(), platform)) {
        found = resolver.look_up_locked(reference, *locked);
      } else {
        lock.put(locked_image(found, reference.text(), resolver.platform()));
      }
    });
  }
  return found;
}

Digest lock_again(const std::string& lock_path, const Reference& reference, Resolver& resolver,
                  store::Cache& cache) {
  const ResolvedImage found = resolver.look_up(reference);
  change_lock(lock_path, cache, [&](spec::Lock& lock) {
    const spec::LockedImage* const locked = lock.find(reference.text(), resolver.platform().text());
    const bool is_same =
        locked != nullptr && locked->manifest == found.manifest && locked->config == found.identity;
    if (!is_same) lock.put(locked_image(found, reference.text(), resolver.platform()));
  });
  return found.identity;
}

void change_lock(const std::string& path, const store::Cache& cache,
                 const std::function<void(spec::Lock&)>& change) {
  const auto root = stat_file(cache.root());
  const UniqueFd turn =
      lock_file(cache.images_directory() + "/cntr-lock-" + digest_of(path).hex() + ".lock", LOCK_EX,
                root ? root->mode : 0700);
  spec::Lock lock = spec::read_lock(path);
  const spec::Lock before = lock;
  change(lock);
  if (lock.images() != before.images()) write_file_atomically(path, spec::write_lock(lock));
}

}  // namespace cntr::image
