#include "ninja/canonical_path.h"

#include <cstring>

namespace cntr::ninja {

namespace {

// What stays in front in any case: the slash of an absolute path, or each leading "../".
size_t fixed_prefix(const char* path, size_t size) {
  if (path[0] == '/') return 1;
  size_t prefix = 0;
  while (size - prefix >= 3 && std::memcmp(path + prefix, "../", 3) == 0) prefix += 3;
  return prefix;
}

// Writes a path component by component over the path that it is made from.
class Writer {
 public:
  Writer(char* path, size_t prefix) : path_(path), floor_(prefix), size_(prefix) {}

  // `component` lies at or behind the end of what is written; `slash` when one follows it there.
  void add(const char* component, size_t length, bool slash) {
    if (length == 0 || (length == 1 && component[0] == '.')) return;
    if (length == 2 && component[0] == '.' && component[1] == '.' && removable_ > 0) {
      remove_last();
      return;
    }
    if (length != 2 || component[0] != '.' || component[1] != '.') ++removable_;
    const size_t with_slash = length + (slash ? 1 : 0);
    if (path_ + size_ != component) std::memmove(path_ + size_, component, with_slash);
    size_ += with_slash;
  }

  size_t finish() {
    const size_t root = path_[0] == '/' && floor_ == 1 ? 1 : 0;
    if (size_ > root && path_[size_ - 1] == '/') --size_;
    if (size_ == 0) path_[size_++] = '.';
    return size_;
  }

 private:
  void remove_last() {
    --removable_;
    --size_;
    while (size_ > floor_ && path_[size_ - 1] != '/') --size_;
  }

  char* path_;
  size_t floor_;  // what ".." never removes
  size_t size_;
  size_t removable_ = 0;  // components that ".." can remove
};

}  // namespace

void canonicalize(std::string& path) { path.resize(canonicalize(path.data(), path.size())); }

size_t canonicalize(char* path, size_t size) {
  if (size == 0) return 0;
  size_t at = fixed_prefix(path, size);
  Writer writer(path, at);
  while (at < size) {
    const char* component = path + at;
    const void* slash = std::memchr(component, '/', size - at);
    const size_t length = slash == nullptr
                              ? size - at
                              : static_cast<size_t>(static_cast<const char*>(slash) - component);
    at += length + 1;
    writer.add(component, length, slash != nullptr);
  }
  return writer.finish();
}

bool is_canonical(std::string_view path) {
  if (path.empty() || path == "." || path == "/") return true;
  if (path.back() == '/') return false;
  size_t at = fixed_prefix(path.data(), path.size());
  bool named = false;  // a component that a later ".." would remove
  while (at < path.size()) {
    const void* slash = std::memchr(path.data() + at, '/', path.size() - at);
    const size_t end = slash == nullptr
                           ? path.size()
                           : static_cast<size_t>(static_cast<const char*>(slash) - path.data());
    const size_t length = end - at;
    if (length == 0 || (length == 1 && path[at] == '.')) return false;
    const bool parent = length == 2 && path[at] == '.' && path[at + 1] == '.';
    if (parent && named) return false;
    named = named || !parent;
    at = end + 1;
  }
  return true;
}

}  // namespace cntr::ninja
