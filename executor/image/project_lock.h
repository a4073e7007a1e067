// cntr.lock of a whole project.
#pragma once

#include <string>
#include <vector>

#include "image/reference.h"
#include "spec/spec.h"
#include "store/cache.h"

namespace cntr::image {

enum class LockChange { kKept, kAdded, kMoved };

struct LockOutcome {
  std::string reference;
  std::string platform;
  Digest identity;
  LockChange change = LockChange::kKept;
};

// Locks the references of the image (its own, the bases of its Containerfile): those that are not
// locked yet, or with `update` all of them, as the registries have them now. Throws as
// Resolver::look_up() does.
std::vector<LockOutcome> lock_references(const spec::Image& image, bool update,
                                         store::Cache& cache);

// Removes from the lock what none of the images uses. Returns the references.
std::vector<std::string> prune_lock(const std::string& lock_path,
                                    const std::vector<spec::Image>& images, store::Cache& cache);

}  // namespace cntr::image
