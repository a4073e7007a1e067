// The outputs of a step: what lies in the build tree, what the step made, and putting the second in
// place of the first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "build/resolved_step.h"
#include "spec/signature_text.h"
#include "store/cache.h"

namespace cntr::build {

// One line an output: `output "/build/a.csv" file sha256:...` or `... absent`. Comparing two of
// these texts tells whether the build tree holds a result.
spec::SignatureText describe_outputs(const ResolvedStep& resolved,
                                     const std::vector<store::Output>& outputs);
spec::SignatureText describe_build_tree(const ResolvedStep& resolved, store::FileDigests& digests);

// What the step should have made at its declared outputs and did not: one sentence each, and the
// files that it made instead. Empty when all is there.
std::vector<std::string> missing_outputs(const ResolvedStep& resolved, const std::string& work);

// Gives what the step made at its declared outputs, all of which must be there, the permissions
// that the caller's own files would have. One sentence for each output directory that holds what
// cannot be kept: a socket, a fifo or a device.
std::vector<std::string> normalise_outputs(const ResolvedStep& resolved, const std::string& work);

// Puts the new file or directory `made` at `final_path`, in one rename, with the modification time
// `stamp` (nanoseconds since the epoch). In a directory, files whose bytes are those of the old
// directory keep their modification times. `trash` is a directory on the same file system as
// `made`, for what was there before.
void publish_file(const std::string& made, const std::string& final_path, const std::string& trash,
                  int64_t stamp);
void publish_directory(const std::string& made, const store::Tree& tree,
                       const std::string& final_path, const std::optional<store::Tree>& old_tree,
                       const std::string& trash, int64_t stamp);
// Takes away what an optional output left behind earlier.
void retract(const std::string& final_path);

}  // namespace cntr::build
