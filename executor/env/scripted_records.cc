#include "env/scripted_records.h"

#include "base/file_system.h"

namespace cntr::env {

ScriptedRecords::ScriptedRecords(std::vector<std::vector<RecordedPath>>& paths,
                                 const std::optional<Python>& python)
    : paths_(paths), python_(python) {
  for (size_t package = 0; package < paths_.size(); ++package) {
    for (size_t i = 0; i < paths_[package].size(); ++i) {
      places_[paths_[package][i].path] = {package, i};
    }
  }
}

std::optional<std::string> ScriptedRecords::stale_after(const PrefixChange& change) const {
  const bool is_source =
      change.kind == PrefixChange::Kind::kFile || change.kind == PrefixChange::Kind::kGone;
  if (!python_ || !is_source || !change.path.ends_with(".py")) return std::nullopt;
  return pyc_path(change.path, *python_);
}

void ScriptedRecords::change(const PrefixChange& change, const std::optional<Digest>& digest) {
  if (const auto stale = stale_after(change)) remove(*stale);
  if (change.kind == PrefixChange::Kind::kDirectory) return;
  if (!digest) {
    remove(change.path);
    remove_below(change.path);
    return;
  }
  const auto found = places_.find(change.path);
  if (found == places_.end()) return;
  RecordedPath& record = at(found->second);
  if (record.digest == digest) return;
  record.source = nullptr;  // it is not the package's file any more
  record.digest = digest;
  record.size = stat_file(change.file).value_or(FileStat()).size;
  changed_.insert(found->second.package);
}

void ScriptedRecords::remove(const std::string& path) {
  const auto found = places_.find(path);
  if (found == places_.end()) return;
  at(found->second).path.clear();
  changed_.insert(found->second.package);
  places_.erase(found);
}

void ScriptedRecords::remove_below(const std::string& directory) {
  const std::string begin = directory + "/";
  for (auto place = places_.lower_bound(begin);
       place != places_.end() && place->first.starts_with(begin);) {
    const std::string path = (place++)->first;
    remove(path);
  }
}

std::set<size_t> ScriptedRecords::changed() {
  for (const size_t package : changed_) {
    std::erase_if(paths_[package], [](const RecordedPath& path) { return path.path.empty(); });
  }
  return std::exchange(changed_, {});
}

}  // namespace cntr::env
