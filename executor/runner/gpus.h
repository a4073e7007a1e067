// The NVIDIA GPUs of this machine, as its kernel driver shows them: device nodes, and the driver's
// libraries, which must be of the kernel driver's version and so are never part of an image.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec/spec.h"

namespace cntr::runner {

struct GpuFiles {
  std::vector<std::string> gpus;      // /dev/nvidia0, ... by number
  std::vector<std::string> controls;  // nodes that all of them need
  struct Library {
    std::string name;  // as programs ask for it: libcuda.so.1
    std::string path;

    bool operator==(const Library&) const = default;
  };
  std::vector<Library> libraries;

  bool operator==(const GpuFiles&) const = default;
};

// `devices` is /dev, `linker_cache` what `ldconfig -p` prints.
GpuFiles find_gpu_files(const std::string& devices, std::string_view linker_cache);
// Of this machine. Starts ldconfig, once a process, and only when there is a GPU. Thread-safe.
const GpuFiles& gpu_files();

// Throws an environment Error when there are fewer GPUs than asked for, or none.
void require_gpus(const spec::Gpus& asked, const GpuFiles& there);

// "all", or the number: docker's --gpus.
std::string gpu_count(const spec::Gpus& asked);
// "0,1", or "all": the first ones.
std::string gpu_numbers(const spec::Gpus& asked);

// The step's variables for a runner that shows all GPUs of the machine: CUDA programs see the first
// ones only, unless the step has set CUDA_VISIBLE_DEVICES itself.
void limit_visible_gpus(const spec::Gpus& asked, std::vector<std::string>& environment);
// Makes the loader look into `directory` as well, after the places that the step names.
void add_library_directory(const std::string& directory, std::vector<std::string>& environment);

}  // namespace cntr::runner
