// The edges of a build that cntr-ninja carries out itself: those that the CMake functions and
// cntr-generate write for steps and images, recognised by the index beside the specs. What they do
// and print is what `cntr run`, `cntr image prepare` and `cntr check` do and print.
//
// An edge is one of them only when
// 1. its command is, word by word, the one that the index implies: `<cntr> run --die-with-parent
//    <index>/steps/<name>.yaml`, `<cntr> image prepare <index>/images/<name>.yaml` or `<cntr> check
//    <index>`, where workflow.yaml in that directory can be read and has the name;
// 2. before it stands nothing, or CMake's `cd <directory> &&`; behind it nothing, or CMake's `&&
//    <cmake> -E cmake_transform_depfile ...`, which is started as a process when the step is done;
// 3. <cntr> is the program that was installed with this one, so that it is of the same version.
// Any other command is an ordinary one, and nobody needs to know of it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "cli/session.h"
#include "engine/command_runner.h"
#include "store/known_digests.h"

namespace cntr::cli {

// How a command invokes cntr.
struct StepCommand {
  enum class Kind { kRun, kPrepareImage, kCheck };
  Kind kind = Kind::kRun;
  std::string directory;  // in which it is started; "" for that of the build
  std::string program;
  std::string path;  // of the spec, of the directory for kCheck
  std::string then;  // a command that follows; "" for none

  bool operator==(const StepCommand&) const = default;
};

// The words of rule 2 and the form of rule 1. nullopt for any other command.
std::optional<StepCommand> parse_step_command(const std::string& command);

// find() for one thread; the jobs that it returns for any.
class StepEdges : public engine::Jobs {
 public:
  // `program`: that of rule 3; none: nothing is recognised. `known` must outlive it.
  StepEdges(std::optional<std::string> program, store::KnownDigests& known);
  ~StepEdges() override;

  std::optional<engine::Job> find(const std::string& command) override;

 private:
  struct Index {
    std::optional<FileStat> stat;
    std::set<std::string> steps;
    std::set<std::string> images;
  };
  class Worker;

  bool is_our_program(const std::string& program);
  const Index& index_in(const std::string& directory);
  bool is_in_index(const StepCommand& command);
  engine::Job::End carry_out(const StepCommand& command);
  std::unique_ptr<Worker> take_worker();
  void give_back(std::unique_ptr<Worker> worker);

  std::optional<FileStat> program_;
  store::KnownDigests& known_;
  std::map<std::string, bool> programs_;  // whether it is ours
  std::map<std::string, Index> indexes_;  // by directory
  std::mutex mutex_;                      // guards what follows
  std::vector<std::unique_ptr<Worker>> idle_;
};

// The cntr that was installed with the program that runs. nullopt when there is none, or when this
// program has been replaced since it was started.
std::optional<std::string> cntr_beside_this_program();

}  // namespace cntr::cli
