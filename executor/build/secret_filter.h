// Takes secret values out of a stream of output.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "spec/spec.h"

namespace cntr::build {

// Passes on what it gets, with every value of a secret replaced by "[secret NAME]", also where the
// value is cut between two pieces. Not thread-safe.
class SecretFilter {
 public:
  // Empty values are not looked for. `sink` must outlive the filter.
  SecretFilter(std::vector<spec::Variable> secrets, OutputSink sink);

  void write(std::string_view bytes);
  // Passes on what was held back because it could have been the beginning of a secret.
  void finish();

 private:
  // The secret that begins at `position` of pending_, the longest one; null when none does.
  const spec::Variable* secret_at(size_t position) const;
  // Whether what stands from `position` on could become a secret with more input.
  bool may_become_secret(size_t position) const;
  void drain(bool at_end);

  std::vector<spec::Variable> secrets_;  // longest value first
  OutputSink sink_;
  std::string pending_;
};

}  // namespace cntr::build
