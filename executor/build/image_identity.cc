#include "build/image_identity.h"

#include "base/file_system.h"
#include "build/depfile.h"
#include "image/image.h"

namespace cntr::build {
namespace {

void write_image_depfile(const spec::Image& image) {
  if (!image.depfile) return;
  const std::string source = image.rootfs ? *image.rootfs : *image.oci_layout;
  std::vector<std::string> paths = {source};
  if (stat_file(source)->kind == FileKind::kDirectory) {
    for (const std::string& relative : list_tree(source)) paths.push_back(source + "/" + relative);
  }
  write_file_atomically(*image.depfile,
                        depfile_text(image.depfile_target.value_or(image.name), paths));
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
  write_image_depfile(image);
  return identity;
}

spec::ImageIdentity identity_of_source(const std::string& image_spec_path, store::Cache& cache) {
  return image::identify(spec::read_image(image_spec_path), cache);
}

spec::ImageIdentity current_image_identity(const std::string& image_spec_path,
                                           store::Cache& cache) {
  const std::string path = identity_path(image_spec_path);
  if (const auto text = read_file_if_exists(path)) return spec::parse_image_identity(*text, path);
  return prepare_image(image_spec_path, cache);
}

}  // namespace cntr::build
