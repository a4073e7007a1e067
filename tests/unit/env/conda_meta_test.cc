#include "env/conda_meta.h"

#include <gmock/gmock.h>

#include "base/json_reader.h"
#include "package_builder.h"

namespace cntr::env {
namespace {

TEST(CondaMetaTest, NoSecretsInUrls) {
  EXPECT_EQ(public_url("https://ada:secret@host/chan"), "https://host/chan");
  EXPECT_EQ(public_url("https://host/t/tk-123/chan/noarch"), "https://host/chan/noarch");
  EXPECT_EQ(public_url("https://u:p@host:8080/t/tk/c@d"), "https://host:8080/c@d");
  EXPECT_EQ(public_url("https://host/chan/t/x"), "https://host/chan/t/x");
  EXPECT_EQ(public_url("file:///t/x@y/z"), "file:///t/x@y/z");
}

TEST(CondaMetaTest, ARecordHasWhatTheLockAndThePackageSay) {
  LockedPackage lock = package_of_url("https://u:p@host/chan/linux-64/demo-1.0-0.conda", {});
  lock.sha256 = digest_of("package");
  lock.depends = {{"newer >=2"}};
  PackageInfo info;
  info.index = index_json(R"(, "depends": ["older"], "constrains": ["c"], "license": "MIT",
      "timestamp": 1.5, "sha256": "no", "url": "no")");
  PackagePath path;
  path.path = "bin/a";
  path.placeholder = "/place";
  path.sha256 = "00";
  path.size = 3;
  const JsonNode record =
      JsonNode::parse(conda_meta_record({lock,
                                         info,
                                         {{"bin/a", "hardlink", &path, digest_of("a"), 0},
                                          {"bin/e", "unix_python_entry_point", nullptr, {}, 9}}}),
                      "record");
  EXPECT_EQ(record.at("name").text(), "demo");
  EXPECT_EQ(record.at("license").text(), "MIT");
  EXPECT_EQ(record.at("url").text(), "https://host/chan/linux-64/demo-1.0-0.conda");
  EXPECT_EQ(record.at("channel").text(), "https://host/chan");
  EXPECT_EQ(record.at("fn").text(), "demo-1.0-0.conda");
  EXPECT_EQ(record.at("sha256").text(), digest_of("package").hex());
  EXPECT_THAT(optional_texts(record, "depends"), testing::ElementsAre("newer >=2"));
  EXPECT_THAT(optional_texts(record, "constrains"), testing::ElementsAre("c"));
  EXPECT_THAT(optional_texts(record, "files"), testing::ElementsAre("bin/a", "bin/e"));
  const auto paths = record.at("paths_data").at("paths").elements();
  EXPECT_EQ(paths.at(0).at("sha256_in_prefix").text(), digest_of("a").hex());
  EXPECT_EQ(paths.at(0).at("prefix_placeholder").text(), "/place");
  EXPECT_EQ(paths.at(1).at("path_type").text(), "unix_python_entry_point");
  EXPECT_EQ(paths.at(1).at("size_in_bytes").number(), 9U);
  EXPECT_EQ(record.at("link").at("type").number(), 3U);
}

TEST(CondaMetaTest, History) {
  const LockedPackage a = package_of_url("https://host/t/x/chan/linux-64/a-1-0.conda", {});
  EXPECT_EQ(conda_meta_history({&a}),
            "==> 1980-01-01 00:00:00 <==\n# cmd: cntr env build\n"
            "+https://host/chan/linux-64::a-1-0\n");
}

}  // namespace
}  // namespace cntr::env
