// What the tests of packs and images have in common.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file_system.h"
#include "squashfs/data_pack_writer.h"

namespace cntr::squashfs {

constexpr size_t kBlock = 128 * 1024;

// Bytes that do not compress, always the same.
inline std::string noise(size_t size, uint64_t seed = 1) {
  std::string out(size, '\0');
  uint64_t state = seed * 0x9e3779b97f4a7c15 + 1;
  for (char& byte : out) {
    state = state * 6364136223846793005 + 1442695040888963407;
    byte = static_cast<char>(state >> 56);
  }
  return out;
}

// Bytes that do.
inline std::string text(size_t size, std::string_view line = "all work and no play\n") {
  std::string out;
  while (out.size() < size) out += line;
  out.resize(size);
  return out;
}

// Memory, where there is some for files: some tests make many.
inline std::string test_place() {
  const std::string memory = "/dev/shm";
  return access(memory.c_str(), W_OK) == 0 ? memory : testing::TempDir();
}

inline std::string message_of(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

class PackFixture : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return place_.path() + "/" + name; }

  UniqueFd new_file(const std::string& name) const {
    return UniqueFd(open(path(name).c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  }

  DataPackWriter writer(const std::string& name, const Compression& compression = {}) {
    return {new_file(name), name, compression, pool_};
  }

  WorkerPool pool_{2};
  TemporaryDirectory place_{test_place(), "cntr-squashfs-"};
};

}  // namespace cntr::squashfs
