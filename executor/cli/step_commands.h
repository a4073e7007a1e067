// What `cntr run`, `cntr image prepare` and `cntr check` do and print. cntr-ninja does it in its
// own process, with the same words and the same exit codes.
#pragma once

#include <string>

#include "cli/console.h"
#include "cli/session.h"
#include "spec/spec.h"

namespace cntr::cli {

// Throw what StepRunner and its readers throw.
int run_step(const spec::Step& step, Session& session, const Console& console, bool verbose);
int prepare_image(const std::string& spec_path, store::Cache& cache);
int check_steps(const std::string& directory);

}  // namespace cntr::cli
