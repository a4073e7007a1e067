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
#include "base/text.h"
#include "env/conda_meta.h"
#include "env/install_order.h"
#include "env/package_compiler.h"
#include "env/package_loader.h"
#include "env/prefix_tree.h"
#include "env/python.h"
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

// Puts the packages of a lock together.
class Assembly {
 public:
  Assembly(const std::vector<LoadedPackage>& packages, const EnvLock& lock,
           const EnvOptions& options, const PackStore& store, const std::string& scratch,
           squashfs::WorkerPool& pool)
      : packages_(packages),
        options_(options),
        platform_(lock.platform),
        variables_(lock.variables),
        order_(order_of(packages, lock.is_ordered)),
        store_(store),
        scratch_(scratch),
        pool_(pool),
        generated_(nameless_file(scratch), "the generated files", options.compression, pool),
        paths_(packages.size()) {
    for (const LoadedPackage& package : packages_) {
      if (package.stored.package.info.name == "python")
        python_ = python_of(package.stored.package.info);
    }
  }

  squashfs::ImageSummary write(const std::string& path, const WarningSink& warn) {
    check_link_scripts(warn);
    for (const size_t package : order_) link(package);
    for (const size_t package : order_) add_entry_points(package);
    const std::vector<CompiledPackage> compiled = compile(warn);
    for (const size_t package : order_) add_compiled(package, compiled[package]);
    tree_.warn_of_surprises(warn);
    add_conda_meta();
    const DataPack generated = generated_.finish();
    const std::vector<const DataPack*> packs = all_packs(compiled, generated);
    return squashfs::write_image(tree_.tree(), packs, options_.compression, path);
  }

 private:
  const PackageInfo& info(size_t package) const { return packages_[package].stored.package.info; }

  // Packs are numbered by package: its own, then that of what was compiled of it; the last one has
  // what is of no package.
  static uint32_t pack_of(size_t package) { return static_cast<uint32_t>(2 * package); }
  static uint32_t compiled_pack_of(size_t package) { return pack_of(package) + 1; }
  uint32_t generated_pack() const { return pack_of(packages_.size()); }

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

  void check_link_scripts(const WarningSink& warn) const {
    for (const size_t package : order_) {
      for (const PackagePath& source : info(package).paths) {
        const std::string path = path_in_prefix(info(package), source.path, python_);
        for (const char* const when : {"pre", "post"}) {
          if (path != "bin/." + info(package).name + "-" + when + "-link.sh") continue;
          const std::string what = "The package " + info(package).dist() + " has a script " + path +
                                   ", which is to run when it is installed";
          if (options_.link_scripts == LinkScripts::kIgnore) {
            warn(what + "; it does not run");
          } else {
            throw user_error(what, {"Such scripts are not run. With --link-scripts ignore the "
                                    "environment is made without what they would do."});
          }
        }
      }
    }
  }

  void link(size_t package) {
    const StoredPackage& stored = packages_[package].stored;
    tree_.begin_package(info(package).dist(), pack_of(package));
    for (size_t i = 0; i < stored.package.files.size(); ++i) {
      const LinkedFile& file = stored.package.files[i];
      RecordedPath record;
      record.path = path_in_prefix(info(package), info(package).paths[i].path, python_);
      record.source = &info(package).paths[i];
      tree_.add(record.path, file);
      record.type = file.kind == LinkedKind::kFile      ? "hardlink"
                    : file.kind == LinkedKind::kSymlink ? "softlink"
                                                        : "directory";
      if (file.kind == LinkedKind::kFile) record.digest = stored.pack->file_digest(file.content);
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
    return compile_packages(packages_, options_, *python_, store_, scratch_, pool_);
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
    std::vector<const LockedPackage*> history;
    for (const size_t package : order_) {
      if (packages_[package].is_wheel) continue;
      const InstalledPackage installed{packages_[package].lock, info(package), paths_[package]};
      tree_.add_file("conda-meta/" + info(package).dist() + ".json",
                     generated_.add_file(conda_meta_record(installed)), false);
      history.push_back(&packages_[package].lock);
    }
    tree_.add_file("conda-meta/history", generated_.add_file(conda_meta_history(history)), false);
    if (!variables_.empty()) {
      tree_.add_file("conda-meta/state", generated_.add_file(conda_meta_state(variables_)), false);
    }
    tree_.add_file("conda-meta/frozen", generated_.add_file(conda_meta_frozen()), false);
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
  load_wheels(lock, options, source_, store_, pool, packages);
  EnvSummary out;
  out.packages = packages.size();
  for (const LoadedPackage& package : packages) out.reused += package.was_ready ? 1 : 0;
  out.image = Assembly(packages, lock, options, store_, scratch_, pool).write(path, warn_);
  return out;
}

}  // namespace cntr::env
