// Images that apptainer (or singularity) builds from a definition file, kept as SIF files in the
// cache, by their digest (pulled_images.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "image/pulled_images.h"
#include "spec/spec.h"
#include "store/cache.h"

namespace cntr::image {

// The definition file and what its %files sections take from the host, as far as they name it
// plainly (a path without wildcards). Throws a user Error when it is not there.
std::vector<std::string> files_of_definition(const std::string& definition);

// The SIF's digest that is remembered, if any.
std::optional<Digest> find_definition(const spec::Image& image, store::Cache& cache);

// The SIF's digest, which the cache remembers for these files' contents; builds it when it is not
// known or not there. Throws an environment Error when there is neither apptainer nor singularity
// on PATH, a user Error with its last lines when it fails.
Digest identify_definition(const spec::Image& image, store::Cache& cache);

// The SIF of that digest. Throws a user Error when it must be built again and comes out otherwise.
std::string sif_of_definition(const spec::Image& image, const Digest& identity,
                              PulledImages& pulled, store::Cache& cache);

// Builds without looking at what was built before.
Digest build_definition_again(const spec::Image& image, store::Cache& cache);

}  // namespace cntr::image
