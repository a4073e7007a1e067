#include "build/build_tree.h"

#include "base/file_system.h"

namespace cntr::build {

StepFiles files_of(const spec::Step& step) {
  StepFiles files;
  files.root = step.configuration.empty() ? step.binary_dir + "/cntr" : step.workflow_place();
  files.work = files.root + "/work/" + step.name;
  files.lock = files.root + "/state/" + step.name + ".lock";
  files.log = files.root + "/logs/" + step.name + ".log";
  files.state_signature = files.root + "/state/" + step.name + ".signature";
  files.state_outputs = files.root + "/state/" + step.name + ".outputs";
  files.watch = files.root + "/state/" + step.name + ".watch";
  files.journal = files.root + "/journal.jsonl";
  return files;
}

}  // namespace cntr::build
