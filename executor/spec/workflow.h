// All steps, images and environments that a project declares, and how they depend on each other.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "spec/spec.h"

namespace cntr::spec {

struct Workflow {
  std::string directory;  // <build>/cntr, where the index was read
  WorkflowIndex index;
  std::vector<Step> steps;    // sorted by name
  std::vector<Image> images;  // sorted by name
  std::vector<Env> envs;      // sorted by name

  std::string step_spec(const Step& step) const {
    return directory + "/steps/" + step.name + ".yaml";
  }
  std::string image_spec(const Image& image) const {
    return directory + "/images/" + image.name + ".yaml";
  }
  std::string env_spec(const Env& env) const { return directory + "/envs/" + env.name + ".yaml"; }
};

// Reads <directory>/workflow.yaml and the specs that it names. Throws a user Error for the first
// file that is missing or malformed.
Workflow read_workflow(const std::string& directory);

// The directory with the index of the build tree that `start` lies in: <build>/cntr, or, of a
// multi-configuration generator, <build>/cntr/<configuration>, when `start` lies in that or when
// there is only one. Throws a user Error when there is no build tree or no single configuration.
std::string find_workflow_directory(const std::string& start);
// The same; nullopt when there is no build tree.
std::optional<std::string> find_workflow_directory_if_any(const std::string& start);

// Files and directories that a step reads or makes.
std::vector<std::string> inputs_of(const Step& step);
std::vector<std::string> outputs_of(const Step& step);
// Files and directories that an image is made from. None for a reference.
std::vector<std::string> sources_of(const Image& image);

// Host path -> the step that makes it. An input below a directory output belongs to its step.
class Producers {
 public:
  explicit Producers(const Workflow& workflow);
  const Step* of(const std::string& path) const;  // null: a source, or made elsewhere

 private:
  std::map<std::string, const Step*> by_path_;
};

// Everything that is wrong with the workflow as a whole, one sentence each: two steps that make one
// file, cycles (printed as a path), inputs and image sources that nothing makes and that are not
// there. Empty when all is well.
std::vector<std::string> problems_of(const Workflow& workflow);

}  // namespace cntr::spec
