#include "build/image_identity.h"

#include "base/error.h"
#include "base/file_system.h"
#include "build/depfile.h"
#include "image/built_image.h"
#include "image/image.h"
#include "spec/workflow.h"

namespace cntr::build {
namespace {

// With a directory all that is in it.
void add_tree(const std::string& source, std::vector<std::string>& paths) {
  paths.push_back(source);
  const auto info = stat_file(source);
  if (!info || info->kind != FileKind::kDirectory) return;
  for (const std::string& relative : list_tree(source)) paths.push_back(source + "/" + relative);
}

void write_image_depfile(const spec::Image& image, store::Cache& cache) {
  if (!image.depfile) return;
  std::vector<std::string> paths;
  if (image.build || image.definition) {
    paths = image::files_of_build(image, cache);
  } else {
    for (const std::string& source : spec::sources_of(image)) add_tree(source, paths);
  }
  if (image.lock && exists(*image.lock)) paths.push_back(*image.lock);
  write_file_atomically(*image.depfile,
                        depfile_text(image.depfile_target.value_or(image.name), paths));
}

// Whether a look at the source may ask a registry, pull or build.
bool may_fetch(const spec::Image& image) {
  return image.reference || image.build || image.definition;
}

}  // namespace

std::string identity_path(const std::string& image_spec_path) {
  const std::string suffix = ".yaml";
  const bool has_suffix =
      image_spec_path.size() > suffix.size() &&
      image_spec_path.compare(image_spec_path.size() - suffix.size(), suffix.size(), suffix) == 0;
  return image_spec_path.substr(0, image_spec_path.size() - (has_suffix ? suffix.size() : 0)) +
         ".identity";
}

spec::ImageIdentity prepare_image(const std::string& image_spec_path, store::Cache& cache) {
  const spec::Image image = spec::read_image(image_spec_path);
  spec::ImageIdentity identity = image::identify(image, cache);
  write_file_if_changed(identity_path(image_spec_path), spec::write_image_identity(identity));
  write_image_depfile(image, cache);
  return identity;
}

std::optional<spec::ImageIdentity> last_image_identity(const std::string& image_spec_path) {
  const std::string path = identity_path(image_spec_path);
  const auto text = read_file_if_exists(path);
  if (!text) return std::nullopt;
  return spec::parse_image_identity(*text, path);
}

spec::ImageIdentity identity_of_source(const std::string& image_spec_path, store::Cache& cache) {
  const spec::Image image = spec::read_image(image_spec_path);
  if (image.pull == spec::PullPolicy::kAlways) {
    if (auto last = last_image_identity(image_spec_path)) return std::move(*last);
  }
  if (!may_fetch(image)) return image::identify(image, cache);
  if (auto known = image::identify_without_fetching(image, cache)) return std::move(*known);
  throw user_error_at(image.location, "Image " + image.name + " has to be looked up or built first",
                      {"`cntr image pull " + image.name + "` in the build directory does it."});
}

spec::ImageIdentity current_image_identity(const std::string& image_spec_path,
                                           store::Cache& cache) {
  if (auto last = last_image_identity(image_spec_path)) return std::move(*last);
  return prepare_image(image_spec_path, cache);
}

}  // namespace cntr::build
