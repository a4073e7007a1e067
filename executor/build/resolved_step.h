// A step with everything looked up that its signature needs: what is independent of the host.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/file_system.h"
#include "build/watch_list.h"
#include "spec/signature_text.h"
#include "spec/spec.h"
#include "store/cache.h"
#include "store/file_digests.h"

namespace cntr::build {

struct ResolvedInput {
  std::string host;
  std::string container;
  bool directory = false;
  bool executable = false;
  Digest digest;
  std::vector<Watched> watched;  // it, and all that is in it, as it was before it was hashed
};

struct ResolvedOutput {
  std::string host;
  std::string container;
  store::OutputKind kind = store::OutputKind::kFile;
  bool optional = false;
};

struct ResolvedStep {
  std::vector<std::string> argv;          // entrypoint and command, with paths inside
  std::string directory;                  // working directory inside
  std::vector<spec::Variable> variables;  // declared and passed on, in order; paths inside
  std::vector<ResolvedInput> inputs;      // sorted by container path
  std::vector<ResolvedOutput> outputs;    // sorted by container path
  bool cacheable = true;                  // false: CACHE OFF or an undeclared mount
  bool repeatable = true;                 // false: an undeclared mount: nothing proves it current
  spec::SignatureText signature;
};

// `image` is the identity of the step's image, null for the host; `env` that of its conda
// environment, null for none. Throws a user Error at the step's
// location for an input that is missing, unreadable or outside every root, a command that names
// nothing, a host tool that is not found.
ResolvedStep resolve(const spec::Step& step, const spec::ImageIdentity* image,
                     const spec::EnvIdentity* env, store::FileDigests& digests);

// The search path of a step that declares none.
inline constexpr std::string_view kDefaultSearchPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

}  // namespace cntr::build
