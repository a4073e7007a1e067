// Images that Cntr has built: of Containerfiles by podman, buildah or docker, of Apptainer's
// definition files.
//
// What is built once is kept, under a key that is a digest over all that is declared: the file with
// its bases' locked digests in it, the files of the context, arguments, target and platform. While
// these stay the same the image stays the same, whatever a new build would download. The cache's
// facts "built <key>" hold the identities.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "image/resolve.h"
#include "spec/spec.h"
#include "store/cache.h"

namespace cntr::image {

// What is known of a Containerfile's image before it is built.
struct BuildPlan {
  Digest key;
  std::string text;                // the Containerfile with its bases' digests
  std::vector<std::string> bases;  // "<host>/<name>@<digest>", as they stand in it
  store::Tree context;
  bool from_loopback = false;  // a base comes from a registry that may do without TLS
};

// Reads Containerfile and context, and resolves the bases through the lock. Throws as
// resolve_reference() does, and a user Error for a bad file.
BuildPlan plan_build(const spec::Image& image, store::Cache& cache);

// The tags in registries that a Containerfile builds upon.
std::vector<std::pair<Reference, Platform>> lockable_bases(const spec::Image& image);

// The image that was built of it; nullopt when none was, or the cache has lost it.
std::optional<ResolvedImage> find_built(const spec::Image& image, store::Cache& cache);

// The image that was built of it, or builds it. Throws an environment Error when there is no
// builder, a user Error with the builder's last lines when it fails.
ResolvedImage identify_built(const spec::Image& image, store::Cache& cache);

// With its layers, in the cache afterwards; builds again when they are no longer there. Throws a
// user Error when that gives another image.
LayoutImage bring_built(const spec::Image& image, const Digest& identity, store::Cache& cache);

// Builds without looking at what was built before, and remembers the new identity. Also for
// definitions.
Digest build_again(const spec::Image& image, store::Cache& cache);

// Files that the image is made of, for a depfile.
std::vector<std::string> files_of_build(const spec::Image& image, store::Cache& cache);

}  // namespace cntr::image
