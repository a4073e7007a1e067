// What comes from elsewhere is kept whole or not at all.
#include "image/pulled_images.h"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "archive_builder.h"
#include "base/error.h"
#include "image/cached_images.h"
#include "image_fixture.h"

namespace cntr::image {
namespace {

// A manifest or its parts as skopeo's `dir:` has them.
struct Download {
  std::string config;
  std::string layer;
  std::string manifest;

  void write(const std::string& directory, bool without_layer = false) const {
    make_directories(directory);
    write_file_atomically(directory + "/manifest.json", manifest);
    write_file_atomically(directory + "/" + digest_of(config).hex(), config);
    if (without_layer) return;
    write_file_atomically(directory + "/" + digest_of(layer).hex(), layer);
  }
};

std::string descriptor(const std::string& type, const std::string& bytes) {
  return R"({"mediaType":"application/vnd.oci.image.)" + type + R"(","digest":")" +
         digest_of(bytes).text() + R"(","size":)" + std::to_string(bytes.size()) + "}";
}

Download download(const std::string& architecture = machine_platform().architecture,
                  const std::string& more = "") {
  Download out;
  out.layer = TarBuilder().file("a", "x").text();
  out.config = "{" + more + R"("os":"linux","architecture":")" + architecture +
               R"(","rootfs":{"type":"layers","diff_ids":[")" + digest_of(out.layer).text() +
               R"("]}})";
  out.manifest = R"({"schemaVersion":2,"config":)" + descriptor("config.v1+json", out.config) +
                 R"(,"layers":[)" + descriptor("layer.v1.tar", out.layer) + "]}";
  return out;
}

class PulledImagesTest : public ImageFixture {
 protected:
  static PulledImages::Work work(const Download& what) {
    return {"key", [] { return std::nullopt; },
            [what](const std::string& directory) { what.write(directory); }};
  }

  // The message of bringing it; afterwards nothing may be there.
  std::string refusal(const Download& what) {
    store::Cache cache = open_cache();
    const std::string message =
        message_of([&] { PulledImages(cache).bring(machine_platform(), work(what)); });
    EXPECT_TRUE(cached_images(cache).empty());
    EXPECT_TRUE(list_directory(cache.scratch_directory()).empty());
    return message;
  }
};

TEST_F(PulledImagesTest, AnImageIsFoundByItsIdentity) {
  store::Cache cache = open_cache();
  const Download what = download();
  PulledImages pulled(cache);
  EXPECT_FALSE(pulled.find(digest_of(what.config), machine_platform()));
  const LayoutImage brought = pulled.bring(machine_platform(), work(what));
  EXPECT_EQ(brought.identity, digest_of(what.config));
  EXPECT_EQ(brought.manifest.digest, digest_of(what.manifest));
  ASSERT_TRUE(pulled.find(brought.identity, machine_platform()));
  EXPECT_EQ(pulled.find_document(digest_of(what.config)), what.config);
  pulled.layout().open_layer(brought.layers.at(0));
  EXPECT_TRUE(list_directory(cache.scratch_directory()).empty());
  // Unless all of it is there, it is not.
  remove_tree(pulled.layout().blob_path(digest_of(what.layer)));
  EXPECT_FALSE(pulled.find(brought.identity, machine_platform()));
}

TEST_F(PulledImagesTest, WhatIsKnownIsNotFetched) {
  store::Cache cache = open_cache();
  PulledImages pulled(cache);
  const LayoutImage brought = pulled.bring(machine_platform(), work(download()));
  PulledImages::Work again = work(download());
  again.known = [&] { return pulled.find(brought.identity, machine_platform()); };
  again.fetch = [](const std::string&) { FAIL() << "fetched again"; };
  EXPECT_EQ(pulled.bring(machine_platform(), again).identity, brought.identity);
}

// Of images with the same layer.
TEST_F(PulledImagesTest, LayersThatAreHereAreOffered) {
  store::Cache cache = open_cache();
  PulledImages pulled(cache);
  const Download first = download();
  const Download second = download(machine_platform().architecture, R"("author":"x",)");
  ASSERT_EQ(first.layer, second.layer);
  const Digest layer = digest_of(first.layer);
  std::vector<std::string> offered;
  const auto bring = [&](const Download& what) {
    PulledImages::Work shared = work(what);
    shared.layers = {{"", layer, what.layer.size(), {}, ""}};
    shared.fetch = [&](const std::string& directory) {
      offered = list_directory(directory);
      what.write(directory, !offered.empty());
    };
    EXPECT_EQ(pulled.bring(machine_platform(), shared).identity, digest_of(what.config));
    EXPECT_TRUE(list_directory(cache.scratch_directory()).empty());
  };
  bring(first);
  EXPECT_EQ(offered, std::vector<std::string>());
  bring(second);
  EXPECT_EQ(offered, std::vector<std::string>{layer.hex()});
  EXPECT_TRUE(pulled.find(digest_of(first.config), machine_platform()));
  // A damaged one is not, and is replaced.
  const std::string blob = pulled.layout().blob_path(layer);
  std::string damaged = first.layer;
  damaged.back() = 'x';
  write_file_atomically(blob, damaged);
  bring(second);
  EXPECT_EQ(offered, std::vector<std::string>());
  EXPECT_EQ(read_file(blob), first.layer);
}

TEST_F(PulledImagesTest, OneProcessAtATimeFetchesALayer) {
  store::Cache cache = open_cache();
  std::mutex mutex;
  std::vector<std::string> fetched;  // by whom, and whether the layer was there
  const auto bring = [&](const std::string& author) {
    const Download what =
        download(machine_platform().architecture, R"("author":")" + author + R"(",)");
    PulledImages::Work shared = work(what);
    shared.key = author;
    shared.layers = {{"", digest_of(what.layer), what.layer.size(), {}, ""}};
    shared.fetch = [&](const std::string& directory) {
      const bool is_there = !list_directory(directory).empty();
      {
        const std::lock_guard<std::mutex> guard(mutex);
        if (!is_there) fetched.push_back(author);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      what.write(directory, is_there);
    };
    PulledImages(cache).bring(machine_platform(), shared);
  };
  std::vector<std::thread> threads;
  for (const char* author : {"a", "b", "c", "d"}) threads.emplace_back(bring, author);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(fetched.size(), 1U);
  EXPECT_EQ(cached_images(cache).size(), 4U);
  remove_unused_images(cache, -std::chrono::seconds(1));
  EXPECT_TRUE(list_directory(cache.images_directory() + "/pulled/turns").empty());
}

TEST_F(PulledImagesTest, WhatIsWrongIsNotKept) {
  Download what = download();
  what.manifest = "<html>";
  EXPECT_NE(refusal(what).find("the manifest is not valid JSON"), std::string::npos);
  what.manifest = R"({"schemaVersion":2,"manifests":[]})";
  EXPECT_NE(refusal(what).find("its manifest is of the unknown type"), std::string::npos);
  what = download("s390x");
  EXPECT_EQ(refusal(what),
            "it has no image for " + machine_platform().text() + "\n  It is for linux/s390x.");
  what = download();
  const std::string other = what.config + " ";
  what.manifest.replace(what.manifest.find(digest_of(what.config).hex()), 64,
                        digest_of(other).hex());
  EXPECT_NE(refusal(what).find("Cannot read"), std::string::npos);
  store::Cache cache = open_cache();
  PulledImages::Work broken = work(download());
  broken.fetch = [](const std::string& directory) {
    download().write(directory);
    throw user_error("the line broke");
  };
  EXPECT_EQ(message_of([&] { PulledImages(cache).bring(machine_platform(), broken); }),
            "the line broke");
  EXPECT_TRUE(cached_images(cache).empty());
  EXPECT_TRUE(list_directory(cache.scratch_directory()).empty());
}

TEST_F(PulledImagesTest, DocumentsAreChecked) {
  store::Cache cache = open_cache();
  PulledImages pulled(cache);
  pulled.add_document(digest_of("a"), "a");
  EXPECT_EQ(pulled.find_document(digest_of("a")), "a");
  pulled.add_document(digest_of("b"), "damaged");
  EXPECT_EQ(pulled.find_document(digest_of("b")), std::nullopt);
}

TEST_F(PulledImagesTest, WhatIsInUseStays) {
  store::Cache cache = open_cache();
  {
    PulledImages pulled(cache);
    pulled.bring(machine_platform(), work(download()));
    EXPECT_EQ(remove_unused_images(cache, -std::chrono::seconds(1)).images, 0U);
    cache.clear();
    EXPECT_EQ(cached_images(cache).size(), 1U);
  }
  EXPECT_EQ(remove_unused_images(cache, std::chrono::hours(1)).images, 0U);
  EXPECT_EQ(cached_images(cache).at(0).pulled_bytes,
            download().manifest.size() + download().config.size() + download().layer.size());
  const Removed removed = remove_unused_images(cache, -std::chrono::seconds(1));
  EXPECT_EQ(removed.images, 1U);
  EXPECT_EQ(removed.bytes,
            0U + download().manifest.size() + download().config.size() + download().layer.size());
  EXPECT_TRUE(cached_images(cache).empty());
}

}  // namespace
}  // namespace cntr::image
