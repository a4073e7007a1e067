#include "image/built_image.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "image/build_context.h"
#include "image/builder_process.h"
#include "image/containerfile.h"
#include "image/definition.h"
#include "image/skopeo.h"

namespace cntr::image {
namespace {

std::string read_containerfile(const std::string& path) {
  if (auto text = read_file_if_exists(path)) return std::move(*text);
  throw user_error("there is no " + path);
}

Resolver resolver_for(const spec::Image& image, const Platform& platform, store::Cache& cache) {
  return {cache, platform, network_use(image)};
}

Platform platform_of_base(const BaseImage& base, const spec::Image& image) {
  if (base.platform.empty()) return platform_of(image);
  if (spec::is_valid_platform(base.platform)) return parse_platform(base.platform);
  throw user_error("FROM --platform=" + quote(base.platform) + " is no platform");
}

// Names that only the builder knows.
bool is_local(const BaseImage& base) { return base.name.starts_with("localhost/"); }

std::string builder_of(const spec::ImageBuild& build) {
  const std::vector<std::string> names =
      build.builder ? std::vector<std::string>{*build.builder}
                    : std::vector<std::string>{"podman", "buildah", "docker"};
  for (const std::string& name : names) {
    if (find_program(name, search_path())) return name;
  }
  throw environment_error("Cannot build " + build.containerfile + ": there is no " +
                          join(names, ", no ") + " on PATH");
}

// Prints the id of an image that the builder has.
Captured inspect_in(const std::string& builder, const std::string& name) {
  if (builder == "buildah") {
    return capture_process(
        {builder, "inspect", "--type", "image", "--format", "{{.FromImageID}}", name});
  }
  return capture_process({builder, "image", "inspect", "--format", "{{.Id}}", name});
}

// What a local base is now.
std::string id_of_local(const std::string& name, const spec::ImageBuild& build) {
  const std::string builder = builder_of(build);
  const Captured answer = inspect_in(builder, name);
  if (answer.status.code != 0) {
    throw user_error("There is no image " + name + " in " + builder,
                     {printable(answer.err.substr(0, answer.err.find('\n')))});
  }
  return answer.out.substr(0, answer.out.find('\n'));
}

// Where no registry may be asked, the builder must not ask one either.
void check_bases_are_here(const NetworkUse& network, const BuildPlan& plan,
                          const std::string& builder) {
  for (const std::string& base : plan.bases) {
    if (inspect_in(builder, base).status.code == 0) continue;
    throw user_error("its base " + base + " is not in " + builder +
                         ", and may not be pulled: " + network.forbidden_because,
                     {network.remedy});
  }
}

std::string fact_of(const Digest& key) { return "built " + key.hex(); }

std::optional<Digest> recorded(const Digest& key, store::Cache& cache) {
  const auto fact = cache.find_fact(fact_of(key));
  return fact ? Digest::parse(*fact) : std::nullopt;
}

// Of podman's and buildah's options that take several values with commas between them.
std::string in_list(const std::string& path) {
  if (path.find_first_of(",\"") == std::string::npos) return path;
  std::string out = "\"";
  for (const char c : path) out.append(c == '"' ? 2 : 1, c);
  return out + "\"";
}

struct BuildRun {
  const spec::Image& image;
  const BuildPlan& plan;
  Platform platform;
  bool from_scratch;  // without the builder's own cache
};

// Builds in a new directory beside `to`, and copies the image to the new directory `to`.
void build_to(const BuildRun& run, const std::string& to) {
  const spec::ImageBuild& build = *run.image.build;
  const std::string builder = builder_of(build);
  const NetworkUse network = network_use(run.image);
  const bool offline = !network.forbidden_because.empty();
  if (offline) check_bases_are_here(network, run.plan, builder);
  const std::string place = to + "-build";
  const std::string context = place + "/context";
  const std::string file = place + "/Containerfile";
  const std::string id_file = place + "/id";
  make_directories(context);
  stage_context({build.context, run.plan.context}, context);
  write_file_atomically(file, run.plan.text);
  std::vector<std::string> argv = {
      builder, "build", "--file", builder == "docker" ? file : in_list(file), "--iidfile", id_file};
  if (builder != "docker" && run.plan.from_loopback) argv.emplace_back("--tls-verify=false");
  // docker asks for nothing that it has.
  if (builder != "docker" && offline) argv.emplace_back("--pull=never");
  if (run.from_scratch) argv.emplace_back("--no-cache");
  if (run.image.platform) argv.insert(argv.end(), {"--platform", *run.image.platform});
  if (!build.target.empty()) argv.insert(argv.end(), {"--target", build.target});
  for (const std::string& argument : build.arguments) {
    argv.insert(argv.end(), {"--build-arg", argument});
  }
  argv.push_back(context);
  run_builder(argv, build.containerfile);
  std::string id = read_file(id_file);
  while (!id.empty() && id.back() == '\n') id.pop_back();
  const auto digest = Digest::parse(id);
  if (!digest) throw environment_error(builder + " gives the image the id " + quote(id));
  const Reference built = builder == "docker"
                              ? Reference{Transport::kDockerDaemon, digest->text(), "", {}}
                              : Reference{Transport::kContainersStorage, digest->hex(), "", {}};
  skopeo_copy(skopeo_source(built), run.platform, to);
  remove_tree(place);
}

std::optional<ResolvedImage> find_recorded(const BuildPlan& plan, Resolver& resolver,
                                           store::Cache& cache) {
  const auto identity = recorded(plan.key, cache);
  const auto config = identity ? resolver.pulled().find_document(*identity) : std::nullopt;
  if (!config) return std::nullopt;
  return ResolvedImage{
      {}, {}, *identity, parse_config(*config, "the config of " + identity->text())};
}

enum class Remember { kYes, kNo };

LayoutImage build(const spec::Image& image, const BuildPlan& plan, Resolver& resolver,
                  store::Cache& cache, const std::optional<Digest>& wanted, bool from_scratch,
                  Remember remember) {
  PulledImages::Work work;
  work.key = plan.key.hex();
  work.known = [&]() -> std::optional<LayoutImage> {
    if (from_scratch) return std::nullopt;
    // Another process may have built it meanwhile.
    const auto identity = wanted ? wanted : recorded(plan.key, cache);
    return identity ? resolver.pulled().find(*identity, resolver.platform()) : std::nullopt;
  };
  work.fetch = [&](const std::string& directory) {
    build_to({image, plan, resolver.platform(), from_scratch}, directory);
  };
  work.record = [&](const LayoutImage& built) {
    if (remember == Remember::kYes) cache.add_fact(fact_of(plan.key), built.identity.hex());
  };
  return resolver.pulled().bring(resolver.platform(), work);
}

}  // namespace

std::vector<std::pair<Reference, Platform>> lockable_bases(const spec::Image& image) {
  std::vector<std::pair<Reference, Platform>> out;
  const spec::ImageBuild& build = *image.build;
  replace_bases(read_containerfile(build.containerfile), build.containerfile, build.arguments,
                platform_of(image), [&](const BaseImage& base) {
                  if (is_local(base)) return base.name;
                  const Reference reference = parse_reference(base.name);
                  if (is_lockable(reference)) {
                    out.emplace_back(reference, platform_of_base(base, image));
                  }
                  return base.name;
                });
  return out;
}

BuildPlan plan_build(const spec::Image& image, store::Cache& cache) {
  const spec::ImageBuild& build = *image.build;
  BuildPlan plan;
  std::string local;
  const auto replace = [&](const BaseImage& base) -> std::string {
    if (is_local(base)) {
      local += base.name + " " + id_of_local(base.name, build) + "\n";
      return base.name;
    }
    const Reference reference = parse_reference(base.name);
    if (reference.transport != Transport::kRegistry) {
      throw user_error(
          "its base " + reference.text() + " of " + build.containerfile + " is not in a registry",
          {"A base is [docker://][<host>/]<name>:<tag>, or localhost/<name>:<tag> for "
           "an image of the builder's own."});
    }
    plan.from_loopback = plan.from_loopback || is_loopback(reference.host());
    Resolver resolver = resolver_for(image, platform_of_base(base, image), cache);
    const ResolvedImage found = resolve_reference(image, reference, resolver, cache);
    plan.bases.push_back(reference.name + "@" + found.manifest.text());
    return plan.bases.back();
  };
  plan.text = replace_bases(read_containerfile(build.containerfile), build.containerfile,
                            build.arguments, platform_of(image), replace);
  plan.context = read_context(build.containerfile, build.context, image.depfile_target.value_or(""),
                              cache.file_digests())
                     .tree;
  std::string text = "containerfile 1\n" + digest_of(plan.text).text() + "\n" +
                     plan.context.digest().text() + "\ntarget " + quote(build.target) +
                     "\nplatform " + platform_of(image).text() + "\n" + local;
  for (const std::string& argument : build.arguments) text += "argument " + quote(argument) + "\n";
  plan.key = digest_of(text);
  return plan;
}

std::optional<ResolvedImage> find_built(const spec::Image& image, store::Cache& cache) {
  Resolver resolver = resolver_for(image, platform_of(image), cache);
  return find_recorded(plan_build(image, cache), resolver, cache);
}

ResolvedImage identify_built(const spec::Image& image, store::Cache& cache) {
  const BuildPlan plan = plan_build(image, cache);
  Resolver resolver = resolver_for(image, platform_of(image), cache);
  if (auto found = find_recorded(plan, resolver, cache)) return std::move(*found);
  const LayoutImage built =
      build(image, plan, resolver, cache, std::nullopt, false, Remember::kYes);
  return {{}, {}, built.identity, built.config};
}

LayoutImage bring_built(const spec::Image& image, const Digest& identity, store::Cache& cache) {
  Resolver resolver = resolver_for(image, platform_of(image), cache);
  const BuildPlan plan = plan_build(image, cache);
  const LayoutImage built = build(image, plan, resolver, cache, identity, false, Remember::kNo);
  if (built.identity == identity) return built;
  throw user_error(
      "its layers are no longer in the cache, and building it again gave another image",
      {"`cntr image build " + image.name + "` in the build directory takes the new one."});
}

Digest build_again(const spec::Image& image, store::Cache& cache) {
  if (image.definition) return build_definition_again(image, cache);
  Resolver resolver = resolver_for(image, platform_of(image), cache);
  const BuildPlan plan = plan_build(image, cache);
  return build(image, plan, resolver, cache, std::nullopt, true, Remember::kYes).identity;
}

std::vector<std::string> files_of_build(const spec::Image& image, store::Cache& cache) {
  if (image.definition) return files_of_definition(*image.definition);
  const spec::ImageBuild& build = *image.build;
  std::vector<std::string> out = {build.containerfile};
  const std::string ignore_file = ignore_file_of(build.containerfile, build.context);
  if (!ignore_file.empty()) out.push_back(ignore_file);
  const BuildContext context = read_context(
      build.containerfile, build.context, image.depfile_target.value_or(""), cache.file_digests());
  for (const store::TreeEntry& entry : context.tree.entries) {
    out.push_back(build.context + "/" + entry.path);
  }
  return out;
}

}  // namespace cntr::image
