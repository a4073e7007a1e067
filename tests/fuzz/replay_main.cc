// Stands in for libFuzzer: <program> <directory> runs the fuzz target on each file of the directory
// and on mutations of them. Every run does the same. What a target finds ends the program.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kMutations = 4000;
constexpr size_t kLargestInput = 4096;

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& seeds) : seeds_(seeds) {}

  std::string next() {
    std::string input = seeds_[below(seeds_.size())];
    for (size_t steps = 1 + below(6); steps > 0; --steps) change(input);
    if (input.size() > kLargestInput) input.resize(kLargestInput);
    return input;
  }

 private:
  size_t below(size_t bound) { return bound == 0 ? 0 : random_() % bound; }

  std::string piece() {
    const std::string& seed = seeds_[below(seeds_.size())];
    return seed.substr(below(seed.size()), 1 + below(40));
  }

  void change(std::string& input) {
    const size_t at = below(input.size() + 1);
    switch (below(5)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 1:
        input.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 2:
        input.erase(at, 1 + below(8));
        break;
      case 3:
        input.insert(at, piece());
        break;
      default:
        input.replace(at, below(20), piece());
        break;
    }
  }

  const std::vector<std::string>& seeds_;
  // The numbers are to be the same everywhere.
  std::mt19937_64 random_{20240229};  // NOLINT(cert-msc51-cpp)
};

int replay(const std::string& directory) {
  std::vector<std::string> seeds;
  for (const std::string& name : cntr::list_directory(directory)) {
    seeds.push_back(cntr::read_file(directory + "/" + name));
  }
  if (seeds.empty()) {
    std::fprintf(stderr, "%s: no seeds\n", directory.c_str());
    return 1;
  }
  for (const std::string& seed : seeds) run(seed);
  run("");
  Mutator mutator(seeds);
  for (int i = 0; i < kMutations; ++i) run(mutator.next());
  std::printf("%zu seeds and %d mutations\n", seeds.size(), kMutations);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s <directory of seeds>\n", argv[0]);
    return 2;
  }
  try {
    return replay(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
