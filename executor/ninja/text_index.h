// An open-addressing hash table from text to the number of something that has that text. The text
// itself lies elsewhere: who asks compares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fast_hash.h"

namespace cntr::ninja {

struct IndexSlot {
  uint32_t hash = 0;
  uint32_t id = UINT32_MAX;  // UINT32_MAX: the slot is free
};

inline uint32_t index_hash(std::string_view text) { return static_cast<uint32_t>(fast_hash(text)); }

// The slot that holds a text of this hash for which `equal(id)` holds, or the free one where it
// would be put. `slots` is empty or has a power of two of slots, at least one of them free.
template <class Slot, class Equal>
Slot* find_slot(std::span<Slot> slots, uint32_t hash, Equal equal) {
  if (slots.empty()) return nullptr;
  const size_t mask = slots.size() - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& slot = slots[at];
    if (slot.id == UINT32_MAX || (slot.hash == hash && equal(slot.id))) return &slot;
  }
}

// A table that grows. Not thread-safe.
class TextIndex {
 public:
  explicit TextIndex(size_t expected = 0) {
    size_t size = kSmallest;
    while (size < expected * 2) size *= 2;
    slots_.resize(size);
  }

  // The id of the text; when it has none yet, `add()` makes one.
  template <class Equal, class Add>
  uint32_t find_or_add(uint32_t hash, Equal equal, Add add) {
    IndexSlot* slot = find_slot(std::span(slots_), hash, equal);
    if (slot->id != UINT32_MAX) return slot->id;
    const uint32_t id = add();
    *slot = {hash, id};
    if (++used_ * 2 > slots_.size()) grow();
    return id;
  }

  template <class Equal>
  uint32_t find(uint32_t hash, Equal equal) const {  // UINT32_MAX when there is none
    return find_slot(std::span(slots_), hash, equal)->id;
  }

  std::vector<IndexSlot> take() { return std::move(slots_); }

 private:
  static constexpr size_t kSmallest = 64;

  void grow() {
    std::vector<IndexSlot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const IndexSlot& slot : old) {
      if (slot.id == UINT32_MAX) continue;
      *find_slot(std::span(slots_), slot.hash, [](uint32_t) { return false; }) = slot;
    }
  }

  std::vector<IndexSlot> slots_;
  size_t used_ = 0;
};

}  // namespace cntr::ninja
