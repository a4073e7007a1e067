#include "runner/gpus.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "base/file_system.h"
#include "base/process.h"
#include "base/text.h"

namespace cntr::runner {
namespace {

// The number of a GPU's node, "nvidia3".
std::optional<int> gpu_number(std::string_view name) {
  constexpr std::string_view kPrefix = "nvidia";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  int number = 0;
  const auto [rest, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (failure != std::errc() || rest != name.data() + name.size()) return std::nullopt;
  return number;
}

bool is_of_driver(std::string_view library) {
  constexpr std::array<std::string_view, 5> kBeginnings = {
      "libcuda.so", "libcudadebugger.so", "libnvcuvid.so", "libnvidia-", "libnvoptix.so"};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view beginning) { return library.starts_with(beginning); });
}

// A line of `ldconfig -p`: "\tlibcuda.so.1 (libc6,x86-64) =>
// /usr/lib/x86_64-linux-gnu/libcuda.so.1". Libraries for 32-bit programs are without the second
// word in the brackets.
std::optional<GpuFiles::Library> parse_cached_library(std::string_view line) {
  constexpr std::string_view kArrow = " => ";
  const size_t name = line.find_first_not_of(" \t");
  const size_t bracket = line.find(" (");
  const size_t arrow = line.find(kArrow);
  if (name == std::string_view::npos || bracket == std::string_view::npos ||
      arrow == std::string_view::npos || bracket > arrow || name > bracket) {
    return std::nullopt;
  }
  const std::string_view platform = line.substr(bracket, arrow - bracket);
  if (platform.find("64") == std::string_view::npos) return std::nullopt;
  return GpuFiles::Library{std::string(line.substr(name, bracket - name)),
                           std::string(line.substr(arrow + kArrow.size()))};
}

void set_variable(const std::string& name, const std::string& value,
                  std::vector<std::string>& environment) {
  std::erase_if(environment,
                [&](const std::string& variable) { return variable.starts_with(name + "="); });
  environment.push_back(name + "=" + value);
}

std::optional<std::string> value_of(const std::string& name,
                                    const std::vector<std::string>& environment) {
  for (const std::string& variable : environment) {
    if (variable.starts_with(name + "=")) return variable.substr(name.size() + 1);
  }
  return std::nullopt;
}

}  // namespace

GpuFiles find_gpu_files(const std::string& devices, std::string_view linker_cache) {
  GpuFiles files;
  std::vector<int> numbers;
  for (const std::string& name : list_directory(devices)) {
    if (const auto number = gpu_number(name)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  for (const int number : numbers) {
    files.gpus.push_back(devices + "/nvidia" + std::to_string(number));
  }
  for (const char* name :
       {"nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset", "nvidia-caps"}) {
    const std::string path = devices + "/" + name;
    if (exists(path)) files.controls.push_back(path);
  }
  for (const std::string& line : split(std::string(linker_cache), '\n')) {
    auto library = parse_cached_library(line);
    if (!library || !is_of_driver(library->name)) continue;
    const bool known = std::any_of(files.libraries.begin(), files.libraries.end(),
                                   [&](const auto& other) { return other.name == library->name; });
    if (!known) files.libraries.push_back(std::move(*library));
  }
  return files;
}

const GpuFiles& gpu_files() {
  static const GpuFiles files = [] {
    GpuFiles found = find_gpu_files("/dev", "");
    if (found.gpus.empty()) return found;
    const auto ldconfig = find_program("ldconfig", search_path() + ":/usr/sbin:/sbin");
    return ldconfig ? find_gpu_files("/dev", capture_process({*ldconfig, "-p"}).out) : found;
  }();
  return files;
}

void require_gpus(const spec::Gpus& asked, const GpuFiles& there) {
  const size_t count = there.gpus.size();
  if (count >= static_cast<size_t>(asked.count.value_or(1))) return;
  throw environment_error(
      "it needs " + gpu_count(asked) + (asked.count == 1 ? " GPU" : " GPUs") +
          ", and this machine has " + (count == 0 ? "none" : std::to_string(count)),
      {"GPUs are those of NVIDIA's driver: /dev/nvidia0 and so on, as `nvidia-smi` makes them."});
}

std::string gpu_count(const spec::Gpus& asked) {
  return asked.count ? std::to_string(*asked.count) : "all";
}

std::string gpu_numbers(const spec::Gpus& asked) {
  if (!asked.count) return "all";
  std::vector<std::string> numbers;
  for (int i = 0; i < *asked.count; ++i) numbers.push_back(std::to_string(i));
  return join(numbers, ",");
}

void limit_visible_gpus(const spec::Gpus& asked, std::vector<std::string>& environment) {
  if (!asked.count || value_of("CUDA_VISIBLE_DEVICES", environment)) return;
  set_variable("CUDA_VISIBLE_DEVICES", gpu_numbers(asked), environment);
}

void add_library_directory(const std::string& directory, std::vector<std::string>& environment) {
  const std::string before = value_of("LD_LIBRARY_PATH", environment).value_or("");
  set_variable("LD_LIBRARY_PATH", before.empty() ? directory : before + ":" + directory,
               environment);
}

}  // namespace cntr::runner
