#include "image/oci_layout.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ostream>

#include "archive_builder.h"
#include "base/error.h"
#include "base/file_system.h"
#include "tree_listing.h"

namespace cntr::image {
namespace {

class OciLayoutTest : public testing::Test {
 protected:
  std::string path() const { return place_.path() + "/layout"; }

  LayoutImage find(const std::optional<std::string>& tag = std::nullopt) const {
    return OciLayout(path()).find(tag);
  }

  // The message, with the layout's directory as "L" and this machine's architecture as "ARCH".
  std::string message(const std::optional<std::string>& tag = std::nullopt) const {
    std::string out = message_of([&] { find(tag); });
    for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
             {path(), "L"}, {machine_platform().architecture, "ARCH"}}) {
      for (size_t at = out.find(from); at != std::string::npos; at = out.find(from)) {
        out.replace(at, from.size(), to);
      }
    }
    return out;
  }

  std::string image(const std::string& content, const std::string& more_members = "",
                    const std::string& architecture = "") {
    layout_.add_layer(TarBuilder().file("a", content).text());
    return layout_.add_image("", architecture, more_members);
  }

  TemporaryDirectory place_{test_place(), "cntr-oci-"};
  LayoutBuilder layout_{path()};
};

TEST_F(OciLayoutTest, ReadsTheConfig) {
  layout_.add_layer(TarBuilder().file("a", "x").text());
  layout_.write_index({layout_.add_image(
      R"("Env": ["PATH=/bin", "EMPTY=", "A=b=c"], "WorkingDir": "/app", "Entrypoint": ["/entry", ""],)"
      R"("Cmd": ["serve"], "User": "1000:1000", "StopSignal": "SIGINT", "Labels": {"unknown": "ignored"})")});
  const LayoutImage found = find();
  EXPECT_EQ(found.identity, layout_.last_config());
  EXPECT_EQ(found.layers.size(), 1u);
  const spec::ImageConfig expected = {.env = {"PATH=/bin", "EMPTY=", "A=b=c"},
                                      .working_dir = "/app",
                                      .entrypoint = {"/entry", ""},
                                      .cmd = {"serve"},
                                      .user = "1000:1000",
                                      .stop_signal = "SIGINT"};
  EXPECT_EQ(found.config.process, expected);
}

TEST_F(OciLayoutTest, AbsentAndNullMembersOfTheConfigAreEmpty) {
  layout_.write_index(
      {layout_.add_image(R"("Env": null, "WorkingDir": "", "Entrypoint": null, "Cmd": null)")});
  EXPECT_EQ(find().config.process, spec::ImageConfig());
}

TEST_F(OciLayoutTest, AnEntrypointOfOneEmptyWordIsNone) {
  layout_.write_index({layout_.add_image(R"("Entrypoint": [""], "Cmd": ["serve"])")});
  spec::ImageConfig expected;
  expected.cmd = {"serve"};
  EXPECT_EQ(find().config.process, expected);
}

TEST_F(OciLayoutTest, ARelativeWorkingDirIsBelowTheRoot) {
  layout_.write_index({layout_.add_image(R"("WorkingDir": "app/./x")")});
  EXPECT_EQ(find().config.process.working_dir, "/app/x");
}

TEST_F(OciLayoutTest, FindsByTag) {
  const std::string first = image("1", LayoutBuilder::tag("1.0"));
  const Digest first_config = layout_.last_config();
  const std::string second = image("2", LayoutBuilder::tag("2.0"));
  const Digest second_config = layout_.last_config();
  layout_.write_index({first, second});
  EXPECT_EQ(find("1.0").identity, first_config);
  EXPECT_EQ(find("2.0").identity, second_config);
  EXPECT_EQ(message("3.0"),
            "L has no image with the tag \"3.0\"\n"
            "  Its tags: 1.0, 2.0.");
  EXPECT_EQ(message(),
            "L holds more than one image\n"
            "  Its tags: 1.0, 2.0.\n"
            "  Name one: OCI_LAYOUT <directory>:<tag>.");
}

TEST_F(OciLayoutTest, TwoTagsOfOneImageAreOneImage) {
  image("1");
  layout_.add_layer(TarBuilder().file("a", "1").text());
  const std::string latest = layout_.add_image("", "", LayoutBuilder::tag("latest"));
  layout_.add_layer(TarBuilder().file("a", "1").text());
  const std::string number = layout_.add_image("", "", LayoutBuilder::tag("1.0"));
  layout_.write_index({latest, number});
  EXPECT_EQ(find().identity, layout_.last_config());
}

TEST_F(OciLayoutTest, AnUnknownTagOfALayoutWithoutTags) {
  layout_.write_index({image("1")});
  EXPECT_EQ(message("x"),
            "L has no image with the tag \"x\"\n"
            "  None of its images has a tag.");
}

TEST_F(OciLayoutTest, PicksThisMachinesPlatformFromANestedIndex) {
  const std::string machine = machine_platform().architecture;
  const std::string other = image("1", LayoutBuilder::platform("z80"), "z80");
  const std::string mine = image("2", LayoutBuilder::platform(machine));
  const Digest expected = layout_.last_config();
  const std::string attestation =
      image("3", R"(, "platform": {"os": "unknown", "architecture": "unknown"})");
  const std::string index = layout_.add_blob(
      "application/vnd.oci.image.index.v1+json",
      R"({"schemaVersion": 2, "manifests": [)" + other + ", " + attestation + ", " + mine + "]}",
      LayoutBuilder::tag("multi"));
  layout_.write_index({index});
  EXPECT_EQ(find().identity, expected);
  EXPECT_EQ(find("multi").identity, expected);
  layout_.write_index({other, attestation, mine});
  EXPECT_EQ(find().identity, expected);
}

TEST_F(OciLayoutTest, OfSeveralVariantsTakesTheOneThatEveryMachineRuns) {
  const std::string machine = machine_platform().architecture;
  const auto variant = [&](const std::string& name) {
    return R"(, "platform": {"os": "linux", "architecture": ")" + machine + R"(", "variant": ")" +
           name + R"("})";
  };
  const std::string newer = image("1", variant("v99"));
  const std::string baseline = image("2", variant(machine == "arm64" ? "v8" : "v1"));
  const Digest expected = layout_.last_config();
  layout_.write_index({newer, baseline});
  EXPECT_EQ(find().identity, expected);
}

TEST_F(OciLayoutTest, OtherPlatforms) {
  layout_.write_index({image("1", LayoutBuilder::platform("z80"), "z80"),
                       image("2", LayoutBuilder::platform("6502"), "6502")});
  EXPECT_EQ(message(),
            "L has no image for linux/ARCH\n"
            "  It is for linux/6502, linux/z80.");
  layout_.write_index({image("1", "", "z80")});
  EXPECT_EQ(message(),
            "L has no image for linux/ARCH\n"
            "  It is for linux/z80.");
}

TEST_F(OciLayoutTest, ReadsDockerSchema2) {
  const Digest layer = digest_of(TarBuilder().text());
  const std::string config = layout_.add_blob(
      "application/vnd.docker.container.image.v1+json",
      R"({"os": "linux", "architecture": ")" + machine_platform().architecture +
          R"(", "rootfs": {"type": "layers", "diff_ids": [")" + layer.text() + R"("]}})");
  const std::string manifest =
      layout_.add_blob("application/vnd.docker.distribution.manifest.v2+json",
                       R"({"schemaVersion": 2, "config": )" + config + R"(, "layers": [)" +
                           layout_.add_layer(TarBuilder().text(), Compression::kGzip,
                                             "application/vnd.docker.image.rootfs.diff.tar.gzip") +
                           "]}",
                       LayoutBuilder::platform(machine_platform().architecture));
  const std::string list =
      layout_.add_blob("application/vnd.docker.distribution.manifest.list.v2+json",
                       R"({"schemaVersion": 2, "manifests": [)" + manifest + "]}");
  layout_.write_index({list});
  EXPECT_EQ(find().layers.size(), 1u);
}

TEST_F(OciLayoutTest, WhatIsNoLayout) {
  layout_.write_index({image("1")});
  EXPECT_EQ(message_of([&] { OciLayout(place_.path() + "/nothing"); }),
            "there is no directory " + place_.path() + "/nothing");
  EXPECT_EQ(message_of([&] { OciLayout(place_.path()); }),
            place_.path() + " is not an OCI layout: it has no file oci-layout");
  write_file_atomically(path() + "/oci-layout", R"({"imageLayoutVersion": "2.0.0"})");
  EXPECT_EQ(message(),
            "L/oci-layout: imageLayoutVersion is \"2.0.0\"; this Cntr reads version 1.0.0");
  write_file_atomically(path() + "/oci-layout", "{}");
  EXPECT_EQ(message(), "L/oci-layout: imageLayoutVersion is missing");
  remove_tree(path() + "/oci-layout");
  ASSERT_EQ(mkfifo((path() + "/oci-layout").c_str(), 0600), 0);
  EXPECT_EQ(message(), "L/oci-layout is not a file");
}

TEST_F(OciLayoutTest, AnEmptyIndex) {
  layout_.write_index({});
  EXPECT_EQ(message(), "L holds no image");
  remove_tree(path() + "/index.json");
  EXPECT_EQ(message(), "there is no file L/index.json");
}

TEST_F(OciLayoutTest, DamagedBlobs) {
  layout_.write_index({image("1")});
  const std::string config = layout_.blob_path(layout_.last_config());
  const std::string shown = "L/blobs/sha256/" + layout_.last_config().hex();
  std::string text = read_file(config);
  text[text.size() / 2] ^= 1;
  write_file_atomically(config, text);
  EXPECT_EQ(message(), shown + " is damaged: its content does not have the digest of its name");
  write_file_atomically(config, text + " ");
  EXPECT_EQ(message(), shown + " is damaged: it has " + std::to_string(text.size() + 1) +
                           " bytes, not " + std::to_string(text.size()));
  remove_tree(config);
  EXPECT_EQ(message(), "there is no file " + shown);
}

TEST_F(OciLayoutTest, DamagedLayers) {
  layout_.write_index({image("1")});
  const Descriptor layer = find().layers[0];
  const OciLayout layout(path());
  EXPECT_TRUE(layout.open_layer(layer).valid());
  const std::string blob = layout_.blob_path(layer.digest);
  std::string bytes = read_file(blob);
  bytes[0] ^= 1;
  write_file_atomically(blob, bytes);
  EXPECT_EQ(message_of([&] { layout.open_layer(layer); }),
            blob + " is damaged: its content does not have the digest of its name");
}

TEST_F(OciLayoutTest, UnknownTypes) {
  layout_.add_layer(TarBuilder().text(), Compression::kNone, "application/x-encrypted");
  layout_.write_index({layout_.add_image()});
  EXPECT_EQ(message(), "L has a layer of the unknown type \"application/x-encrypted\"");
  layout_.write_index({layout_.add_blob("text/plain", "hello")});
  EXPECT_EQ(message(), "L has a manifest of the unknown type \"text/plain\"");
  const std::string empty = layout_.add_blob("application/vnd.oci.empty.v1+json", "{}");
  layout_.write_index(
      {layout_.add_blob("application/vnd.oci.image.manifest.v1+json",
                        R"({"schemaVersion": 2, "config": )" + empty + R"(, "layers": []})")});
  EXPECT_EQ(message(),
            "L holds an artifact, not an image: its config is of type "
            "\"application/vnd.oci.empty.v1+json\"");
}

TEST_F(OciLayoutTest, IndexesNestedTooDeep) {
  std::string descriptor = image("1");
  for (int i = 0; i < 9; ++i) {
    descriptor = layout_.add_blob("application/vnd.oci.image.index.v1+json",
                                  R"({"schemaVersion": 2, "manifests": [)" + descriptor + "]}");
  }
  layout_.write_index({descriptor});
  EXPECT_TRUE(message().ends_with(" is nested in more than 8 indexes")) << message();
}

TEST_F(OciLayoutTest, AsManyLayersAsDiffIds) {
  const std::string layer = layout_.add_layer(TarBuilder().text());
  layout_.add_image();
  const std::string config = layout_.add_blob("application/vnd.oci.image.config.v1+json",
                                              read_file(layout_.blob_path(layout_.last_config())));
  layout_.write_index(
      {layout_.add_blob("application/vnd.oci.image.manifest.v1+json",
                        R"({"schemaVersion": 2, "config": )" + config + R"(, "layers": []})")});
  EXPECT_EQ(message(),
            "L/blobs/sha256/" + layout_.last_config().hex() + " lists 1 layers, the manifest 0");
}

struct BadIndex {
  const char* name;
  std::string text;
  std::string message;
};

std::ostream& operator<<(std::ostream& out, const BadIndex& bad) { return out << bad.name; }

class BadIndexTest : public OciLayoutTest, public testing::WithParamInterface<BadIndex> {};

TEST_P(BadIndexTest, IsRefused) {
  write_file_atomically(path() + "/index.json", GetParam().text);
  EXPECT_EQ(message(), GetParam().message);
}

std::string index_of(const std::string& manifest) {
  return R"({"schemaVersion": 2, "manifests": [)" + manifest + "]}";
}

const std::string kDigest = "sha256:" + std::string(64, '0');

INSTANTIATE_TEST_SUITE_P(
    All, BadIndexTest,
    testing::Values(
        BadIndex{"Empty", "",
                 "L/index.json is not valid JSON: parse error at line 1, column 1: syntax error "
                 "while parsing value - unexpected end of input; expected '[', '{', or a literal"},
        BadIndex{"TrailingText", "{} x",
                 "L/index.json is not valid JSON: parse error at line 1, column 4: syntax error "
                 "while parsing value - invalid literal; last read: '{} x'; expected end of input"},
        BadIndex{"NotAnObject", "[]", "L/index.json: the document is not an object"},
        BadIndex{"OldSchema", R"({"schemaVersion": 1})", "L/index.json: schemaVersion is not 2"},
        BadIndex{"NegativeSchema", R"({"schemaVersion": -2})",
                 "L/index.json: schemaVersion is not a whole number"},
        BadIndex{"NoManifests", R"({"schemaVersion": 2})", "L/index.json: manifests is missing"},
        BadIndex{"ManifestsNoArray", R"({"schemaVersion": 2, "manifests": {}})",
                 "L/index.json: manifests is not an array"},
        BadIndex{"RepeatedKey", R"({"schemaVersion": 2, "manifests": [], "manifests": []})",
                 "L/index.json has the key \"manifests\" twice"},
        BadIndex{"TooDeep", std::string(100'000, '['), "L/index.json is nested more than 32 deep"},
        BadIndex{
            "BadDigest",
            index_of(R"({"mediaType": "x", "digest": "sha256:../../../etc/passwd", "size": 1})"),
            "L/index.json: manifests[0].digest is \"sha256:../../../etc/passwd\", not a sha256 "
            "digest"},
        BadIndex{"OtherDigest", index_of(R"({"mediaType": "x", "digest": "md5:00", "size": 1})"),
                 "L/index.json: manifests[0].digest is \"md5:00\", not a sha256 digest"},
        BadIndex{
            "BareDigest",
            index_of(R"({"mediaType": "x", "digest": ")" + kDigest.substr(7) + R"(", "size": 1})"),
            "L/index.json: manifests[0].digest is \"" + kDigest.substr(7) +
                "\", not a sha256 digest"},
        BadIndex{"NegativeSize",
                 index_of(R"({"mediaType": "x", "digest": ")" + kDigest + R"(", "size": -1})"),
                 "L/index.json: manifests[0].size is not a whole number"},
        BadIndex{"HugeSize",
                 index_of(R"({"mediaType": "x", "digest": ")" + kDigest + R"(", "size": 1e99})"),
                 "L/index.json: manifests[0].size is not a whole number"},
        BadIndex{"NoMediaType", index_of(R"({"digest": ")" + kDigest + R"(", "size": 1})"),
                 "L/index.json: manifests[0].mediaType is missing"},
        BadIndex{"NulInText", index_of(R"({"mediaType": "x\u0000y", "digest": "x", "size": 1})"),
                 "L/index.json: manifests[0].mediaType has a NUL character"},
        BadIndex{"NotUtf8", "{\"a\": \"\xff\"}",
                 "L/index.json is not valid JSON: parse error at line 1, column 8: syntax error "
                 "while parsing value - invalid string: ill-formed UTF-8 byte; last read: "
                 "'\\\"\\xff'"}),
    [](const auto& bad) { return bad.param.name; });

TEST_F(OciLayoutTest, BadVariablesOfTheConfig) {
  layout_.write_index({layout_.add_image(R"("Env": ["A=1", "NOVALUE"])")});
  EXPECT_EQ(message(), "L/blobs/sha256/" + layout_.last_config().hex() +
                           ": config.Env[1] is \"NOVALUE\", not NAME=value");
}

TEST_F(OciLayoutTest, AHugeDocument) {
  write_file_atomically(path() + "/index.json", std::string((8 << 20) + 1, ' '));
  EXPECT_EQ(message(), "L/index.json is larger than 8 MiB");
}

}  // namespace
}  // namespace cntr::image
