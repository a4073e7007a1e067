// Many processes on one cache, killed ones, and a full disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "base/text.h"
#include "fixtures.h"

namespace cntr::store {
namespace {

constexpr int kNames = 20;

std::string bytes_of(int name) {
  return "bytes of " + std::to_string(name) + std::string(size_t(name) * 500, 'x');
}

// Looks an action up, checks what it gets, and stores it when it gets nothing. The number of hits.
class Builder {
 public:
  Builder(const std::string& root, const std::string& own_directory, const WarningSink& warn)
      : cache_(root, warn), directory_(own_directory) {
    mkdir(directory_.c_str(), 0755);
  }

  // Throws when it got wrong bytes.
  void build(int name) {
    const Digest signature = digest_of("signature of " + std::to_string(name));
    const std::string out = directory_ + "/out";
    unlink(out.c_str());
    const auto found = cache_.find_action(signature);
    if (found && cache_.materialise(found->outputs.at(0), out)) {
      if (read_file(out) != bytes_of(name)) throw environment_error("wrong bytes");
      ++hits;
    } else {
      store_action(cache_, std::to_string(name), bytes_of(name), directory_);
    }
    cache_.file_digests().tree(directory_);
  }

  int hits = 0;

 private:
  Cache cache_;
  std::string directory_;
};

class ProcessesTest : public testing::Test {
 protected:
  void expect_sound() {
    Warnings warnings;
    Cache cache(root, warnings.sink());
    EXPECT_EQ(problems_of(cache), "");
    EXPECT_THAT(warnings.sentences, testing::IsEmpty());
    Builder builder(root, scratch / "last", warnings.sink());
    for (int name = 0; name < kNames; ++name) builder.build(name);
    for (int name = 0; name < kNames; ++name) builder.build(name);
    EXPECT_GE(builder.hits, kNames);
  }

  Scratch scratch;
  std::string root = scratch / "cache";
};

TEST_F(ProcessesTest, AKilledProcessLeavesASoundCache) {
  constexpr int kRounds = 40;
  std::minstd_rand random(1);  // fixed: a failure can be repeated
  for (int round = 0; round < kRounds; ++round) {
    const pid_t process = start_process([&] {
      int warnings = 0;
      Builder builder(root, scratch / "killed", [&](const std::string&) { ++warnings; });
      for (int i = 0;; ++i) {
        builder.build((i + round) % kNames);
        if (i % 7 == 0) Cache(root, [&](const std::string&) { ++warnings; }).clear();
        if (warnings > 0) return 1;
      }
    });
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 30'000));
    kill(process, SIGKILL);
    ASSERT_EQ(wait_for(process), 128 + SIGKILL) << "round " << round;
  }
  expect_sound();
}

TEST_F(ProcessesTest, AProcessThatEndsBeforeItsActionLeavesNoHit) {
  const pid_t process = start_process([&] {
    Warnings warnings;
    Cache cache(root, warnings.sink());
    write(scratch / "made", "bytes");
    return cache.store_file(scratch / "made") ? 0 : 1;
  });
  ASSERT_EQ(wait_for(process), 0);
  Warnings warnings;
  Cache cache(root, warnings.sink());
  EXPECT_EQ(cache.status().blobs, 1U);
  EXPECT_EQ(cache.status().actions, 0U);
  expect_sound();
}

TEST_F(ProcessesTest, ManyProcessesMakeAndUseOneCache) {
  constexpr int kProcesses = 4;
  std::vector<pid_t> processes;
  for (int p = 0; p < kProcesses; ++p) {
    processes.push_back(start_process([&, p] {
      int warnings = 0;
      {
        Builder builder(root, scratch / ("process" + std::to_string(p)),
                        [&](const std::string&) { ++warnings; });
        for (int i = 0; i < 150; ++i) builder.build((i * (p + 1)) % kNames);
      }
      return warnings;
    }));
  }
  for (const pid_t process : processes) EXPECT_EQ(wait_for(process), 0);
  expect_sound();
}

TEST_F(ProcessesTest, ClearIsSafeWhileOthersBuild) {
  const pid_t process = start_process([&] {
    int warnings = 0;
    {
      Builder builder(root, scratch / "building", [&](const std::string& sentence) {
        ++warnings;
        fprintf(stderr, "%s\n", sentence.c_str());
      });
      for (int i = 0; i < 400; ++i) builder.build(i % kNames);
    }
    return warnings;
  });
  for (int i = 0; i < 25; ++i) {
    Warnings warnings;
    Cache(root, warnings.sink()).clear();
    EXPECT_THAT(warnings.sentences, testing::IsEmpty());
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(wait_for(process), 0);
  expect_sound();
}

// In a mount namespace of its own, so that nothing is left mounted.
bool mount_small_disk(const std::string& directory) {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (user == 0) {
    if (unshare(CLONE_NEWNS) != 0) return false;
  } else {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    const std::string gid = std::to_string(group);
    write("/proc/self/setgroups", "deny");
    write("/proc/self/gid_map", gid + " " + gid + " 1");
    write("/proc/self/uid_map", std::to_string(user) + " " + std::to_string(user) + " 1");
  }
  return mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("cntr-test", directory.c_str(), "tmpfs", 0, "size=1m") == 0;
}

constexpr int kCannotMount = 77;

void fill(const std::string& path) {
  try {
    write(path, std::string(1 << 20, 'x'));
  } catch (const Error&) {
    // The disk is full, as it should be.
  }
}

class FullDiskTest : public testing::Test {
 protected:
  FullDiskTest() { mkdir(disk.c_str(), 0755); }

  // What `work` returns, called on a disk of 1 MiB at `disk`; "" when there can be none.
  std::string on_small_disk(const std::function<std::string()>& work) {
    const std::string answer = scratch / "answer";
    const int code = wait_for(start_process([&] {
      if (!mount_small_disk(disk)) return kCannotMount;
      write(answer, work());
      return 0;
    }));
    if (code == kCannotMount) return "";
    EXPECT_EQ(code, 0);
    return read_file(answer);
  }

  Scratch scratch;
  std::string disk = scratch / "disk";
  std::string root = disk + "/cache";
};

TEST_F(FullDiskTest, WhatDoesNotFitIsAWarningAndTheRestStaysRight) {
  const std::string answer = on_small_disk([&] {
    Warnings warnings;
    std::string out;
    {
      Cache cache(root, warnings.sink());
      const StoredAction small = store_action(cache, "small", "bytes", scratch.path());
      write(scratch / "large", std::string(2 << 20, 'x'));
      if (cache.store_file(scratch / "large")) out += "the large file fitted\n";
      if (cache.find_action(small.record.signature) != small.result) out += "a hit was lost\n";
      fill(disk + "/filler");
      int taken = 0;
      Record record;
      record.signature_text = std::string(100'000, 's');
      while (taken < 100 && cache.add_action(record, {})) {
        record.signature = digest_of(std::to_string(++taken));
      }
      if (taken == 100) out += "the database never got full\n";
      if (cache.find_action(small.record.signature) != small.result) out += "a hit was lost\n";
      if (!cache.materialise(small.result.outputs[0], scratch / "out")) out += "no output\n";
      unlink((disk + "/filler").c_str());
      out += problems_of(cache);
    }
    return out + join(warnings.sentences, "\n");
  });
  if (answer.empty()) GTEST_SKIP() << "a tmpfs cannot be mounted here";
  EXPECT_EQ(answer, "Cannot add to the cache at " + root +
                        ", so steps will run again: Cannot write " + root +
                        "/v1/tmp: No space left on device");
}

TEST_F(FullDiskTest, ACacheThatCannotBeMadeIsAWarning) {
  const std::string answer = on_small_disk([&] {
    fill(disk + "/filler");
    Warnings warnings;
    {
      Cache cache(root, warnings.sink());
      write(scratch / "input", "input");
      cache.store_file(scratch / "input");
    }
    return join(warnings.sentences, "\n");
  });
  if (answer.empty()) GTEST_SKIP() << "a tmpfs cannot be mounted here";
  EXPECT_EQ(answer, "Cannot use the cache at " + root + ", so every step runs: Cannot write " +
                        root + "/CACHEDIR.TAG: No space left on device");
}

}  // namespace
}  // namespace cntr::store
