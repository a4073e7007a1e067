#include "env/env_builder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "base/text.h"
#include "env/conda_meta.h"
#include "env/install_order.h"
#include "env/link_scripts.h"
#include "env/package_compiler.h"
#include "env/package_loader.h"
#include "env/prefix_tree.h"
#include "env/python.h"
#include "env/scripted_records.h"
#include "env/stage_counter.h"
#include "env/wheel_files.h"
#include "env/wheel_loader.h"
#include "squashfs/data_pack_writer.h"
#include "squashfs/worker_pool.h"

namespace cntr::env {
namespace {

using squashfs::DataPack;

// A file without a name, on the file system of the directory.
UniqueFd nameless_file(const std::string& directory) {
  std::string path = directory + "/env-XXXXXX";
  UniqueFd file(mkostemp(path.data(), O_CLOEXEC));
  if (!file.valid()) throw system_error("Cannot write in " + directory, errno);
  unlink(path.c_str());
  return file;
}

squashfs::FileIndex add_content_of(const std::string& path, squashfs::DataPackWriter& writer) {
  constexpr size_t kPiece = size_t{256} << 10;
  const UniqueFd file = open_to_read(path);
  std::string buffer(kPiece, '\0');
  writer.begin_file();
  for (;;) {
    const ssize_t count = read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("Cannot read " + path, errno);
    if (count == 0) return writer.end_file();
    writer.append({buffer.data(), static_cast<size_t>(count)});
  }
}

// Puts the packages of a lock together.
class Assembly {
 public:
  Assembly(const std::vector<LoadedPackage>& packages, const EnvLock& lock,
           const EnvOptions& options, const PackStore& store, const std::string& scratch,
           squashfs::WorkerPool& pool, const EnvProgress& progress)
      : packages_(packages),
        options_(options),
        platform_(lock.platform),
        variables_(lock.variables),
        order_(order_of(packages, lock.is_ordered)),
        store_(store),
        scratch_(scratch),
        pool_(pool),
        progress_(progress),
        generated_(nameless_file(scratch), "the generated files", options.compression, pool),
        paths_(packages.size()) {
    for (const LoadedPackage& package : packages_) {
      if (package.stored.package.info.name == "python")
        python_ = python_of(package.stored.package.info);
    }
  }

  squashfs::ImageSummary write(const std::string& path, const WarningSink& warn) {
    const std::vector<LinkScript> scripts = wanted_scripts(warn);
    for (const size_t package : order_) link(package);
    for (const size_t package : order_) add_entry_points(package);
    const std::vector<CompiledPackage> compiled = compile(warn);
    for (const size_t package : order_) add_compiled(package, compiled[package]);
    tree_.warn_of_surprises(warn);
    add_conda_meta();
    const DataPack generated = generated_.finish();
    std::vector<const DataPack*> packs = all_packs(compiled, generated);
    std::optional<DataPack> scripted;
    if (!scripts.empty()) packs.push_back(&scripted.emplace(run_scripts(scripts, packs, warn)));
    StageCounter written(progress_, EnvStage::kWriting, 1);
    return squashfs::write_image(tree_.tree(), packs, options_.compression, path,
                                 squashfs::PackUse::kLast);
  }

 private:
  const PackageInfo& info(size_t package) const { return packages_[package].stored.package.info; }

  // Packs are numbered by package: its own, then that of what was compiled of it; behind them
  // stands what is of no package.
  static uint32_t pack_of(size_t package) { return static_cast<uint32_t>(2 * package); }
  static uint32_t compiled_pack_of(size_t package) { return pack_of(package) + 1; }
  uint32_t generated_pack() const { return pack_of(packages_.size()); }
  uint32_t scripted_pack() const { return generated_pack() + 1; }

  std::vector<const DataPack*> all_packs(const std::vector<CompiledPackage>& compiled,
                                         const DataPack& generated) const {
    std::vector<const DataPack*> out;
    for (size_t i = 0; i < packages_.size(); ++i) {
      out.push_back(packages_[i].stored.pack.get());
      // In the place of a pack that there is not, one that nothing refers to there.
      out.push_back(compiled[i].pack ? compiled[i].pack.get() : &generated);
    }
    out.push_back(&generated);
    return out;
  }

  // A list without a solver's order is put into one.
  static std::vector<size_t> order_of(const std::vector<LoadedPackage>& packages, bool is_ordered) {
    std::vector<size_t> out;
    std::vector<OrderedPackage> graph;
    for (const LoadedPackage& package : packages) {
      out.push_back(out.size());
      if (package.is_wheel) continue;
      graph.push_back(
          {package.lock.name, package.lock.depends.value_or(package.stored.package.info.depends)});
    }
    if (is_ordered) return out;
    const std::vector<size_t> order = install_order(graph);  // wheels come last
    std::copy(order.begin(), order.end(), out.begin());
    return out;
  }

  // In the order in which they are to run: as in conda, those of after linking at the very end.
  std::vector<LinkScript> wanted_scripts(const WarningSink& warn) const {
    std::vector<LinkScript> out;
    for (const size_t package : order_) {
      if (packages_[package].is_wheel) continue;
      for (LinkScript& script : link_scripts_of(info(package), python_)) {
        const std::string what = "The package " + info(package).dist() + " has a script " +
                                 script.path + ", which is to run when it is installed";
        if (options_.link_scripts == spec::LinkScripts::kRefuse) {
          throw user_error(what, {"Link scripts are off for this environment."});
        }
        if (options_.link_scripts == spec::LinkScripts::kIgnore) {
          warn(what + "; it does not run");
        } else if (platform_ != host_platform()) {
          throw user_error(what, {"The environment is for " + platform_ +
                                  ", whose programs do not run here. With link scripts ignored, it "
                                  "is made without what they would do."});
        } else {
          out.push_back(std::move(script));
        }
      }
    }
    std::stable_partition(out.begin(), out.end(),
                          [](const LinkScript& script) { return script.action == "pre-link"; });
    return out;
  }

  void link(size_t package) {
    const StoredPackage& stored = packages_[package].stored;
    tree_.begin_package(info(package).dist(), pack_of(package));
    paths_[package].reserve(stored.package.files.size());
    for (size_t i = 0; i < stored.package.files.size(); ++i) {
      const LinkedFile& file = stored.package.files[i];
      RecordedPath record;
      record.path = path_in_prefix(info(package), info(package).paths[i].path, python_);
      record.source = &info(package).paths[i];
      tree_.add(record.path, file);
      record.type = file.kind == LinkedKind::kFile      ? "hardlink"
                    : file.kind == LinkedKind::kSymlink ? "softlink"
                                                        : "directory";
      if (file.kind == LinkedKind::kFile) {
        record.digest = stored.pack->file_digest(file.content);
        record.size = stored.pack->file_size(file.content);
      }
      paths_[package].push_back(std::move(record));
    }
  }

  void add_entry_points(size_t package) {
    if (info(package).entry_points.empty()) return;
    tree_.begin_package(info(package).dist(), generated_pack());
    for (const EntryPoint& entry : info(package).entry_points) {
      if (!python_) path_in_prefix(info(package), "", python_);
      const std::string script = entry_point_script(entry, *python_, options_.prefix);
      const std::string path = "bin/" + entry.command;
      tree_.add_file(path, generated_.add_file(script), true);
      paths_[package].push_back(
          {path, "unix_python_entry_point", nullptr, digest_of(script), script.size()});
    }
  }

  std::vector<CompiledPackage> compile(const WarningSink& warn) const {
    std::vector<CompiledPackage> none(packages_.size());
    if (!python_ || !options_.compile_python) return none;
    if (platform_ != host_platform()) {
      warn("The environment is for " + platform_ +
           ": its Python files are not compiled, because "
           "its Python does not run here");
      return none;
    }
    return compile_packages(packages_, options_, *python_, store_, scratch_, pool_, progress_);
  }

  // Not where another package's file has replaced the source. The package may have brought a
  // compiled form that is out of date now.
  void add_compiled(size_t package, const CompiledPackage& compiled) {
    if (compiled.files.empty()) return;
    tree_.begin_package(info(package).dist(), compiled_pack_of(package));
    const PackedPackage& packed = packages_[package].stored.package;
    std::vector<RecordedPath>& paths = paths_[package];
    std::unordered_map<std::string, size_t> places;
    for (size_t i = 0; i < paths.size(); ++i) places.emplace(paths[i].path, i);
    for (const CompiledFile& file : compiled.files) {
      const squashfs::FileContent source{pack_of(package), packed.files[file.source].content};
      if (!tree_.has_content(paths[file.source].path, source)) continue;
      tree_.add_file(file.path, file.content, false);
      const Digest& digest = compiled.pack->file_digest(file.content);
      const auto brought = places.find(file.path);
      if (brought != places.end()) {
        paths[brought->second].digest = digest;
      } else {
        paths.push_back(
            {file.path, "pyc_file", nullptr, digest, compiled.pack->file_size(file.content)});
      }
    }
  }

  void add_conda_meta() {
    tree_.begin_package("conda-meta", generated_pack());
    std::vector<size_t> recorded;  // RECORD is what pip has of a wheel
    std::vector<const LockedPackage*> history;
    for (const size_t package : order_) {
      if (packages_[package].is_wheel) continue;
      recorded.push_back(package);
      history.push_back(&packages_[package].lock);
    }
    std::vector<std::string> records(recorded.size());
    run_in_parallel(records.size(), pool_.threads(),
                    [&](size_t i) { records[i] = record_of(recorded[i]); });
    for (size_t i = 0; i < records.size(); ++i) add_record(recorded[i], records[i], generated_);
    tree_.add_file("conda-meta/history", generated_.add_file(conda_meta_history(history)), false);
    if (!variables_.empty()) {
      tree_.add_file("conda-meta/state", generated_.add_file(conda_meta_state(variables_)), false);
    }
    tree_.add_file("conda-meta/frozen", generated_.add_file(conda_meta_frozen()), false);
  }

  std::string record_of(size_t package) const {
    return conda_meta_record({packages_[package].lock, info(package), paths_[package]});
  }

  void add_record(size_t package, const std::string& record, squashfs::DataPackWriter& pack) {
    tree_.add_file("conda-meta/" + info(package).dist() + ".json", pack.add_file(record), false);
  }

  // The RECORD of a wheel, of whose files link scripts changed some.
  void add_wheel_record(size_t package, squashfs::DataPackWriter& pack) {
    std::string record_path;
    std::vector<InstalledFile> files;
    for (const RecordedPath& path : paths_[package]) {
      if (path.path.ends_with(".dist-info/RECORD")) {
        record_path = path.path;
      } else if (path.digest && path.type != "pyc_file") {
        files.push_back({path_in_record(path.path, *python_), *path.digest, path.size});
      }
    }
    if (record_path.empty()) return;
    const std::string text = wheel_record_text(files, path_in_record(record_path, *python_));
    tree_.add_file(record_path, pack.add_file(text), false);
  }

  // Runs the scripts over the environment as it is so far, and takes what they change.
  DataPack run_scripts(const std::vector<LinkScript>& scripts,
                       const std::vector<const DataPack*>& packs, const WarningSink& warn) {
    const TemporaryDirectory workspace(scratch_, "link-scripts-");
    const std::string image = workspace.path() + "/image";
    tree_.set_owner(geteuid(), getegid());  // who may change it
    squashfs::write_image(tree_.tree(), packs, options_.compression, image);
    tree_.set_owner(0, 0);
    StageCounter run(progress_, EnvStage::kRunningScripts, scripts.size());
    const std::vector<PrefixChange> changes = run_link_scripts(
        scripts, image, options_.prefix, workspace.path(), warn, [&run] { run.add_one(); });
    squashfs::DataPackWriter writer(nameless_file(scratch_), "what link scripts made",
                                    options_.compression, pool_);
    tree_.begin_package("link scripts", scripted_pack());
    ScriptedRecords records(paths_, python_);
    for (const PrefixChange& change : changes) {
      if (const auto stale = records.stale_after(change)) tree_.erase(*stale);
      records.change(change, apply(change, writer));
    }
    for (const size_t package : records.changed()) {
      packages_[package].is_wheel ? add_wheel_record(package, writer)
                                  : add_record(package, record_of(package), writer);
    }
    return writer.finish();
  }

  // The digest of a changed file.
  std::optional<Digest> apply(const PrefixChange& change, squashfs::DataPackWriter& writer) {
    LinkedFile file;
    file.mtime = PrefixTree::kTime;
    switch (change.kind) {
      case PrefixChange::Kind::kGone:
        tree_.erase(change.path);
        return std::nullopt;
      case PrefixChange::Kind::kNewDirectory:
        tree_.erase(change.path);
        [[fallthrough]];
      case PrefixChange::Kind::kDirectory:
        file.kind = LinkedKind::kDirectory;
        break;
      case PrefixChange::Kind::kSymlink:
        file.kind = LinkedKind::kSymlink;
        file.mode = 0777;
        file.target = change.target;
        break;
      case PrefixChange::Kind::kFile:
        file.mode = linked_mode(change.mode);
        file.content = add_content_of(change.file, writer);
        break;
    }
    tree_.add(change.path, file);
    if (file.kind != LinkedKind::kFile) return std::nullopt;
    return writer.file_digest(file.content);
  }

  const std::vector<LoadedPackage>& packages_;
  const EnvOptions& options_;
  const std::string platform_;
  const std::vector<spec::Variable>& variables_;
  std::vector<size_t> order_;
  std::optional<Python> python_;
  const PackStore& store_;
  const std::string& scratch_;
  squashfs::WorkerPool& pool_;
  const EnvProgress& progress_;
  squashfs::DataPackWriter generated_;  // entry points and conda-meta
  PrefixTree tree_;
  std::vector<std::vector<RecordedPath>> paths_;  // of each package
};

}  // namespace

EnvBuilder::EnvBuilder(const PackageSource& source, const PackStore& store, std::string scratch,
                       WarningSink warn, EnvProgress progress)
    : source_(source),
      store_(store),
      scratch_(std::move(scratch)),
      warn_(std::move(warn)),
      progress_(std::move(progress)) {}

EnvSummary EnvBuilder::build(const EnvLock& lock, const EnvOptions& options,
                             const std::string& path) {
  check_prefix(options.prefix);
  squashfs::WorkerPool pool(options.threads);
  std::vector<LoadedPackage> packages =
      load_packages(lock, options, source_, store_, pool, warn_, progress_);
  const auto write_conda_part = [&](const std::string& to) {
    const EnvProgress silent;
    Assembly(packages, lock, options, store_, scratch_, pool, silent)
        .write(to, [](const std::string&) {});
  };
  load_wheels(lock, options, source_, store_, scratch_, pool, write_conda_part, progress_,
              packages);
  EnvSummary out;
  out.packages = packages.size();
  for (const LoadedPackage& package : packages) out.reused += package.was_ready ? 1 : 0;
  out.image =
      Assembly(packages, lock, options, store_, scratch_, pool, progress_).write(path, warn_);
  return out;
}

}  // namespace cntr::env
