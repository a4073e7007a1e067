#include "image/definition.h"

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "image/builder_process.h"
#include "image/pulled_images.h"

namespace cntr::image {
namespace {

std::string definition_fact(const Digest& key) { return "built " + key.hex(); }

std::optional<Digest> recorded_definition(const Digest& key, store::Cache& cache) {
  const auto fact = cache.find_fact(definition_fact(key));
  return fact ? Digest::parse(*fact) : std::nullopt;
}

Digest digest_of_part(const std::string& path, store::Cache& cache) {
  const auto info = stat_file(path);
  if (!info) throw user_error("there is no " + path);
  if (info->kind == FileKind::kDirectory) {
    const auto tree = cache.file_digests().tree(path, store::SpecialFiles::kSkip);
    if (tree) return tree->digest();
  } else if (const auto content = cache.file_digests().file(path)) {
    return content->digest;
  }
  throw user_error(path + " has changed while it was read", {"Build again."});
}

// A digest over the definition and what it takes from the host.
Digest key_of(const std::string& definition, store::Cache& cache) {
  const std::string directory = parent_path(definition);
  std::string text = "definition 1\n";
  for (const std::string& path : files_of_definition(definition)) {
    const std::string name = path == definition ? "" : path_below(path, directory).value_or(path);
    text += digest_of_part(path, cache).text() + " " + quote(name) + "\n";
  }
  return digest_of(text);
}

std::string builder() {
  for (const char* const name : {"apptainer", "singularity"}) {
    if (find_program(name, search_path())) return name;
  }
  throw environment_error("there is neither apptainer nor singularity on PATH to build it",
                          {"Install one of them, or take a CONTAINERFILE."});
}

void build_sif(const std::string& definition, const std::string& to) {
  // Relative paths of %files are below the current directory.
  run_builder({"/bin/sh", "-c", "cd \"$1\" && exec \"$2\" build \"$3\" \"$4\"", "sh",
               parent_path(definition), builder(), to, definition},
              definition);
  if (!exists(to)) throw environment_error("building " + definition + " has made no file");
}

enum class Want { kRecorded, kNew };

Digest build(const spec::Image& image, const Digest& key, PulledImages& pulled, store::Cache& cache,
             Want want, bool remember) {
  PulledImages::FileWork work;
  work.key = key.hex();
  work.known = [&]() -> std::optional<Digest> {
    const auto identity = recorded_definition(key, cache);
    const bool is_here = identity && pulled.find_file(*identity);
    return want == Want::kRecorded && is_here ? identity : std::nullopt;
  };
  work.fetch = [&](const std::string& file) { build_sif(*image.definition, file); };
  work.record = [&](const Digest& digest) {
    if (remember) cache.add_fact(definition_fact(key), digest.hex());
  };
  return pulled.bring_file(work);
}

}  // namespace

std::vector<std::string> files_of_definition(const std::string& definition) {
  const auto text = read_file_if_exists(definition);
  if (!text) throw user_error("there is no " + definition);
  std::vector<std::string> out = {definition};
  bool in_files = false;
  for (const std::string& line : split(*text, '\n')) {
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    const size_t end = std::min(line.find_first_of(" \t\r", begin), line.size());
    const std::string word = line.substr(begin, end - begin);
    if (word.starts_with('%')) {
      // "%files from <stage>" takes nothing from the host.
      in_files = word == "%files" && line.find_first_not_of(" \t\r", end) == std::string::npos;
    } else if (in_files && word.find_first_of("*?[\"'") == std::string::npos) {
      out.push_back(normal_path(word, parent_path(definition)));
    }
  }
  return out;
}

std::optional<Digest> find_definition(const spec::Image& image, store::Cache& cache) {
  return recorded_definition(key_of(*image.definition, cache), cache);
}

Digest identify_definition(const spec::Image& image, store::Cache& cache) {
  const Digest key = key_of(*image.definition, cache);
  if (const auto identity = recorded_definition(key, cache)) return *identity;
  PulledImages pulled(cache);
  return build(image, key, pulled, cache, Want::kRecorded, true);
}

std::string sif_of_definition(const spec::Image& image, const Digest& identity,
                              PulledImages& pulled, store::Cache& cache) {
  if (auto path = pulled.find_file(identity)) return std::move(*path);
  const Digest key = key_of(*image.definition, cache);
  if (build(image, key, pulled, cache, Want::kRecorded, false) != identity) {
    throw user_error("it is no longer in the cache, and building it again gave another image",
                     {"`cntr image build " + image.name +
                      "` in the build directory takes the new "
                      "one."});
  }
  return *pulled.find_file(identity);
}

Digest build_definition_again(const spec::Image& image, store::Cache& cache) {
  PulledImages pulled(cache);
  return build(image, key_of(*image.definition, cache), pulled, cache, Want::kNew, true);
}

}  // namespace cntr::image
