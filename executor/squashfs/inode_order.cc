#include "squashfs/inode_order.h"

#include <utility>

namespace cntr::squashfs {
namespace {

struct Visit {
  NodeId directory;
  std::vector<EntryId> entries;
  size_t next = 0;
};

}  // namespace

InodeOrder::InodeOrder(const Tree& tree) : numbers_(tree.node_count()) {
  uint32_t count = 0;
  std::vector<Visit> stack;
  stack.push_back({Tree::kRoot, tree.entries(Tree::kRoot)});
  while (!stack.empty()) {
    Visit& visit = stack.back();
    if (visit.next < visit.entries.size()) {
      const NodeId node = tree.node(visit.entries[visit.next++]);
      if (tree.kind(node) == NodeKind::kDirectory) stack.push_back({node, tree.entries(node)});
      continue;
    }
    for (const EntryId entry : visit.entries) {
      uint32_t& number = numbers_[tree.node(entry)];
      if (number == 0) number = ++count;  // else it is another name of it
    }
    const size_t begin = entries_.size();
    entries_.insert(entries_.end(), visit.entries.begin(), visit.entries.end());
    listings_.push_back({visit.directory, begin, entries_.size()});
    stack.pop_back();
  }
  numbers_[Tree::kRoot] = ++count;
}

InodeOrder::Listing InodeOrder::listing(size_t index) const {
  const Range& range = listings_[index];
  return {range.directory, std::span(entries_).subspan(range.begin, range.end - range.begin)};
}

}  // namespace cntr::squashfs
