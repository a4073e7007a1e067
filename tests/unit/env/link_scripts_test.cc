#include "env/link_scripts.h"

#include <gmock/gmock.h>

#include "env/scripted_records.h"

namespace cntr::env {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

PackageInfo package(const std::string& name, const std::vector<std::string>& paths) {
  PackageInfo out;
  out.name = name;
  for (const std::string& path : paths) {
    out.paths.emplace_back();
    out.paths.back().path = path;
  }
  return out;
}

std::vector<std::string> found(const PackageInfo& info, const std::optional<Python>& python) {
  std::vector<std::string> out;
  for (const LinkScript& script : link_scripts_of(info, python)) {
    out.push_back(script.action + " " + script.path);
  }
  return out;
}

TEST(LinkScriptsTest, AreThoseThatHaveThePackagesName) {
  const PackageInfo info =
      package("a", {"bin/.a-post-link.sh", "bin/.a-pre-link.sh", "bin/.b-post-link.sh",
                    "bin/.a-pre-unlink.sh", "lib/.a-post-link.sh", "Scripts/.a-post-link.bat"});
  EXPECT_THAT(found(info, std::nullopt),
              ElementsAre("pre-link bin/.a-pre-link.sh", "post-link bin/.a-post-link.sh"));
  EXPECT_THAT(found(package("b", {"bin/b"}), std::nullopt), IsEmpty());
}

TEST(LinkScriptsTest, ArePythonScriptsOfPackagesForAnyPython) {
  PackageInfo info = package("a", {"python-scripts/.a-post-link.sh"});
  info.noarch = Noarch::kPython;
  EXPECT_THAT(found(info, Python{"3.11", "lib/python3.11/site-packages"}),
              ElementsAre("post-link bin/.a-post-link.sh"));
}

class ScriptedRecordsTest : public testing::Test {
 protected:
  ScriptedRecordsTest() {
    for (const char* const path : {"lib/a.py", "lib/__pycache__/a.cpython-311.pyc", "lib/d/b"}) {
      paths_[0].push_back({path, "hardlink", &source_, digest_of("before"), 0});
    }
    paths_[1].push_back({"bin/other", "hardlink", &source_, digest_of("before"), 0});
  }

  static PrefixChange change(PrefixChange::Kind kind, const std::string& path) {
    PrefixChange out;
    out.kind = kind;
    out.path = path;
    return out;
  }

  std::vector<std::string> paths() const {
    std::vector<std::string> out;
    for (const RecordedPath& path : paths_[0]) out.push_back(path.path);
    return out;
  }

  PackagePath source_;
  std::optional<Python> python_ = Python{"3.11", "lib/python3.11/site-packages"};
  std::vector<std::vector<RecordedPath>> paths_{2};
};

TEST_F(ScriptedRecordsTest, AChangedModuleLosesItsCompiledForm) {
  ScriptedRecords records(paths_, python_);
  const PrefixChange changed = change(PrefixChange::Kind::kFile, "lib/a.py");
  EXPECT_EQ(records.stale_after(changed), "lib/__pycache__/a.cpython-311.pyc");
  records.change(changed, digest_of("after"));
  EXPECT_THAT(records.changed(), ElementsAre(0));
  EXPECT_THAT(paths(), ElementsAre("lib/a.py", "lib/d/b"));
  EXPECT_EQ(paths_[0][0].digest, digest_of("after"));
  EXPECT_EQ(paths_[0][0].source, nullptr);
}

TEST_F(ScriptedRecordsTest, WhatIsGoneIsGoneWithAllBelow) {
  ScriptedRecords records(paths_, python_);
  records.change(change(PrefixChange::Kind::kGone, "lib/d"), std::nullopt);
  EXPECT_THAT(records.changed(), ElementsAre(0));
  EXPECT_THAT(paths(), ElementsAre("lib/a.py", "lib/__pycache__/a.cpython-311.pyc"));
}

TEST_F(ScriptedRecordsTest, NewFilesAndTheSameContentChangeNoRecord) {
  ScriptedRecords records(paths_, python_);
  records.change(change(PrefixChange::Kind::kDirectory, "lib/d"), std::nullopt);
  records.change(change(PrefixChange::Kind::kFile, "lib/new"), digest_of("new"));
  records.change(change(PrefixChange::Kind::kFile, "lib/d/b"), digest_of("before"));
  EXPECT_THAT(records.changed(), IsEmpty());
  EXPECT_EQ(paths_[0][2].source, &source_);
}

}  // namespace
}  // namespace cntr::env
