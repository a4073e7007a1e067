#include "ninja_writer.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"

namespace cntr::generator {
namespace {

// In a build line: $, space and colon are escaped; a newline has no escape.
std::string ninja_path(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c == '\n') {
      throw user_error("Ninja has no way to write the path " + quote(path), {"Rename the file."});
    }
    if (c == '$' || c == ' ' || c == ':') out += '$';
    out += c;
  }
  return out;
}

// The value of a variable: to the end of the line.
std::string ninja_value(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '$') out += '$';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string paths(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& path : list) out += " " + ninja_path(path);
  return out;
}

constexpr const char* kAlways = "cntr-always";

class NinjaWriter {
 public:
  NinjaWriter(const spec::Workflow& workflow, const std::string& cntr_program)
      : workflow_(workflow) {
    const std::string cntr = ninja_value(shell_quoted(cntr_program));
    text_ = "# Written by cntr-generate from " + workflow.directory +
            "/workflow.yaml.\nninja_required_version = 1.10\n";
    add_rule("check", cntr + " check " + ninja_value(shell_quoted(workflow.directory)),
             "Looking for changes");
    add_rule("image", cntr + " image prepare $spec", "$comment");
    if (!workflow.envs.empty()) add_rule("env", cntr + " env prepare $spec", "$comment");
    add_rule("step", cntr + " run --die-with-parent $spec", "$comment");
    text_ += std::string("\nbuild ") + kAlways + ": phony\n";
  }

  std::string write() {
    add_check();
    for (const spec::Image& image : workflow_.images) add_image(image);
    for (const spec::Env& env : workflow_.envs) add_env(env);
    for (const spec::Step& step : workflow_.steps) add_step(step);
    // Without a default Ninja builds everything.
    if (defaults_.empty()) defaults_ = std::string(" ") + kAlways;
    return text_ + "\ndefault" + defaults_ + "\n";
  }

 private:
  // Of an image or an environment.
  static std::string identity_of(const std::string& spec) {
    return spec.substr(0, spec.rfind('.')) + ".identity";
  }

  void add_rule(const std::string& name, const std::string& command,
                const std::string& description) {
    text_ += "\nrule " + name + "\n  command = " + command + "\n  description = " + description +
             "\n  restat = 1\n";
  }

  void add_edge(const std::vector<std::string>& outputs, const std::string& rule,
                const std::vector<std::string>& inputs, bool always) {
    text_ += "\nbuild" + paths(outputs) + ": " + rule + paths(inputs);
    if (always) text_ += std::string(" | ") + kAlways;
    text_ += "\n";
  }
  void add_variable(const std::string& name, const std::string& value) {
    text_ += "  " + name + " = " + ninja_value(value) + "\n";
  }

  std::string stamp_of(const spec::Step& step) const {
    return workflow_.directory + "/state/" + step.name + ".stamp";
  }

  // Before anything else, in every build: makes the stamps of changed steps newer.
  void add_check() {
    if (workflow_.steps.empty()) return;
    std::vector<std::string> stamps;
    for (const spec::Step& step : workflow_.steps) stamps.push_back(stamp_of(step));
    add_edge(stamps, "check", {}, true);
  }

  void add_image(const spec::Image& image) {
    const std::string spec = workflow_.image_spec(image);
    const std::string identity = identity_of(spec);
    std::vector<std::string> inputs = {spec};
    for (const std::string& source : sources_of(image)) inputs.push_back(source);
    add_edge({identity}, "image", inputs, image.depfile.has_value());
    add_variable("spec", shell_quoted(spec));
    add_variable("comment", "Identifying image " + image.name);
  }

  void add_env(const spec::Env& env) {
    const std::string spec = workflow_.env_spec(env);
    add_edge({identity_of(spec)}, "env", {spec, env.lock}, false);
    add_variable("spec", shell_quoted(spec));
    add_variable("comment", "Identifying environment " + env.name);
  }

  void add_step(const spec::Step& step) {
    const std::string spec = workflow_.step_spec(step);
    std::vector<std::string> outputs = step.outputs;
    for (const auto& capture : {step.stdout_path, step.stderr_path}) {
      if (capture && std::find(outputs.begin(), outputs.end(), *capture) == outputs.end()) {
        outputs.push_back(*capture);
      }
    }
    outputs.insert(outputs.end(), step.output_directories.begin(), step.output_directories.end());
    const bool without_outputs = outputs.empty();
    // Never made, so the step is run on every build, as a target without outputs is.
    if (without_outputs) outputs.push_back(workflow_.directory + "/steps/" + step.name + ".run");
    std::vector<std::string> inputs = {spec, stamp_of(step)};
    if (step.image_spec) inputs.push_back(identity_of(*step.image_spec));
    if (step.env_spec) inputs.push_back(identity_of(*step.env_spec));
    bool always = false;
    for (const std::string& input : inputs_of(step)) {
      inputs.push_back(ordering_path(input));
      always = always || inputs.back() != input || is_made_directory(step, input);
    }
    for (const spec::Mount& mount : step.mounts) always = always || mount.undeclared;
    add_edge(outputs, "step", inputs, always);
    add_variable("spec", shell_quoted(spec));
    add_variable("comment", step.comment.empty() ? "Step " + step.name : step.comment);
    if (step.depfile) {
      add_variable("depfile", *step.depfile);
      add_variable("deps", "gcc");
    }
    text_ += "build " + ninja_path(step.name) + ": phony" + paths(outputs) + "\n";
    if (!step.exclude_from_all) defaults_ += " " + ninja_path(step.name);
  }

  // A directory that this build makes: its time stamp does not tell of all that is in it.
  bool is_made_directory(const spec::Step& step, const std::string& input) const {
    const auto& directories = step.input_directories;
    return producers_.of(input) != nullptr &&
           std::find(directories.begin(), directories.end(), input) != directories.end();
  }

  // What Ninja must wait for: an input that no edge names (an optional output, a file in a
  // directory output) stands for its producer.
  std::string ordering_path(const std::string& input) {
    const spec::Step* const producer = producers_.of(input);
    if (producer == nullptr) return input;
    for (const auto* named : {&producer->outputs, &producer->output_directories}) {
      if (std::find(named->begin(), named->end(), input) != named->end()) return input;
    }
    if (producer->stdout_path == input || producer->stderr_path == input) return input;
    return producer->name;
  }

  const spec::Workflow& workflow_;
  const spec::Producers producers_{workflow_};
  std::string text_;
  std::string defaults_;
};

}  // namespace

std::string write_ninja(const spec::Workflow& workflow, const std::string& cntr_program) {
  return NinjaWriter(workflow, cntr_program).write();
}

}  // namespace cntr::generator
