#include <memory>
#include <variant>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "build/image_identity.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/image_report.h"
#include "cli/project_images.h"
#include "cli/session.h"
#include "cli/step_commands.h"
#include "image/built_image.h"
#include "image/cached_images.h"
#include "image/content.h"
#include "image/push.h"

namespace cntr::cli {
namespace {

struct ImageOptions {
  std::string directory = ".";
  std::vector<std::string> names;
  std::vector<std::string> references;
  std::string age = "30d";
  bool json = false;
};

store::Cache open_cache() { return {store::Cache::default_root(), warnings()}; }

image::ImageView view(const spec::Workflow& workflow, const spec::Image& image,
                      store::Cache& cache) {
  return image::view_of(image, build::last_image_identity(workflow.image_spec(image)), cache);
}

// Of all images, one that cannot be looked at must not hide the others.
image::ImageView view_among_others(const spec::Workflow& workflow, const spec::Image& image,
                                   store::Cache& cache) {
  try {
    return view(workflow, image, cache);
  } catch (const Error& error) {
    warnings()(error.message());
    return image::declared_view(image);
  }
}

// Prints the images by `as_text`, or as JSON.
template <typename AsText>
int report(const ImageOptions& options, const AsText& as_text) {
  const spec::Workflow workflow = open_workflow(options.directory);
  store::Cache cache = open_cache();
  std::vector<ReportedImage> images;
  for (const spec::Image* image : images_named(workflow, options.names)) {
    images.push_back({*image,
                      options.names.empty() ? view_among_others(workflow, *image, cache)
                                            : view(workflow, *image, cache),
                      steps_in(workflow, *image)});
  }
  print(options.json ? images_as_json(images) : as_text(images));
  return kSuccess;
}

int list_images(const ImageOptions& options) {
  return report(options, [](const auto& images) { return list_as_text(images); });
}

template <typename AsText>
std::string joined(const std::vector<ReportedImage>& images, const AsText& as_text) {
  std::string out;
  for (const ReportedImage& image : images) {
    if (!out.empty()) out += "\n";
    out += as_text(image);
  }
  return out;
}

int inspect_images(const ImageOptions& options) {
  return report(options, [](const auto& images) { return joined(images, inspect_as_text); });
}

int show_layers(const ImageOptions& options) {
  return report(options, [](const auto& images) {
    if (images.size() == 1) return layers_as_text(images.front());
    return joined(images, [](const ReportedImage& image) {
      return image.image.name + "\n" + layers_as_text(image);
    });
  });
}

// As the project declares it, except that it may be fetched: somebody has asked for it by name.
spec::Image fetchable(const spec::Image& image) {
  spec::Image out = image;
  if (out.pull == spec::PullPolicy::kNever) out.pull = spec::PullPolicy::kMissing;
  return out;
}

int pull_images(const ImageOptions& options) {
  const spec::Workflow workflow = open_workflow(options.directory);
  store::Cache cache = open_cache();
  for (const spec::Image* named : images_named(workflow, options.names)) {
    const spec::Image image = fetchable(*named);
    const spec::ImageIdentity found = image::identify(image, cache);
    image::open_content(image, found.identity, cache);
    print(image.name + " " + found.identity.text() + "\n");
  }
  return kSuccess;
}

int build_images(const ImageOptions& options) {
  const spec::Workflow workflow = open_workflow(options.directory);
  store::Cache cache = open_cache();
  for (const spec::Image* image : images_named(workflow, options.names)) {
    if (!image->build && !image->definition) {
      if (options.names.empty()) continue;
      throw user_error("Image " + image->name + " is not built from anything",
                       {"Images with CONTAINERFILE or DEFINITION are."});
    }
    const Digest identity = image::build_again(fetchable(*image), cache);
    build::prepare_image(workflow.image_spec(*image), cache);
    print(image->name + " " + identity.text() + "\n");
  }
  return kSuccess;
}

int push_images(const ImageOptions& options) {
  const spec::Workflow workflow = open_workflow(options.directory);
  store::Cache cache = open_cache();
  const spec::Image& image = *images_named(workflow, options.names).front();
  const spec::ImageIdentity found = image::identify(image, cache);
  const image::Content content = image::open_content(image, found.identity, cache);
  const auto* const layers = std::get_if<image::LayerContent>(&content);
  if (layers == nullptr) {
    throw user_error("Image " + image.name + " has no layers that a registry could take");
  }
  std::vector<image::Reference> references;
  for (const std::string& text : options.references) {
    references.push_back(image::parse_reference(text));
  }
  image::push_image(*layers, references, cache);
  for (const image::Reference& reference : references) {
    print(reference.text() + " " + layers->image.manifest.digest.text() + "\n");
  }
  return kSuccess;
}

int collect_garbage(const ImageOptions& options) {
  store::Cache cache = open_cache();
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(parse_duration(options.age));
  const image::Removed removed = image::remove_unused_images(cache, age);
  print("Removed " + std::to_string(removed.images) + (removed.images == 1 ? " image" : " images") +
        ", " + format_bytes(removed.bytes) + " of layers.\n");
  return kSuccess;
}

// A subcommand that runs `work`.
CLI::App* add(CLI::App& group, Action& action, const std::string& name,
              const std::string& description, const std::shared_ptr<ImageOptions>& options,
              int (*work)(const ImageOptions&)) {
  CLI::App* const command = group.add_subcommand(name, description);
  command->callback(
      [&action, options, work] { action = [options, work] { return work(*options); }; });
  return command;
}

// One that takes images of the project.
CLI::App* add_for_images(CLI::App& group, Action& action, const std::string& name,
                         const std::string& description, int (*work)(const ImageOptions&)) {
  const auto options = std::make_shared<ImageOptions>();
  CLI::App* const command = add(group, action, name, description, options, work);
  command->add_option("names", options->names, "Images; all when there are none");
  command->add_option("-C,--build", options->directory, "The build directory")
      ->capture_default_str();
  if (work == list_images || work == inspect_images || work == show_layers) {
    command->add_flag("--json", options->json, "For programs");
  }
  return command;
}

void add_push(CLI::App& group, Action& action) {
  const auto options = std::make_shared<ImageOptions>();
  CLI::App* const command =
      add(group, action, "push", "Push an image to a registry", options, push_images);
  options->names.resize(1);
  command->add_option("name", options->names.front(), "The image")->required();
  command->add_option("references", options->references, "<host>/<name>:<tag>")->required();
  command->add_option("-C,--build", options->directory, "The build directory")
      ->capture_default_str();
}

void add_gc(CLI::App& group, Action& action) {
  const auto options = std::make_shared<ImageOptions>();
  CLI::App* const command =
      add(group, action, "gc", "Remove from the cache what was not used for long", options,
          collect_garbage);
  command->add_option("--unused-for", options->age, "Such as 12h or 30d")->capture_default_str();
}

void add_prepare(CLI::App& group, Action& action) {
  CLI::App* const prepare =
      group.add_subcommand("prepare", "Find out an image's identity and write it down");
  const auto spec_path = std::make_shared<std::string>();
  prepare->add_option("spec", *spec_path, "The image's spec: <build>/cntr/images/<name>.yaml")
      ->required();
  prepare->callback([&action, spec_path] {
    action = [spec_path] {
      store::Cache cache = open_cache();
      return prepare_image(*spec_path, cache);
    };
  });
}

}  // namespace

void add_image_command(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("image", "Images of the project");
  command->require_subcommand(1);
  add_for_images(*command, action, "list", "Digest, size and users of each image", list_images);
  add_for_images(*command, action, "inspect", "All that is known of images", inspect_images);
  add_for_images(*command, action, "layers", "The layers of images, with their sizes", show_layers);
  add_for_images(*command, action, "pull", "Bring images into the cache", pull_images);
  add_for_images(*command, action, "build", "Build images anew, whatever was built before",
                 build_images);
  add_push(*command, action);
  add_lock_options(*command->add_subcommand("lock", "The same as cntr lock"), action);
  add_gc(*command, action);
  add_prepare(*command, action);
}

}  // namespace cntr::cli
