#include "env/wheel.h"

#include <gmock/gmock.h>

#include <map>

#include "base/error.h"
#include "env/wheel_builder.h"
#include "env/wheel_files.h"
#include "package_builder.h"
#include "squashfs/data_pack_reader.h"
#include "squashfs/worker_pool.h"

namespace cntr::env {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class WheelTest : public testing::Test {
 protected:
  WheelTest() {
    lock_.url = "https://host/Demo_Kit-1.0-py3-none-any.whl";
    lock_.name = "demo-kit";
    lock_.version = "1.0";
    lock_.where = {"/p/env.lock", 7, 0};
    files_["Demo_Kit-1.0.dist-info/WHEEL"] = "Wheel-Version: 1.0\n";
    files_["Demo_Kit-1.0.dist-info/METADATA"] = "Name: Demo_Kit\n";
    files_["demo/__init__.py"] = "x = 1\n";
  }

  // The wheel of files_, with the RECORD that belongs to them.
  std::string wheel() const {
    std::vector<InstalledFile> listed;
    std::vector<ZipPart> parts;
    for (const auto& [name, text] : files_) {
      listed.push_back({name, digest_of(text), text.size()});
      parts.push_back({name, text});
    }
    const std::string record = "Demo_Kit-1.0.dist-info/RECORD";
    parts.push_back({record, record_.empty() ? wheel_record_text(listed, record) : record_});
    return stored_zip(parts);
  }
  PackedPackage pack(const std::string& bytes) {
    squashfs::DataPackWriter writer(file_of(""), "pack", {}, pool_);
    PackedPackage out = pack_wheel(file_of(bytes), lock_, python_, "/opt/e", writer);
    const squashfs::DataPack pack = writer.finish();
    squashfs::DataPackReader reader(pack);
    for (size_t i = 0; i < out.files.size(); ++i) {
      found_[out.info.paths[i].path] = reader.content(out.files[i].content);
      modes_[out.info.paths[i].path] = out.files[i].mode;
    }
    return out;
  }
  std::string message_of() { return message_of(wheel()); }
  std::string message_of(const std::string& bytes) {
    try {
      pack(bytes);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUser);
      const std::string begin = "/p/env.lock:7: The wheel Demo_Kit-1.0-py3-none-any.whl: ";
      EXPECT_THAT(error.what(), testing::StartsWith(begin));
      return std::string(error.what()).substr(begin.size());
    }
    return "no error";
  }

  squashfs::WorkerPool pool_{1};
  const Python python_{"3.11", "lib/python3.11/site-packages"};
  LockedWheel lock_;
  std::map<std::string, std::string> files_;
  std::string record_;
  std::map<std::string, std::string> found_;
  std::map<std::string, int> modes_;
};

TEST_F(WheelTest, FilesComeWherePipPutsThem) {
  files_["Demo_Kit-1.0.data/scripts/run"] = "#!python -s\nprint(1)\n";
  files_["Demo_Kit-1.0.data/scripts/other"] = "#!/bin/sh\n";
  files_["Demo_Kit-1.0.data/data/share/a,b"] = "ab\n";
  files_["Demo_Kit-1.0.data/platlib/demo/fast.so"] =
      "\x7f"
      "ELF";
  files_["Demo_Kit-1.0.data/headers/demo.h"] = "int x;\n";
  files_["Demo_Kit-1.0.dist-info/entry_points.txt"] =
      "# comment\n[console_scripts]\ndemo = demo:main [extra]\n[other]\nx = y:z\n";
  const PackedPackage packed = pack(wheel());
  EXPECT_EQ(packed.info.dist(), "demo-kit-1.0-pypi_0");
  EXPECT_EQ(packed.info.noarch, Noarch::kPython);
  EXPECT_THAT(packed.info.entry_points, ElementsAre(EntryPoint{"demo", "demo", "main"}));
  EXPECT_EQ(found_.at("site-packages/demo/__init__.py"), "x = 1\n");
  EXPECT_EQ(found_.at("site-packages/demo/fast.so"),
            "\x7f"
            "ELF");
  EXPECT_EQ(found_.at("share/a,b"), "ab\n");
  EXPECT_EQ(found_.at("include/python3.11/demo-kit/demo.h"), "int x;\n");
  EXPECT_EQ(found_.at("python-scripts/run"), "#!/opt/e/bin/python3.11\nprint(1)\n");
  EXPECT_EQ(found_.at("python-scripts/other"), "#!/bin/sh\n");
  EXPECT_EQ(modes_.at("python-scripts/run"), 0755);
  EXPECT_EQ(modes_.at("site-packages/demo/__init__.py"), 0644);
  EXPECT_EQ(found_.at("site-packages/Demo_Kit-1.0.dist-info/INSTALLER"), "cntr\n");
  const std::string& record = found_.at("site-packages/Demo_Kit-1.0.dist-info/RECORD");
  EXPECT_THAT(record, HasSubstr("\"../../../share/a,b\",sha256="));
  EXPECT_THAT(record, HasSubstr("../../../bin/demo,sha256="));
  EXPECT_THAT(record, HasSubstr("../../../bin/run,sha256="));
  EXPECT_THAT(record, HasSubstr("Demo_Kit-1.0.dist-info/INSTALLER,sha256="));
  EXPECT_THAT(record, testing::EndsWith("\nDemo_Kit-1.0.dist-info/RECORD,,\n"));
}

TEST_F(WheelTest, SumsOfARecordAreBase64ForUrls) {
  const std::string line = "x,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n";
  EXPECT_EQ(wheel_record_text({{"x", digest_of(""), 0}}, "RECORD"), line + "RECORD,,\n");
  EXPECT_EQ(parse_wheel_record(line + "\"a\"\"b\",,\ny,md5=1,2\r\n"),
            (std::map<std::string, Digest>{{"x", digest_of("")}}));
}

TEST_F(WheelTest, PathsOfARecordAreRelativeToTheModules) {
  EXPECT_EQ(path_in_record("lib/python3.11/site-packages/a/b.py", python_), "a/b.py");
  EXPECT_EQ(path_in_record("bin/a", python_), "../../../bin/a");
  EXPECT_EQ(path_in_record("lib/python3.11/a", python_), "../../../lib/python3.11/a");
}

TEST(WheelBuilderTest, WhatABuildNeeds) {
  EXPECT_EQ(unmet_build_requirements(
                "a 1.0",
                "x\n  ERROR: Some build dependencies for file:///tmp/source/a-1.0 are "
                "missing: 'b>=2', 'c'.\nmore\n"),
            "a 1.0 needs 'b>=2', 'c' to be built, which the environment does not have");
  EXPECT_EQ(unmet_build_requirements("",
                                     "ERROR: Some build dependencies for a from file:///a.zip "
                                     "conflict with the backend dependencies: setuptools==66 "
                                     "is incompatible with setuptools<60."),
            "a cannot be built in the environment: setuptools==66 is incompatible with "
            "setuptools<60");
  EXPECT_EQ(unmet_build_requirements("a", "Some build dependencies for"), std::nullopt);
  EXPECT_EQ(unmet_build_requirements("a", "error: command gcc failed"), std::nullopt);
}

TEST_F(WheelTest, WhatIsNotAsTheRecordSays) {
  record_ = "demo/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n";
  EXPECT_EQ(message_of(), "its RECORD does not list \"Demo_Kit-1.0.dist-info/METADATA\"");
  files_.erase("Demo_Kit-1.0.dist-info/METADATA");
  record_ += "Demo_Kit-1.0.dist-info/WHEEL,sha256=" +
             wheel_record_text({{"", digest_of("Wheel-Version: 1.0\n"), 19}}, "r").substr(8);
  EXPECT_EQ(message_of(), "its member \"demo/__init__.py\" is not the file that its RECORD lists");
  record_ = "\"open\n";
  EXPECT_EQ(message_of(), "RECORD: \"\\\"open\" is no line");
  record_ = "a,sha256=x,1\n";
  EXPECT_EQ(message_of(), "RECORD: \"sha256=x\" is no sum");
}

TEST_F(WheelTest, WhatIsNoWheelOrAnother) {
  EXPECT_EQ(message_of("nothing"), "it is no zip archive, or a truncated one");
  lock_.name = "other";
  EXPECT_EQ(message_of(), "it has no .dist-info directory of \"other\"");
  lock_.name = "demo-kit";
  files_["Demo_Kit-1.0.dist-info/WHEEL"] = "Wheel-Version: 2.0\n";
  EXPECT_EQ(message_of(), "WHEEL: version \"2.0\" of wheels is not known here");
  files_["Demo_Kit-1.0.dist-info/WHEEL"] = "";
  EXPECT_EQ(message_of(), "WHEEL: it does not say the version of the format");
  files_["Other-1.0.dist-info/WHEEL"] = "";
  EXPECT_EQ(message_of(), "it has two .dist-info directories");
}

TEST_F(WheelTest, WhatWouldLeaveTheEnvironment) {
  files_["../outside"] = "x";
  EXPECT_THAT(message_of(), HasSubstr("../outside"));
  files_.erase("../outside");
  files_["Demo_Kit-1.0.data/data/../../outside"] = "x";
  EXPECT_THAT(message_of(), HasSubstr("outside"));
  files_.erase("Demo_Kit-1.0.data/data/../../outside");
  files_["Demo_Kit-1.0.data/system/x"] = "x";
  EXPECT_EQ(message_of(),
            "its member \"Demo_Kit-1.0.data/system/x\" has no place in an environment");
  files_.erase("Demo_Kit-1.0.data/system/x");
  files_["Demo_Kit-1.0.data/purelib/demo/__init__.py"] = "y";
  EXPECT_EQ(message_of(), "two of its files are to lie at \"site-packages/demo/__init__.py\"");
  files_.erase("Demo_Kit-1.0.data/purelib/demo/__init__.py");
  const std::string points = "Demo_Kit-1.0.dist-info/entry_points.txt";
  files_[points] = "[console_scripts]\n../../etc/x = demo:main\n";
  EXPECT_EQ(message_of(),
            "entry_points.txt: \"../../etc/x = demo:main\" names no function of Python");
  files_[points] = "[console_scripts]\nx = demo:main;evil\n";
  EXPECT_EQ(message_of(), "entry_points.txt: \"x = demo:main;evil\" names no function of Python");
}

}  // namespace
}  // namespace cntr::env
