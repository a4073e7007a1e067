#include "env/package_info.h"

#include <gmock/gmock.h>

#include <functional>

#include "base/error.h"
#include "package_builder.h"

namespace cntr::env {
namespace {

std::string message_of_info(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

std::string message_of_info(const InfoFiles& files) {
  return message_of_info([&] { parse_package_info(files); });
}

InfoFiles with_paths(const std::vector<std::string>& entries) {
  return {{"info/index.json", index_json()}, {"info/paths.json", paths_json(entries)}};
}

TEST(PackageInfoTest, IndexAndPaths) {
  InfoFiles files;
  files["info/index.json"] = index_json(R"(, "depends": ["python >=3.8", "zlib"], "noarch": null)");
  files["info/paths.json"] = paths_json(
      {path_entry("bin/a", R"(, "file_mode": "binary", "prefix_placeholder": "/place", "no_link":
       true, "size_in_bytes": 12,
       "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")"),
       R"({"_path": "./lib//b", "path_type": "softlink"})", R"({"_path": "c"})"});
  const PackageInfo info = parse_package_info(files);
  EXPECT_EQ(info.dist(), "demo-1.0-0");
  EXPECT_EQ(info.noarch, Noarch::kNo);
  EXPECT_THAT(info.depends, testing::ElementsAre("python >=3.8", "zlib"));
  ASSERT_EQ(info.paths.size(), 3U);
  EXPECT_EQ(info.paths[0].placeholder, "/place");
  EXPECT_EQ(info.paths[0].mode, FileMode::kBinary);
  EXPECT_TRUE(info.paths[0].no_link);
  EXPECT_EQ(info.paths[0].size, 12U);
  EXPECT_EQ(info.paths[0].sha256.substr(0, 8), "e3b0c442");
  EXPECT_EQ(info.paths[1].path, "lib/b");
  EXPECT_EQ(info.paths[1].type, PathType::kSoftLink);
  EXPECT_EQ(info.paths[2].type, PathType::kHardLink);
  EXPECT_EQ(info.paths[2].mode, FileMode::kText);
  EXPECT_TRUE(info.has_paths_json);
}

TEST(PackageInfoTest, OlderLists) {
  InfoFiles files;
  files["info/index.json"] = index_json();
  files["info/files"] = "bin/a\n# a comment\n\nbin/b\r\nshare/two words\n";
  files["info/has_prefix"] = "bin/a\n\"/built here\" binary 'share/two words'\n";
  files["info/no_link"] = "bin/b\n";
  const PackageInfo info = parse_package_info(files);
  ASSERT_EQ(info.paths.size(), 3U);
  EXPECT_EQ(info.paths[0].placeholder, "/opt/anaconda1anaconda2anaconda3");
  EXPECT_EQ(info.paths[0].mode, FileMode::kText);
  EXPECT_TRUE(info.paths[1].no_link);
  EXPECT_EQ(info.paths[2].path, "share/two words");
  EXPECT_EQ(info.paths[2].placeholder, "/built here");
  EXPECT_EQ(info.paths[2].mode, FileMode::kBinary);
  EXPECT_FALSE(info.has_paths_json);
}

TEST(PackageInfoTest, PathsJsonCountsBeforeTheOlderLists) {
  InfoFiles files = with_paths({path_entry("new")});
  files["info/files"] = "old\n";
  EXPECT_EQ(parse_package_info(files).paths.at(0).path, "new");
}

TEST(PackageInfoTest, NoarchPython) {
  InfoFiles files = with_paths({});
  files["info/index.json"] = index_json(R"(, "noarch": "python")");
  files["info/link.json"] = R"({"package_metadata_version": 1, "noarch": {"type": "python",
      "entry_points": ["flask = flask.cli:main", "x='y:Z.run'"]}})";
  const PackageInfo info = parse_package_info(files);
  EXPECT_EQ(info.noarch, Noarch::kPython);
  EXPECT_THAT(info.entry_points, testing::ElementsAre(EntryPoint{"flask", "flask.cli", "main"},
                                                      EntryPoint{"x", "y", "Z.run"}));
}

TEST(PackageInfoTest, NoarchMayStandInLinkJsonAlone) {
  InfoFiles files = with_paths({});
  files["info/package_metadata.json"] =
      R"({"package_metadata_version": 1, "noarch": {"type": "generic"}})";
  EXPECT_EQ(parse_package_info(files).noarch, Noarch::kGeneric);
}

TEST(PackageInfoTest, SitePackagesCountForPythonOnly) {
  InfoFiles files = with_paths({});
  const std::string more = R"(, "python_site_packages_path": "lib/python3.13t/site-packages")";
  files["info/index.json"] = index_json(more);
  EXPECT_EQ(parse_package_info(files).python_site_packages_path, "");
  files["info/index.json"] = R"({"name": "python", "version": "3.13.0", "build": "0")" + more + "}";
  EXPECT_EQ(parse_package_info(files).python_site_packages_path, "lib/python3.13t/site-packages");
  files["info/index.json"] = R"({"name": "python", "version": "3.13.0", "build": "0",
      "python_site_packages_path": "../../etc"})";
  EXPECT_EQ(message_of_info(files),
            "info/index.json: python_site_packages_path \"../../etc\" "
            "has a component \"..\"");
}

TEST(PackageInfoTest, WhatIsWrongWithTheIndex) {
  EXPECT_EQ(message_of_info(InfoFiles{}), "it has no info/index.json, so it is no conda package");
  EXPECT_EQ(
      message_of_info({{"info/index.json", "[1"}}),
      "info/index.json is not valid JSON: parse error at line 1, column 3: syntax error while "
      "parsing array - unexpected end of input; expected ']'");
  EXPECT_EQ(message_of_info({{"info/index.json", "{}"}}), "info/index.json: name is missing");
  EXPECT_EQ(message_of_info({{"info/index.json", R"({"name": "a/b"})"}}),
            "info/index.json: name is \"a/b\", which cannot stand in a file's name");
  EXPECT_EQ(message_of_info({{"info/index.json", R"({"name": "a", "name": "b"})"}}),
            "info/index.json has the key \"name\" twice");
  EXPECT_EQ(message_of_info({{"info/index.json", index_json(R"(, "noarch": "cobol")")}}),
            "info/index.json: noarch is \"cobol\", not \"python\" or \"generic\"");
}

TEST(PackageInfoTest, WhatIsWrongWithPaths) {
  EXPECT_EQ(message_of_info(with_paths({path_entry("../../etc/passwd")})),
            "info/paths.json: the path \"../../etc/passwd\" has a component \"..\"");
  EXPECT_EQ(message_of_info(with_paths({path_entry("/etc/passwd")})),
            "info/paths.json: the path \"/etc/passwd\" is absolute");
  EXPECT_EQ(message_of_info(with_paths({path_entry("./.")})),
            "info/paths.json: the path \"./.\" names the root directory");
  EXPECT_EQ(message_of_info(with_paths({path_entry("a"), path_entry("./a")})),
            "info/paths.json lists \"a\" twice");
  EXPECT_EQ(message_of_info(with_paths({path_entry("conda-meta/history")})),
            "info/paths.json lists \"conda-meta/history\", which belongs to the environment");
  EXPECT_EQ(message_of_info(with_paths({path_entry("a", R"(, "file_mode": "odd")")})),
            "info/paths.json: \"a\" has the file mode \"odd\", not \"text\" or \"binary\"");
  EXPECT_EQ(message_of_info(with_paths({path_entry("a", R"(, "sha256": "12")")})),
            "info/paths.json: paths[0].sha256 is \"12\", not a SHA-256 sum");
  EXPECT_EQ(message_of_info(with_paths({R"({"_path": "a", "path_type": "fifo"})"})),
            "info/paths.json: paths[0].path_type is \"fifo\", not \"hardlink\", \"softlink\" or "
            "\"directory\"");
  InfoFiles files = with_paths({});
  files["info/paths.json"] = R"({"paths_version": 2, "paths": []})";
  EXPECT_EQ(message_of_info(files),
            "info/paths.json: paths_version is not 1, which is what this Cntr reads");
}

TEST(PackageInfoTest, WhatIsWrongWithEntryPoints) {
  const auto message = [](const std::string& text) {
    return message_of_info([&] { parse_entry_point(text); });
  };
  const std::string where = "info/link.json: the entry point ";
  EXPECT_EQ(message("flask"), where + "\"flask\" is not \"COMMAND = MODULE:FUNCTION\"");
  EXPECT_EQ(message("../x = a:b"),
            where + "\"../x = a:b\" has a command that is no name of a program");
  EXPECT_EQ(message("x = a;b:c"), where + "\"x = a;b:c\" does not name a Python module");
  EXPECT_EQ(message("x = a:b()"), where + "\"x = a:b()\" does not name a Python function");
}

TEST(PackageInfoTest, MinorVersions) {
  EXPECT_EQ(python_minor_version("3.11.2"), "3.11");
  EXPECT_EQ(python_minor_version("3.13.0rc1"), "3.13");
  EXPECT_EQ(python_minor_version("2.7"), "2.7");
  EXPECT_EQ(message_of_info([] { python_minor_version("three"); }),
            "The package python has the version \"three\", which does not begin with two numbers");
}

}  // namespace
}  // namespace cntr::env
