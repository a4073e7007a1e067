// Files in memory, with identities as a real file system gives them and a clock that tests move.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/disk.h"

namespace cntr::engine {

inline constexpr int64_t kFakeMillisecond = 1'000'000;
inline constexpr int64_t kFakeSecond = 1'000'000'000;

// Paths are canonical. Not thread-safe for writing.
class FakeDisk : public Disk {
 public:
  Identity identity(const char* path) const override {
    const std::shared_ptr<File> file = find(path);
    ++looks_;
    if (file == nullptr) return {};
    if (file->unreadable) throw environment_error("cannot look at " + std::string(path));
    Identity identity;
    identity.device = 1;
    identity.inode = file->inode;
    identity.size = file->text.size();
    identity.mtime = file->mtime;
    identity.ctime = file->ctime;
    identity.mode = file->mode;
    identity.links = static_cast<uint32_t>(std::count_if(
        files_.begin(), files_.end(), [&file](const auto& entry) { return entry.second == file; }));
    return identity;
  }

  Digest content(const std::string& path, const Identity& identity) const override {
    ++reads_;
    const std::shared_ptr<File> file = find(path);
    if (file == nullptr || !identity.exists()) return {};
    if (identity.is_directory()) return digest_of("directory\n" + listing(path));
    return digest_of(((file->mode & 0111) != 0 ? "x" : "-") + file->text);
  }

  std::optional<std::string> read(const std::string& path) const override {
    const std::shared_ptr<File> file = find(path);
    if (file == nullptr) return std::nullopt;
    return file->text;
  }
  void write(const std::string& path, std::string_view text) override { put(path, text); }
  void make_parents(const std::string& path) override {
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos || slash == 0) return;
    const std::string parent = path.substr(0, slash);
    if (files_.contains(parent)) return;
    make_parents(parent);
    create(parent, 0040755);
  }
  bool remove(const std::string& path) override {
    if (files_.erase(path) == 0) return false;
    entry_changed(path);
    return true;
  }
  // Goes on a little whenever somebody looks.
  int64_t file_time() const override { return now_ += kFakeMillisecond; }

  // What tests and fake commands do. As an editor that writes in place: the inode stays.
  void put(const std::string& path, std::string_view text) {
    std::shared_ptr<File> file = find(path);
    if (file == nullptr) file = create(path, 0100644);
    file->text = text;
    file->mtime = file->ctime = stamp();
  }
  // As an editor that renames a new file, with this mtime, over the old one.
  void replace(const std::string& path, std::string_view text, int64_t mtime) {
    files_.erase(path);
    put(path, text);
    find(path)->mtime = mtime;
  }
  void touch(const std::string& path) {
    const std::optional<std::string> text = read(path);
    put(path, text.value_or(""));
  }
  // As utimes(): only ctime tells.
  void set_mtime(const std::string& path, int64_t mtime) {
    find(path)->mtime = mtime;
    find(path)->ctime = stamp();
  }
  void set_mode(const std::string& path, uint32_t mode) {
    find(path)->mode = mode;
    find(path)->ctime = stamp();
  }
  void make_directory(const std::string& path) { create(path, 0040755); }
  void link(const std::string& from, const std::string& to) {
    const std::shared_ptr<File> file = find(from);
    file->ctime = stamp();
    files_[to] = file;
    entry_changed(to);
  }
  void forbid(const std::string& path) { find(path)->unreadable = true; }
  // Every later write leaves all times of the file as they are, as within one tick of a clock.
  void put_unseen(const std::string& path, std::string_view text) { find(path)->text = text; }

  bool exists(const std::string& path) const { return files_.contains(path); }
  std::string text(const std::string& path) const { return read(path).value_or("(none)"); }

  void advance(int64_t nanoseconds) { now_ += nanoseconds; }
  int64_t now() const { return now_; }
  // Of the times of files: 1 for a fine clock, kFakeSecond for an old network file system.
  void set_granularity(int64_t nanoseconds) { granularity_ = nanoseconds; }

  size_t looks() const { return looks_; }
  size_t reads() const { return reads_; }

 private:
  struct File {
    std::string text;
    uint64_t inode = 0;
    int64_t mtime = 0;
    int64_t ctime = 0;
    uint32_t mode = 0;
    bool unreadable = false;
  };

  std::shared_ptr<File> find(const std::string& path) const {
    const auto found = files_.find(path);
    return found == files_.end() ? nullptr : found->second;
  }
  int64_t stamp() {
    const int64_t now = file_time();
    return now - now % granularity_;
  }
  std::shared_ptr<File> create(const std::string& path, uint32_t mode) {
    make_parents(path);
    auto file = std::make_shared<File>();
    file->inode = ++last_inode_;
    file->mode = mode;
    file->mtime = file->ctime = stamp();
    files_[path] = file;
    entry_changed(path);
    return file;
  }
  void entry_changed(const std::string& path) {
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) return;
    const std::shared_ptr<File> parent = find(path.substr(0, slash));
    if (parent != nullptr) parent->mtime = parent->ctime = stamp();
  }
  std::string listing(const std::string& directory) const {
    std::string names;
    for (const auto& [path, file] : files_) {
      if (!path.starts_with(directory + "/")) continue;
      const std::string name = path.substr(directory.size() + 1);
      if (name.find('/') == std::string::npos) names += name + "\n";
    }
    return names;
  }

  std::map<std::string, std::shared_ptr<File>> files_;
  uint64_t last_inode_ = 0;
  int64_t granularity_ = 1;
  mutable std::atomic<int64_t> now_ = 1'700'000'000 * kFakeSecond;
  mutable std::atomic<size_t> looks_ = 0;
  mutable std::atomic<size_t> reads_ = 0;
};

}  // namespace cntr::engine
