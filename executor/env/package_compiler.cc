#include "env/package_compiler.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "base/error.h"
#include "base/parallel.h"
#include "env/pyc_maker.h"
#include "env/stage_counter.h"
#include "squashfs/data_pack_reader.h"
#include "squashfs/data_pack_writer.h"

namespace cntr::env {
namespace {

bool is_compiled(const PackageInfo& info, const std::string& path, const LinkedFile& file,
                 const Python& python) {
  if (file.kind != LinkedKind::kFile || !path.ends_with(".py")) return false;
  if (info.noarch == Noarch::kPython) return path.starts_with("site-packages/");
  return file.has_prefix && path.starts_with("lib/python" + python.minor_version + "/");
}

// What is to be compiled of a package: places in its list.
std::vector<size_t> sources_of(const StoredPackage& package, const Python& python) {
  std::vector<size_t> out;
  const PackedPackage& packed = package.package;
  for (size_t i = 0; i < packed.files.size(); ++i) {
    if (is_compiled(packed.info, packed.info.paths[i].path, packed.files[i], python)) {
      out.push_back(i);
    }
  }
  return out;
}

// Those with something to compile. The largest come first, so that none of them is alone at the
// end.
std::vector<size_t> largest_first(const std::vector<LoadedPackage>& packages,
                                  const Python& python) {
  std::vector<uint64_t> sizes;
  for (const LoadedPackage& package : packages) {
    const StoredPackage& stored = package.stored;
    uint64_t size = 0;
    for (const size_t source : sources_of(stored, python)) {
      size += stored.pack->file_size(stored.package.files[source].content) + 1;
    }
    sizes.push_back(size);
  }
  std::vector<size_t> out;
  for (size_t i = 0; i < packages.size(); ++i) {
    if (sizes[i] > 0) out.push_back(i);
  }
  std::stable_sort(out.begin(), out.end(),
                   [&](size_t one, size_t other) { return sizes[one] > sizes[other]; });
  return out;
}

class Compiler {
 public:
  Compiler(const LoadedPackage& python_package, const EnvOptions& options, const Python& python,
           const PackStore& store, const std::string& scratch, squashfs::WorkerPool& pool)
      : python_package_(python_package),
        options_(options),
        python_(python),
        store_(store),
        scratch_(scratch),
        pool_(pool) {}

  CompiledPackage compile(const LoadedPackage& package) {
    const std::vector<size_t> sources = sources_of(package.stored, python_);
    if (sources.empty()) return {};
    const Digest key = key_of(package);
    auto kept = store_.find(key);
    if (!kept) {
      kept =
          store_.add(key, [&](UniqueFd file) { return make(package, sources, std::move(file)); });
    }
    return to_compiled(*kept, package, sources);
  }

 private:
  Digest key_of(const LoadedPackage& package) const {
    const Digest content =
        PackStore::key(*package.lock.sha256, options_.prefix, options_.compression);
    return digest_of("cntr env compiled 2\n" + content.hex() + "\n" +
                     python_package_.lock.sha256->hex() + "\n" + python_.site_packages + "\n");
  }

  // Made when it is first needed.
  const PycMaker& maker() {
    const std::lock_guard lock(mutex_);
    if (!maker_) maker_.emplace(python_package_.stored, python_, scratch_, pool_.threads());
    return *maker_;
  }

  PackStore::Made make(const LoadedPackage& package, const std::vector<size_t>& places,
                       UniqueFd file) {
    const PackedPackage& packed = package.stored.package;
    squashfs::DataPackReader reader(*package.stored.pack);
    std::vector<PythonSource> sources;
    for (const size_t place : places) {
      const std::string path = path_in_prefix(packed.info, packed.info.paths[place].path, python_);
      sources.push_back(
          {options_.prefix + "/" + path, reader.content(packed.files[place].content)});
    }
    const auto compiled = maker().compile(sources);
    squashfs::DataPackWriter writer(std::move(file), packed.info.dist() + " compiled",
                                    options_.compression, pool_);
    PackedPackage out;
    for (size_t i = 0; i < places.size(); ++i) {
      if (!compiled[i]) continue;
      PackagePath path;
      path.path = packed.info.paths[places[i]].path;
      LinkedFile linked;
      linked.content = writer.add_file(*compiled[i]);
      out.info.paths.push_back(std::move(path));
      out.files.push_back(std::move(linked));
    }
    return {std::move(out), writer.finish()};
  }

  CompiledPackage to_compiled(const StoredPackage& kept, const LoadedPackage& package,
                              const std::vector<size_t>& sources) const {
    const PackageInfo& info = package.stored.package.info;
    std::map<std::string, size_t> places;
    for (const size_t source : sources) places[info.paths[source].path] = source;
    CompiledPackage out{kept.pack, {}};
    for (size_t i = 0; i < kept.package.files.size(); ++i) {
      const size_t source = places.at(kept.package.info.paths[i].path);
      const std::string path = path_in_prefix(info, info.paths[source].path, python_);
      out.files.push_back({source, pyc_path(path, python_), kept.package.files[i].content});
    }
    return out;
  }

  const LoadedPackage& python_package_;
  const EnvOptions& options_;
  const Python& python_;
  const PackStore& store_;
  const std::string& scratch_;
  squashfs::WorkerPool& pool_;
  std::mutex mutex_;
  std::optional<PycMaker> maker_;
};

}  // namespace

std::vector<CompiledPackage> compile_packages(const std::vector<LoadedPackage>& packages,
                                              const EnvOptions& options, const Python& python,
                                              const PackStore& store, const std::string& scratch,
                                              squashfs::WorkerPool& pool,
                                              const EnvProgress& progress) {
  std::vector<CompiledPackage> out(packages.size());
  const LoadedPackage* python_package = nullptr;
  for (const LoadedPackage& package : packages) {
    if (package.lock.name == "python") python_package = &package;
  }
  if (python_package == nullptr) return out;
  Compiler compiler(*python_package, options, python, store, scratch, pool);
  const std::vector<size_t> order = largest_first(packages, python);
  StageCounter compiled(progress, EnvStage::kCompiling, order.size());
  run_in_parallel(order.size(), pool.threads(), [&](size_t i) {
    out[order[i]] = compiler.compile(packages[order[i]]);
    compiled.add_one();
  });
  return out;
}

}  // namespace cntr::env
