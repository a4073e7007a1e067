#include "image/project_lock.h"

#include <set>
#include <utility>

#include "base/error.h"
#include "image/built_image.h"
#include "image/resolve.h"

namespace cntr::image {
namespace {

std::vector<std::pair<Reference, Platform>> lockable_references(const spec::Image& image) {
  if (image.pull == spec::PullPolicy::kAlways) return {};
  if (image.build) return lockable_bases(image);
  if (!image.reference) return {};
  const Reference reference = parse_reference(*image.reference);
  if (!is_lockable(reference)) return {};
  return {{reference, platform_of(image)}};
}

}  // namespace

std::vector<LockOutcome> lock_references(const spec::Image& image, bool update,
                                         store::Cache& cache) {
  std::vector<LockOutcome> out;
  if (!image.lock) return out;
  for (const auto& [reference, platform] : lockable_references(image)) {
    const spec::Lock lock = spec::read_lock(*image.lock);
    const spec::LockedImage* const locked = lock.find(reference.text(), platform.text());
    LockOutcome outcome{reference.text(), platform.text(), {}, LockChange::kKept};
    if (locked != nullptr && !update) {
      outcome.identity = locked->config;
    } else {
      // What is asked for by name may use the network.
      Resolver resolver(cache, platform, {});
      outcome.identity = lock_again(*image.lock, reference, resolver, cache);
      if (locked == nullptr) outcome.change = LockChange::kAdded;
      if (locked != nullptr && locked->config != outcome.identity) {
        outcome.change = LockChange::kMoved;
      }
    }
    out.push_back(std::move(outcome));
  }
  return out;
}

std::vector<std::string> prune_lock(const std::string& lock_path,
                                    const std::vector<spec::Image>& images, store::Cache& cache) {
  std::set<std::pair<std::string, std::string>> used;
  for (const spec::Image& image : images) {
    for (const auto& [reference, platform] : lockable_references(image)) {
      used.emplace(reference.text(), platform.text());
    }
  }
  std::vector<std::string> removed;
  change_lock(lock_path, cache, [&](spec::Lock& lock) {
    lock.retain([&](const spec::LockedImage& locked) {
      const bool keep = used.contains({locked.reference, locked.platform});
      if (!keep) removed.push_back(locked.reference);
      return keep;
    });
  });
  return removed;
}

}  // namespace cntr::image
