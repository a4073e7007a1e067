#include "store/known_digests.h"

namespace cntr::store {

void KnownDigests::add(uint64_t device, uint64_t inode, const Known& known) {
  if (known.size < kSmallest) return;
  const std::lock_guard lock(mutex_);
  known_[{device, inode}] = known;
}

std::optional<KnownDigests::Known> KnownDigests::find(uint64_t device, uint64_t inode) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find({device, inode});
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

}  // namespace cntr::store
