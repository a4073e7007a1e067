// What conda-meta/ says of an environment when link scripts have changed it: the files as they are,
// and none that is gone. For env_builder.cc.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "env/conda_meta.h"
#include "env/link_scripts.h"
#include "env/python.h"

namespace cntr::env {

class ScriptedRecords {
 public:
  // `paths` are those of each package, and must outlive the object.
  ScriptedRecords(std::vector<std::vector<RecordedPath>>& paths,
                  const std::optional<Python>& python);

  // The compiled form of a Python file that changed: it is valid whatever its source is, so it has
  // to go. Before change().
  std::optional<std::string> stale_after(const PrefixChange& change) const;

  // `digest` is that of a changed file.
  void change(const PrefixChange& change, const std::optional<Digest>& digest);

  // Takes what is gone out of the lists, and says of which packages the records are other ones.
  std::set<size_t> changed();

 private:
  struct Place {
    size_t package = 0;
    size_t path = 0;
  };

  RecordedPath& at(const Place& place) { return paths_[place.package][place.path]; }
  void remove(const std::string& path);
  void remove_below(const std::string& directory);

  std::vector<std::vector<RecordedPath>>& paths_;
  const std::optional<Python>& python_;
  std::map<std::string, Place> places_;
  std::set<size_t> changed_;
};

}  // namespace cntr::env
