#include "build/secret_filter.h"

#include <algorithm>
#include <utility>

namespace cntr::build {

SecretFilter::SecretFilter(std::vector<spec::Variable> secrets, OutputSink sink)
    : secrets_(std::move(secrets)), sink_(std::move(sink)) {
  std::erase_if(secrets_, [](const spec::Variable& secret) { return secret.value.empty(); });
  std::stable_sort(secrets_.begin(), secrets_.end(),
                   [](const spec::Variable& a, const spec::Variable& b) {
                     return a.value.size() > b.value.size();
                   });
}

const spec::Variable* SecretFilter::secret_at(size_t position) const {
  for (const spec::Variable& secret : secrets_) {
    if (pending_.compare(position, secret.value.size(), secret.value) == 0) return &secret;
  }
  return nullptr;
}

bool SecretFilter::may_become_secret(size_t position) const {
  const std::string_view rest = std::string_view(pending_).substr(position);
  for (const spec::Variable& secret : secrets_) {
    if (rest.size() < secret.value.size() &&
        std::string_view(secret.value).substr(0, rest.size()) == rest) {
      return true;
    }
  }
  return false;
}

void SecretFilter::write(std::string_view bytes) {
  if (secrets_.empty()) {
    sink_(bytes);
    return;
  }
  pending_ += bytes;
  drain(false);
}

void SecretFilter::finish() { drain(true); }

void SecretFilter::drain(bool at_end) {
  std::string out;
  size_t position = 0;
  while (position < pending_.size()) {
    // A shorter secret that is complete waits for a longer one that may still become so.
    if (!at_end && may_become_secret(position)) break;
    if (const spec::Variable* secret = secret_at(position)) {
      out += "[secret " + secret->name + "]";
      position += secret->value.size();
    } else {
      out += pending_[position++];
    }
  }
  pending_.erase(0, position);
  if (!out.empty()) sink_(out);
}

}  // namespace cntr::build
