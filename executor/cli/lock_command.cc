#include <memory>

#include "base/file_system.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/project_images.h"
#include "cli/session.h"
#include "image/project_lock.h"

namespace cntr::cli {
namespace {

struct LockOptions {
  std::string directory = ".";
  std::vector<std::string> names;
  bool update = false;
  bool prune = false;
  bool json = false;
};

const char* word_of(image::LockChange change) {
  switch (change) {
    case image::LockChange::kAdded:
      return "added";
    case image::LockChange::kMoved:
      return "moved";
    case image::LockChange::kKept:
      break;
  }
  return "kept";
}

std::string outcomes_as_text(const std::vector<image::LockOutcome>& outcomes) {
  std::string out;
  for (const image::LockOutcome& outcome : outcomes) {
    std::string word = word_of(outcome.change);
    word.resize(7, ' ');
    out +=
        word + outcome.reference + " (" + outcome.platform + ") " + outcome.identity.text() + "\n";
  }
  return out;
}

std::string outcomes_as_json(const std::vector<image::LockOutcome>& outcomes) {
  JsonWriter out;
  out.begin_array();
  for (const image::LockOutcome& outcome : outcomes) {
    out.begin_object();
    out.key("change").value(word_of(outcome.change));
    out.key("reference").value(outcome.reference);
    out.key("platform").value(outcome.platform);
    out.key("config").value(outcome.identity.text());
    out.end_object();
  }
  out.end_array();
  return out.text() + "\n";
}

int run_lock(const LockOptions& options) {
  const spec::Workflow workflow = open_workflow(options.directory);
  store::Cache cache(store::Cache::default_root(), warnings());
  std::vector<image::LockOutcome> outcomes;
  for (const spec::Image* image : images_named(workflow, options.names)) {
    for (image::LockOutcome& outcome : image::lock_references(*image, options.update, cache)) {
      outcomes.push_back(std::move(outcome));
    }
  }
  print(options.json ? outcomes_as_json(outcomes) : outcomes_as_text(outcomes));
  if (!options.prune) return kSuccess;
  for (const spec::Image& image : workflow.images) {
    if (!image.lock) continue;
    for (const std::string& reference : image::prune_lock(*image.lock, workflow.images, cache)) {
      print_error("cntr: removed " + reference + " from " + *image.lock + "\n");
    }
    break;  // they share one
  }
  return kSuccess;
}

}  // namespace

void add_lock_options(CLI::App& command, Action& action) {
  const auto options = std::make_shared<LockOptions>();
  command.add_option("names", options->names, "Images; all when there are none");
  command.add_option("-C,--build", options->directory, "The build directory")
      ->capture_default_str();
  command.add_flag("--update", options->update, "Ask the registries what the tags mean now");
  command.add_flag("--prune", options->prune, "Remove what no image of this build tree uses");
  command.add_flag("--json", options->json, "For programs");
  command.footer("Writes cntr.lock in the source tree. Example: cntr lock -C build --update tools");
  command.callback([&action, options] { action = [options] { return run_lock(*options); }; });
}

void add_lock_command(CLI::App& app, Action& action) {
  add_lock_options(*app.add_subcommand("lock", "Write down what image references mean"), action);
}

}  // namespace cntr::cli
