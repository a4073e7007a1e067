// Archives, read one upon another, and what they become in a directory.
#pragma once

#include <string>

#include "base/file_system.h"
#include "image/archive_reader.h"
#include "image/unpack.h"
#include "tree_listing.h"

namespace cntr::image {

class ArchiveStack {
 public:
  explicit ArchiveStack(Whiteouts whiteouts, const UnpackLimits& limits = {})
      : budget_(limits), builder_(whiteouts, budget_) {}

  struct Result {
    Digest digest;
    size_t entries = 0;
    bool has_end_mark = false;
  };

  Result add(const std::string& path, const std::string& name, Hashed hashed = Hashed::kStream) {
    const UniqueFd fd = open_to_read(path);
    ArchiveContent archive = read_archive(fd.get(), name, hashed, budget_, workshop_);
    const Result result = {archive.digest, archive.entries.size(), archive.has_end_mark};
    builder_.apply(std::move(archive));
    return result;
  }

  FlatImage take() { return builder_.take(); }

  void unpack_to(const std::string& directory) { unpack(take(), directory, TreeModes(0700)); }

 private:
  TemporaryDirectory scratch_{test_place(), "cntr-contents-"};
  squashfs::WorkerPool pool_{2};
  Workshop workshop_{scratch_.path(), pool_, {squashfs::Compressor::kLz4, 0}};
  UnpackBudget budget_;
  ImageBuilder builder_;
};

}  // namespace cntr::image
