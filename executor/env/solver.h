// The user's own solver of conda packages (micromamba, mamba, conda, pixi), which is asked which
// packages an environment needs. It installs nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/warning.h"
#include "env/lock.h"
#include "env/solve_request.h"
#include "spec/spec.h"

namespace cntr::env {

enum class SolverKind { kMicromamba, kMamba, kConda, kPixi };

struct Solver {
  std::string program;  // absolute
  SolverKind kind = SolverKind::kConda;

  std::string name() const;  // "micromamba"
};

// By its name: anything that is not one of the others is as conda.
SolverKind kind_of_solver(std::string_view program);

// The one that the request names; with "auto" that of CNTR_CONDA_EXE, the first of the request's
// preferred one, micromamba, mamba, conda and pixi on PATH, what a shell that activated conda says
// (MAMBA_EXE, CONDA_EXE), or what the request's installer, or CNTR_CONDA_INSTALLER, installs below
// `directory` (install_solver(), with this `scratch` and `tell`). Throws a user Error, with what to
// do, when there is none.
Solver find_solver(const spec::EnvRequest& request, const std::string& directory,
                   const std::string& scratch, const WarningSink& tell);

// Asks the solver. `scratch` is a directory for what it writes. The packages are in an order in
// which each is behind those that it depends on; credentials are taken out of their URLs. Throws a
// user Error with the solver's own message when it finds no solution, or gives no answer that can
// be read.
std::vector<LockedPackage> solve(const Solver& solver, const SolveRequest& request,
                                 const std::string& scratch);

// The answer to `create --dry-run --json`, as conda and mamba give it. `where` names it in
// messages. Throws a user Error for what is no answer, or one without a package's sum.
std::vector<LockedPackage> parse_solution(std::string_view json, const std::string& where);

}  // namespace cntr::env
