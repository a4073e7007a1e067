#include "spec/workflow.h"

#include <algorithm>
#include <set>

#include "base/file_system.h"
#include "base/text.h"

namespace cntr::spec {
namespace {

std::string declared_at(const Step& step) {
  return step.location.empty() ? "" : " (" + step.location.text() + ")";
}

void find_shared_outputs(const Workflow& workflow, std::vector<std::string>& problems) {
  std::map<std::string, const Step*> makers;
  for (const Step& step : workflow.steps) {
    for (const std::string& output : outputs_of(step)) {
      const auto [entry, is_new] = makers.emplace(output, &step);
      if (is_new) continue;
      const Step& other = *entry->second;
      problems.push_back("Two steps make " + output + ": " + other.name + declared_at(other) +
                         " and " + step.name + declared_at(step) + ".");
    }
  }
}

void find_missing_sources(const Workflow& workflow, const Producers& producers,
                          std::vector<std::string>& problems) {
  const auto check = [&](const std::string& path, const std::string& user) {
    if (producers.of(path) == nullptr && !exists(path)) {
      problems.push_back("Nothing makes " + path + ", which " + user +
                         " needs, and it is not there.");
    }
  };
  for (const Image& image : workflow.images) {
    for (const std::string& source : sources_of(image)) check(source, "image " + image.name);
  }
  for (const Env& env : workflow.envs) check(env.lock, "environment " + env.name);
  for (const Step& step : workflow.steps) {
    for (const std::string& input : inputs_of(step)) {
      check(input, "step " + step.name + declared_at(step));
    }
  }
}

// Depth-first search that reports each cycle once, by the path that closes it.
class CycleFinder {
 public:
  CycleFinder(const Workflow& workflow, const Producers& producers,
              std::vector<std::string>& problems)
      : producers_(producers), problems_(problems) {
    for (const Image& image : workflow.images) images_[workflow.image_spec(image)] = &image;
    for (const Env& env : workflow.envs) envs_[workflow.env_spec(env)] = &env;
  }

  void look_from(const std::vector<Step>& steps) {
    for (const Step& step : steps) visit(step, "");
  }

 private:
  // Paths that a step needs: inputs, the source of its image, and the lock of its environment.
  std::vector<std::string> needs(const Step& step) const {
    std::vector<std::string> paths = inputs_of(step);
    if (step.image_spec) {
      const auto image = images_.find(*step.image_spec);
      if (image != images_.end()) {
        for (const std::string& source : sources_of(*image->second)) paths.push_back(source);
      }
    }
    if (step.env_spec) {
      const auto env = envs_.find(*step.env_spec);
      if (env != envs_.end()) paths.push_back(env->second->lock);
    }
    return paths;
  }

  void visit(const Step& step, const std::string& via) {
    if (done_.count(&step) > 0) return;
    const auto open = std::find_if(stack_.begin(), stack_.end(),
                                   [&](const Link& link) { return link.step == &step; });
    if (open != stack_.end()) {
      report(open - stack_.begin(), via);
      return;
    }
    stack_.push_back({&step, via});
    for (const std::string& path : needs(step)) {
      if (const Step* producer = producers_.of(path)) visit(*producer, path);
    }
    stack_.pop_back();
    done_.insert(&step);
  }

  // "a -> (x.csv) b -> (y.csv) a": a needs x.csv, which b makes, and so on.
  void report(std::ptrdiff_t first, const std::string& via) {
    std::string path = stack_[static_cast<size_t>(first)].step->name;
    for (size_t i = static_cast<size_t>(first) + 1; i < stack_.size(); ++i) {
      path += " needs " + stack_[i].via + " of " + stack_[i].step->name + ", which";
    }
    path += " needs " + via + " of " + stack_[static_cast<size_t>(first)].step->name;
    problems_.push_back("A cycle: " + path + ".");
  }

  struct Link {
    const Step* step;
    std::string via;
  };
  const Producers& producers_;
  std::vector<std::string>& problems_;
  std::map<std::string, const Image*> images_;
  std::map<std::string, const Env*> envs_;
  std::vector<Link> stack_;
  std::set<const Step*> done_;
};

bool has_index(const std::string& directory) { return exists(directory + "/workflow.yaml"); }

std::vector<std::string> configurations_in(const std::string& cntr) {
  const auto info = stat_file(cntr);
  if (!info || info->kind != FileKind::kDirectory) return {};
  std::vector<std::string> names = list_directory(cntr);
  std::erase_if(names, [&](const std::string& name) { return !has_index(cntr + "/" + name); });
  return names;
}

}  // namespace

Workflow read_workflow(const std::string& directory) {
  Workflow workflow;
  workflow.directory = directory;
  workflow.index = read_workflow_index(directory + "/workflow.yaml");
  for (const std::string& name : workflow.index.steps) {
    workflow.steps.push_back(read_step(directory + "/steps/" + name + ".yaml"));
  }
  for (const std::string& name : workflow.index.images) {
    workflow.images.push_back(read_image(directory + "/images/" + name + ".yaml"));
  }
  for (const std::string& name : workflow.index.envs) {
    workflow.envs.push_back(read_env(directory + "/envs/" + name + ".yaml"));
  }
  return workflow;
}

std::optional<std::string> find_workflow_directory_if_any(const std::string& start) {
  std::string directory = start;
  for (;;) {
    const std::string cntr = directory + "/cntr";
    if (has_index(cntr)) return cntr;
    if (base_name(parent_path(directory)) == "cntr" && has_index(directory)) return directory;
    const std::vector<std::string> configurations = configurations_in(cntr);
    if (configurations.size() == 1) return cntr + "/" + configurations.front();
    if (!configurations.empty()) {
      throw user_error("The build tree " + directory +
                           " has several configurations: " + join(configurations, ", "),
                       {"Name the one that is meant: -C " +
                        shell_quoted(cntr + "/" + configurations.front()) + "."});
    }
    if (directory == "/") break;
    directory = parent_path(directory);
  }
  return std::nullopt;
}

std::string find_workflow_directory(const std::string& start) {
  if (const auto directory = find_workflow_directory_if_any(start)) return *directory;
  throw user_error("There is no Cntr build tree at " + start + " or above it",
                   {"Go into the build directory of a configured project, or name it with -C."});
}

std::vector<std::string> inputs_of(const Step& step) {
  std::vector<std::string> out = step.inputs;
  out.insert(out.end(), step.input_directories.begin(), step.input_directories.end());
  if (step.stdin_path) out.push_back(*step.stdin_path);
  return out;
}

std::vector<std::string> outputs_of(const Step& step) {
  std::set<std::string> out(step.outputs.begin(), step.outputs.end());
  out.insert(step.output_directories.begin(), step.output_directories.end());
  out.insert(step.optional_outputs.begin(), step.optional_outputs.end());
  if (step.stdout_path) out.insert(*step.stdout_path);
  if (step.stderr_path) out.insert(*step.stderr_path);
  return {out.begin(), out.end()};
}

std::vector<std::string> sources_of(const Image& image) {
  if (image.build) return {image.build->containerfile, image.build->context};
  for (const auto* source :
       {&image.rootfs, &image.oci_layout, &image.archive, &image.sif, &image.definition}) {
    if (*source) return {**source};
  }
  return {};
}

Producers::Producers(const Workflow& workflow) {
  for (const Step& step : workflow.steps) {
    for (const std::string& output : outputs_of(step)) by_path_.emplace(output, &step);
  }
}

const Step* Producers::of(const std::string& path) const {
  for (std::string at = path; at != "/" && at != "."; at = parent_path(at)) {
    const auto found = by_path_.find(at);
    if (found != by_path_.end()) return found->second;
  }
  return nullptr;
}

std::vector<std::string> problems_of(const Workflow& workflow) {
  std::vector<std::string> problems;
  const Producers producers(workflow);
  find_shared_outputs(workflow, problems);
  CycleFinder cycles(workflow, producers, problems);
  cycles.look_from(workflow.steps);
  find_missing_sources(workflow, producers, problems);
  return problems;
}

}  // namespace cntr::spec
