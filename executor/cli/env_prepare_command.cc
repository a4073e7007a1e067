#include <memory>

#include "build/env_identity.h"
#include "cli/env_commands.h"
#include "cli/session.h"

namespace cntr::cli {

void add_env_prepare_command(CLI::App& env, Action& action) {
  CLI::App* const prepare =
      env.add_subcommand("prepare", "Find out an environment's identity, for the build")->group("");
  const auto spec_path = std::make_shared<std::string>();
  prepare->add_option("spec", *spec_path, "Its spec: <build>/cntr/envs/<name>.yaml")->required();
  prepare->footer("Builds nothing: that is done when a step really runs in the environment.");
  prepare->callback([&action, spec_path] {
    action = [spec_path] {
      build::prepare_env(*spec_path, warnings());
      return kSuccess;
    };
  });
}

}  // namespace cntr::cli
