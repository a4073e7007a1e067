#include "spec/lock.h"

#include <gtest/gtest.h>

namespace cntr::spec {
namespace {

const std::string kA = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const std::string kB = "sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752";
const std::string kHead = "cntr: lock\nversion: 1\n";

std::string entry(const std::string& reference, const std::string& platform = "linux/amd64") {
  return "  - reference: \"" + reference + "\"\n    platform: " + platform +
         "\n    manifest: " + kA + "\n    config: " + kB + "\n    locked: 2026-11-21T18:30:00Z\n";
}

std::string message(const std::string& text) {
  try {
    parse_lock(text, "/p/cntr.lock");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

LockedImage image(const std::string& reference, const std::string& platform = "linux/amd64") {
  return {reference, platform, *Digest::parse(kA), *Digest::parse(kB), "2026-11-21T18:30:00Z", {}};
}

TEST(Lock, IsWrittenSortedAndReadBack) {
  Lock lock;
  lock.put(image("docker://b/b:1"));
  lock.put(image("docker://a/a:1", "linux/arm64/v8"));
  lock.put(image("docker://a/a:1"));
  const std::string text = write_lock(lock);
  EXPECT_EQ(text.substr(text.find("cntr:")), kHead + "images:\n" + entry("docker://a/a:1") +
                                                 entry("docker://a/a:1", "linux/arm64/v8") +
                                                 entry("docker://b/b:1"));
  EXPECT_EQ(parse_lock(text, "").images(), lock.images());
  EXPECT_EQ(write_lock(parse_lock(text, "")), text);
}

TEST(Lock, KnowsWhereAnImageStands) {
  const Lock lock = parse_lock(kHead + "images:\n" + entry("docker://a/a:1"), "/p/cntr.lock");
  const LockedImage* const found = lock.find("docker://a/a:1", "linux/amd64");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->location, (Location{"/p/cntr.lock", 4, 16}));
  EXPECT_EQ(lock.find("docker://a/a:1", "linux/arm64"), nullptr);
  EXPECT_EQ(lock.find("docker://a/a:2", "linux/amd64"), nullptr);
}

TEST(Lock, ReplacesAndForgets) {
  Lock lock;
  lock.put(image("a"));
  LockedImage moved = image("a");
  moved.manifest = moved.config;
  lock.put(moved);
  EXPECT_EQ(lock.images(), std::vector<LockedImage>{moved});
  lock.retain([](const LockedImage&) { return false; });
  EXPECT_EQ(parse_lock(write_lock(lock), "").images(), std::vector<LockedImage>{});
}

TEST(Lock, NothingIsAnEmptyLock) { EXPECT_TRUE(read_lock("/no/such/cntr.lock").images().empty()); }

TEST(Lock, MistakesAreShownWithACaret) {
  EXPECT_EQ(message(kHead + "images:\n" + entry("a").replace(entry("a").find("9f86"), 4, "nope")),
            "/p/cntr.lock:6:15: Bad digest \"sha256:nope" + kA.substr(11) +
                "\"\n      manifest: sha256:nope" + kA.substr(11) +
                "\n                ^\n  Expected sha256: and 64 hexadecimal digits.");
  EXPECT_EQ(message(kHead + "images:\n" + entry("a") + entry("a")),
            "/p/cntr.lock:9:16: \"a\" is locked twice for linux/amd64\n    - reference: \"a\"\n"
            "                 ^");
  EXPECT_EQ(message(kHead + "images:\n" + entry("a", "amd64")),
            "/p/cntr.lock:5:15: Bad platform \"amd64\"\n      platform: amd64\n"
            "                ^");
  EXPECT_EQ(message(kHead + "images: []\nmore: 1\n"),
            "/p/cntr.lock:4:1: Unknown key \"more\"\n  more: 1\n  ^");
  EXPECT_EQ(message("cntr: lock\nversion: 2\n").substr(0, 68),
            "/p/cntr.lock:2:10: Version 2 of this file is not known here\n  versio");
  EXPECT_NE(message(kHead + "images: [\n").find("Not valid YAML"), std::string::npos);
  EXPECT_NE(message(kHead + "images:\n" + entry("a b")).find("Bad reference \"a b\""),
            std::string::npos);
  EXPECT_NE(message("").find("Expected"), std::string::npos);
}

}  // namespace
}  // namespace cntr::spec
