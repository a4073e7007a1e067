// From a reference to an image's identity: through cntr.lock, the cache and, where that is allowed,
// the registry or the engine.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "image/pulled_images.h"
#include "image/reference.h"
#include "spec/lock.h"
#include "spec/spec.h"

namespace cntr::image {

// What a reference means, for one platform.
struct ResolvedImage {
  Reference reference;
  Digest manifest;  // of an image in a registry
  Digest identity;
  Config config;
};

// Whether a registry may be asked.
struct NetworkUse {
  std::string forbidden_because;  // "" when it may
  std::string remedy;             // what brings the image all the same
};

// A user Error: what a reference means stands neither in the lock nor in the cache, and no registry
// may be asked.
class NotAtHand : public Error {
  using Error::Error;
};

// What PULL and the variable CNTR_OFFLINE say.
NetworkUse network_use(const spec::Image& image);
// PLATFORM, or the machine's.
Platform platform_of(const spec::Image& image);

// Asks registries and engines, and remembers in the cache what has a digest. Functions throw as
// those of skopeo.h do, and a user Error for what is no image or for another platform.
class Resolver {
 public:
  Resolver(store::Cache& cache, Platform platform, NetworkUse network);

  const Platform& platform() const { return platform_; }
  PulledImages& pulled() { return pulled_; }

  // Of a registry. Asks it what a tag means now; what has a digest is looked for in the cache
  // first. Layers are not fetched.
  ResolvedImage look_up(const Reference& reference);
  // What a name means now in an engine on this machine. The Docker engine's images are brought to
  // the cache to find out, each once.
  ResolvedImage look_into_engine(const Reference& reference);
  // What the lock says the reference means. Throws a user Error at the lock's line when that is not
  // true.
  ResolvedImage look_up_locked(const Reference& reference, const spec::LockedImage& locked);

  // The image with its layers, in the cache afterwards.
  LayoutImage bring(const ResolvedImage& image);

 private:
  std::string document(const Reference& reference, const Digest& digest);
  LayoutImage bring_from_registry(const ResolvedImage& image, PulledImages::Work work);
  ResolvedImage look_up_manifest(const Reference& reference, Digest digest, std::string text);
  std::string config_text(const Reference& reference, const Digest& manifest, const Digest& config);
  Config config_of(const Reference& reference, const Digest& manifest, const Digest& config);
  ResolvedImage look_into_docker(const Reference& reference);
  ResolvedImage look_into_storage(const Reference& reference);
  void require_network(const Reference& reference) const;

  store::Cache& cache_;
  Platform platform_;
  NetworkUse network_;
  PulledImages pulled_;
};

// What the reference of an image, or of a base of its Containerfile, means for the image: what the
// lock says; a reference that is not locked yet is looked up and added. Engines are looked into,
// and with PULL always registries are asked, each time. Throws a user Error when a reference is not
// locked and must be (CNTR_LOCKED).
ResolvedImage resolve_reference(const spec::Image& image, const Reference& reference,
                                Resolver& resolver, store::Cache& cache);

// Whether the lock has to do with the reference: tags in registries.
bool is_lockable(const Reference& reference);

// Asks the registry and writes what it says into the lock, unless the same stands there. Returns
// the identity.
Digest lock_again(const std::string& lock_path, const Reference& reference, Resolver& resolver,
                  store::Cache& cache);

// Changes the lock as `change` does; one process of this cache at a time. A lock that is as it was
// is not touched.
void change_lock(const std::string& path, const store::Cache& cache,
                 const std::function<void(spec::Lock&)>& change);

}  // namespace cntr::image
