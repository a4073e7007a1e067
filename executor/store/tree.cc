#include "store/tree.h"

#include <optional>
#include <unordered_set>

#include "base/error.h"
#include "base/text.h"
#include "store/path_text.h"

namespace cntr::store {
namespace {

char letter_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::kFile:
      return 'f';
    case EntryKind::kExecutable:
      return 'x';
    case EntryKind::kDirectory:
      return 'd';
    case EntryKind::kSymlink:
      return 'l';
  }
  throw internal_error("A tree entry has no kind");
}

std::optional<EntryKind> kind_of(std::string_view letter) {
  if (letter == "f") return EntryKind::kFile;
  if (letter == "x") return EntryKind::kExecutable;
  if (letter == "d") return EntryKind::kDirectory;
  if (letter == "l") return EntryKind::kSymlink;
  return std::nullopt;
}

void append_line(const TreeEntry& entry, std::string& out) {
  out += letter_of(entry.kind);
  if (entry.kind == EntryKind::kSymlink) {
    out += ' ' + path_to_text(entry.target);
  } else if (entry.kind != EntryKind::kDirectory) {
    out += ' ' + entry.digest.hex();
  }
  out += ' ' + path_to_text(entry.path) + '\n';
}

Error malformed(size_t line, const std::string& what) {
  return environment_error("Line " + std::to_string(line) + " of a tree listing " + what);
}

TreeEntry parse_line(std::string_view text, size_t line) {
  const std::vector<std::string> words = split(text, ' ');
  const std::optional<EntryKind> kind = kind_of(words[0]);
  if (!kind || words.size() != (kind == EntryKind::kDirectory ? 2U : 3U)) {
    throw malformed(line, "is not an entry");
  }
  TreeEntry entry;
  entry.kind = *kind;
  if (kind == EntryKind::kSymlink) {
    const auto target = path_from_text(words[1]);
    if (!target || target->empty() || target->find('\0') != std::string::npos) {
      throw malformed(line, "has a bad symlink target");
    }
    entry.target = *target;
  } else if (kind != EntryKind::kDirectory) {
    const auto digest =
        words[1].size() == 2 * Digest::kSize ? Digest::parse(words[1]) : std::nullopt;
    if (!digest) throw malformed(line, "has a bad digest");
    entry.digest = *digest;
  }
  const auto path = path_from_text(words.back());
  if (!path || !is_plain_relative_path(*path)) throw malformed(line, "has a bad path");
  entry.path = *path;
  return entry;
}

}  // namespace

std::string Tree::listing() const {
  std::string out;
  for (const TreeEntry& entry : entries) append_line(entry, out);
  return out;
}

Digest Tree::digest() const { return digest_of(listing()); }

Tree parse_tree(std::string_view listing) {
  Tree tree;
  std::unordered_set<std::string> directories;
  for (size_t begin = 0; begin < listing.size();) {
    const size_t line = tree.entries.size() + 1;
    const size_t end = listing.find('\n', begin);
    if (end == std::string_view::npos) throw malformed(line, "is cut off");
    TreeEntry entry = parse_line(listing.substr(begin, end - begin), line);
    if (!tree.entries.empty() && tree.entries.back().path >= entry.path) {
      throw malformed(line, "is not in order");
    }
    const size_t slash = entry.path.rfind('/');
    if (slash != std::string::npos && !directories.contains(entry.path.substr(0, slash))) {
      throw malformed(line, "lies in no directory of the tree");
    }
    if (entry.kind == EntryKind::kDirectory) directories.insert(entry.path);
    tree.entries.push_back(std::move(entry));
    begin = end + 1;
  }
  return tree;
}

}  // namespace cntr::store
