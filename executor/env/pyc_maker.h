// Compiles Python sources with the environment's own Python, before there is an environment.
//
// Of the Python package the interpreter and the few hundred files that it needs to start are put
// into a private directory. Sources are handed over in memory, with the path that they will have,
// and the compiled form comes back in memory.
#pragma once

#include <optional>
#include <semaphore>
#include <span>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "env/pack_store.h"
#include "env/python.h"

namespace cntr::env {

struct PythonSource {
  std::string path;  // absolute, in the environment
  std::string text;
};

// Thread-safe once it is made.
class PycMaker {
 public:
  // `scratch` is a directory for what is needed for a while; up to `processes` run at once. Throws
  // an environment Error when it cannot be written.
  PycMaker(const StoredPackage& package, const Python& python, const std::string& scratch,
           unsigned processes);

  // What a .pyc file of each source holds; nullopt for what the Python cannot compile. The files
  // are valid whatever the time of the source is (PEP 552, unchecked). The same sources in the same
  // order give the same bytes. Throws an environment Error when the Python does not run here.
  std::vector<std::optional<std::string>> compile(const std::vector<PythonSource>& sources) const;

 private:
  using Compiled = std::vector<std::optional<std::string>>;
  Compiled compile_some(std::span<const PythonSource> sources) const;

  TemporaryDirectory home_;
  std::string interpreter_;
  unsigned processes_;
  mutable std::counting_semaphore<> free_;  // of the processes
};

}  // namespace cntr::env
