// What the parts cost of which a decision is made: hashing, the signature's text, the file digest
// table, the Ninja language. Prints; asserts nothing.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file_system.h"
#include "base/warning.h"
#include "ninja/depfile.h"
#include "ninja/manifest_parser.h"
#include "spec/signature_text.h"
#include "store/cache.h"
#include "store/file_digests.h"

namespace cntr {
namespace {

std::string text_of(const std::string& name, int64_t number) {
  return name + std::to_string(number);
}

void hash_bytes(benchmark::State& state) {
  const std::string bytes(static_cast<size_t>(state.range(0)), 'x');
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(digest_of(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(hash_bytes)->Arg(64)->Arg(4096)->Arg(16 << 20);

std::string signature_text(int64_t inputs) {
  const std::string content = digest_of("content").text();
  spec::SignatureText text;
  text.add("platform", "linux/amd64");
  for (int64_t i = 0; i < inputs; ++i) {
    text.add("input file", text_of("/src/data/measurements/input", i), content);
  }
  return text.text();
}

void make_signature(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(digest_of(signature_text(state.range(0))));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(make_signature)->Arg(10)->Arg(1000);

void explain_signature(benchmark::State& state) {
  const std::string before = signature_text(state.range(0));
  const std::string after = signature_text(state.range(0) + 1);
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(spec::compare_signature_texts(before, after));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(explain_signature)->Arg(1000);

// Files that the cache's database remembers, looked up by a process that has just started.
void look_up_file_digests(benchmark::State& state) {
  const TemporaryDirectory directory("/tmp", "cntr-bench.");
  const auto path = [&](int64_t i) { return text_of(directory.path() + "/file", i); };
  const std::string root = directory.path() + "/cache";
  for (int64_t i = 0; i < state.range(0); ++i) write_file_atomically(path(i), "content");
  const auto look_up_all = [&](store::Cache& cache) {
    for (int64_t i = 0; i < state.range(0); ++i) {
      benchmark::DoNotOptimize(cache.file_digests().file(path(i)));
    }
  };
  const WarningSink fail = [&](const std::string& text) { state.SkipWithError(text.c_str()); };
  {
    store::Cache cache(root, fail);
    look_up_all(cache);
    cache.file_digests().flush();
  }
  for ([[maybe_unused]] auto _ : state) {
    store::Cache cache(root, fail);
    look_up_all(cache);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(look_up_file_digests)->Arg(1)->Arg(1000)->Unit(benchmark::kMicrosecond);

std::string manifest_text(int64_t edges) {
  std::string text =
      "rule cxx\n  command = g++ $FLAGS -MD -MF $DEP_FILE -o $out -c $in\n  deps = gcc\n"
      "  depfile = $DEP_FILE\n";
  for (int64_t i = 0; i < edges; ++i) {
    const std::string object = text_of("lib/CMakeFiles/lib.dir/src/module", i) + ".cc.o";
    text += "build " + object + ": cxx ../source/lib/src/module" + std::to_string(i) +
            ".cc || cmake_object_order_depends_target_lib\n  DEP_FILE = " + object +
            ".d\n  FLAGS = -O2 -g -std=gnu++20\n";
  }
  return text + "build cmake_object_order_depends_target_lib: phony\n";
}

void parse_manifest(benchmark::State& state) {
  const std::string text = manifest_text(state.range(0));
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(ninja::parse_manifest(
        "build.ninja", [&](const std::string&) { return std::optional(text); }));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(parse_manifest)->Arg(1000)->Arg(10'000)->Unit(benchmark::kMillisecond);

void parse_depfile(benchmark::State& state) {
  std::string text = "module.cc.o:";
  for (int64_t i = 0; i < state.range(0); ++i) {
    text += " \\\n  ../source/include/" + text_of("header_", i) + ".h";
  }
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(ninja::parse_depfile(text, "module.cc.o.d"));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(parse_depfile)->Arg(20)->Arg(500);

}  // namespace
}  // namespace cntr

BENCHMARK_MAIN();
