#include "engine/file_table.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "base/parallel.h"

namespace cntr::engine {

using ninja::NodeId;

namespace {

// Below that a thread costs more than it brings.
constexpr size_t kProbesAThread = 512;
constexpr size_t kReadsAThread = 64;

unsigned threads_for(size_t useful) {
  const size_t processors = std::thread::hardware_concurrency();
  return static_cast<unsigned>(std::clamp<size_t>(processors, 1, std::max<size_t>(useful, 1)));
}

// File, directory or another kind; 0 when nothing is there.
uint32_t kind_of(const Identity& identity) { return identity.mode & 0170000; }

bool is_racy(const Identity& identity, int64_t now) {
  return identity.exists() && std::max(identity.mtime, identity.ctime) > now - kRacyNanoseconds;
}

}  // namespace

// What a look at a file brought.
struct FileTable::Finding {
  NodeId node = ninja::kNone;
  Identity identity;
  bool same = false;  // the memo holds
  bool read = false;  // `digest` is its content
  uint32_t racy = 0;
  Digest digest;
};

bool FileTable::is_precompiled(NodeId node) const {
  return ninja::is_precompiled_header(state_.graph.path(node));
}

bool FileTable::would_be_stamp(NodeId node, const Identity& identity) const {
  const bool is_empty = identity.is_regular() && identity.size == 0;
  const bool says_nothing = !identity.exists() || is_empty || identity.is_directory();
  if (!says_nothing && !is_precompiled(node)) return false;
  const ninja::EdgeId edge = state_.graph.producer(node);
  return edge != ninja::kNone && !state_.graph.has(edge, ninja::kPhony);
}

void FileTable::grow() {
  if (looked_.size() < state_.memos.size()) {
    looked_.resize(state_.memos.size());
    remembered_.resize(state_.memos.size());
  }
}

void FileTable::remember(NodeId node) {
  if (remembered_[node] != 0) return;
  remembered_[node] = 1;
  changed_.push_back(node);
}

FileTable::Finding FileTable::examine(NodeId node, std::string& path) const {
  path.assign(state_.graph.path(node));
  const FileMemo& memo = state_.memos[node];
  Finding finding;
  finding.node = node;
  finding.identity = disk_.identity(path.c_str());
  const bool same_identity = finding.identity == memo.identity;
  if (memo.content == kUnknown) return finding;
  if (same_identity && memo.racy == 0) {
    finding.same = true;
    return finding;
  }
  if (finding.identity.exists() && would_be_stamp(node, finding.identity)) {
    // An empty file that was empty stays the stamp that it was, and so does what nobody wrote.
    finding.same = memo.identity.exists() && would_be_stamp(node, memo.identity) &&
                   memo.identity.is_directory() == finding.identity.is_directory() &&
                   (!is_precompiled(node) || (memo.identity.size == finding.identity.size &&
                                              memo.identity.mtime == finding.identity.mtime));
    if (!finding.same) {
      finding.read = true;
      finding.digest = digest_of("empty output");
    }
    return finding;
  }
  const int64_t now = disk_.file_time();
  finding.read = true;
  finding.digest = disk_.content(path, finding.identity);
  finding.racy = is_racy(finding.identity, now) ? 1 : 0;
  return finding;
}

void FileTable::accept(const Finding& finding) {
  FileMemo& memo = state_.memos[finding.node];
  const bool moved = !(memo.identity == finding.identity);
  if (finding.read) {
    const bool equal =
        memo.content != kUnknown && state_.contents.at(memo.content) == finding.digest;
    if (!equal) memo.content = state_.contents.add(finding.digest);
    if (moved || !equal || memo.racy != finding.racy) remember(finding.node);
    memo.racy = finding.racy;
  } else if (moved) {
    if (memo.content != kUnknown) remember(finding.node);
  }
  memo.identity = finding.identity;
}

// Calls work(begin, end, thread) for pieces of [0, count), on several threads when it is worth it.
// Throws the exception of one.
template <typename Work>
void FileTable::spread(unsigned threads, size_t count, size_t piece, const Work& work) {
  std::atomic<size_t> next{0};
  run_in_parallel(threads, threads, [&](size_t thread) {
    for (size_t begin = next.fetch_add(piece); begin < count; begin = next.fetch_add(piece)) {
      work(begin, std::min(begin + piece, count), thread);
    }
  });
}

FileTable::Probed FileTable::probe(std::span<const NodeId> nodes) {
  grow();
  const unsigned threads = threads_for(nodes.size() / kProbesAThread);
  std::vector<std::vector<Finding>> findings(threads);
  spread(threads, nodes.size(), 128, [&](size_t begin, size_t end, size_t thread) {
    std::string path;
    for (const NodeId node : nodes.subspan(begin, end - begin)) {
      if (looked_[node] != 0) continue;
      const Finding finding = examine(node, path);
      looked_[node] = 1;
      // What holds as it is needs no further thought; that is nearly every file.
      const bool in_place = finding.identity == state_.memos[node].identity;
      if (!in_place || finding.read) findings[thread].push_back(finding);
    }
  });

  Probed probed;
  for (const std::vector<Finding>& found : findings) {
    for (const Finding& finding : found) {
      FileMemo& memo = state_.memos[finding.node];
      const ContentId before = memo.content;
      const uint32_t kind = kind_of(memo.identity);
      const bool in_place = memo.identity == finding.identity;
      accept(finding);
      probed.all_in_place &= in_place;
      if (before == kUnknown ? kind != kind_of(memo.identity) : before != memo.content) {
        probed.changed.push_back(finding.node);
      }
    }
  }
  return probed;
}

void FileTable::read(std::vector<NodeId> nodes) {
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  std::erase_if(nodes, [this](NodeId node) {
    const Identity& its = identity(node);
    return state_.memos[node].content != kUnknown || !its.exists() || would_be_stamp(node, its);
  });
  std::vector<Digest> digests(nodes.size());
  const int64_t now = disk_.file_time();
  spread(threads_for(nodes.size() / kReadsAThread), nodes.size(), 16,
         [&](size_t begin, size_t end, size_t) {
           for (size_t i = begin; i < end; ++i) {
             digests[i] = disk_.content(std::string(state_.graph.path(nodes[i])),
                                        state_.memos[nodes[i]].identity);
           }
         });
  for (size_t i = 0; i < nodes.size(); ++i) {
    FileMemo& memo = state_.memos[nodes[i]];
    memo.content = state_.contents.add(digests[i]);
    memo.racy = is_racy(memo.identity, now) ? 1 : 0;
    remember(nodes[i]);
  }
}

const Identity& FileTable::identity(NodeId node) {
  grow();
  if (looked_[node] == 0) probe(std::span(&node, 1));
  return state_.memos[node].identity;
}

ContentId FileTable::content(NodeId node) {
  identity(node);
  FileMemo& memo = state_.memos[node];
  if (memo.content != kUnknown) return memo.content;
  if (!memo.identity.exists()) {
    memo.content = kMissing;
  } else if (would_be_stamp(node, memo.identity)) {
    memo.content = state_.contents.add(digest_of("empty output"));
  } else {
    const int64_t now = disk_.file_time();
    memo.content =
        state_.contents.add(disk_.content(std::string(state_.graph.path(node)), memo.identity));
    memo.racy = is_racy(memo.identity, now) ? 1 : 0;
  }
  remember(node);
  return memo.content;
}

void FileTable::look_again(NodeId node) {
  grow();
  looked_[node] = 1;
  FileMemo& memo = state_.memos[node];
  const Identity identity = disk_.identity(std::string(state_.graph.path(node)).c_str());
  if (identity == memo.identity && memo.racy == 0) return;
  const bool still_stamp = would_be_stamp(node, identity) && would_be_stamp(node, memo.identity) &&
                           identity.exists() == memo.identity.exists();
  memo.identity = identity;
  if (!still_stamp) memo.content = kUnknown;
  remember(node);
}

void FileTable::set_stamp(NodeId node, ContentId content) {
  FileMemo& memo = state_.memos[node];
  if (memo.content == content) return;
  memo.content = content;
  memo.racy = 0;
  remember(node);
}

bool FileTable::is_stamp(NodeId node) { return would_be_stamp(node, identity(node)); }

std::vector<NodeId> FileTable::take_changed_memos() {
  for (const NodeId node : changed_) remembered_[node] = 0;
  return std::exchange(changed_, {});
}

}  // namespace cntr::engine
