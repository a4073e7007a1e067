#include <memory>

#include "cli/command.h"
#include "cli/step_commands.h"

namespace cntr::cli {

void add_image_command(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("image", "Images of the project");
  command->require_subcommand(1);
  CLI::App* const prepare =
      command->add_subcommand("prepare", "Find out an image's identity and write it down");
  const auto spec_path = std::make_shared<std::string>();
  prepare->add_option("spec", *spec_path, "The image's spec: <build>/cntr/images/<name>.yaml")
      ->required();
  prepare->callback([&action, spec_path] {
    action = [spec_path] {
      store::Cache cache(store::Cache::default_root(), warnings());
      return prepare_image(*spec_path, cache);
    };
  });
}

}  // namespace cntr::cli
