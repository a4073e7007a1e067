// The images in the cache that came from elsewhere: pulled from a registry or an engine, read from
// an archive, built from a Containerfile. Kept by content, each blob once, in the form of an OCI
// layout:
//
//   <images>/pulled/blobs/sha256/<hex>   manifests, configs, layers
//   <images>/pulled/images/<hex>         of a whole image: its manifest's digest and size, as an
//                                        OCI index; <hex> is its identity. Written last. Of a
//                                        SIF: itself
//   <images>/pulled/turns/<hex>          exclusive for who fetches that layer
//   <images>/pulled.lock                 shared by who uses any of it; exclusive for who removes
//   <images>/pull-<key>.lock             exclusive for who brings an image here
//   <scratch>/pull-<key>.*               being brought; removed by the next who brings it
//
// Nothing is believed that lies here: OciLayout checks every blob against its digest.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/file_system.h"
#include "image/oci_layout.h"
#include "store/cache.h"

namespace cntr::image {

// While it lives nothing is removed (a shared lock). Throws environment Errors.
class PulledImages {
 public:
  explicit PulledImages(const store::Cache& cache);

  // A small document that is kept by its digest: a manifest, an index, a config. nullopt when it
  // is missing or damaged.
  std::optional<std::string> find_document(const Digest& digest) const;
  void add_document(const Digest& digest, std::string_view bytes);

  // The image of that identity, when all of its layers are here.
  std::optional<LayoutImage> find(const Digest& identity, const Platform& platform) const;

  struct Work {
    std::string key;  // names it
    // What another process has brought meanwhile.
    std::function<std::optional<LayoutImage>()> known;
    // Fills a new directory as skopeo's `dir:` does (skopeo.h).
    std::function<void(const std::string& directory)> fetch;
    // Writes down what was brought.
    std::function<void(const LayoutImage& image)> record = nullptr;
    // What the image shares with others: each of these is fetched by one process at a time. The
    // directory is there then, with a link for each that needs no fetching: its digest was checked.
    std::vector<Descriptor> layers = {};
  };

  // Brings an image here: one process at a time works on a key, and nothing is fetched when `known`
  // gives an image then. Throws a user Error when what was fetched is no image, or for another
  // platform; then nothing is kept.
  LayoutImage bring(const Platform& platform, const Work& work);

  // The path of a file that is kept whole, by its digest: a SIF that was built. nullopt when it is
  // not here. Its bytes are not checked.
  std::optional<std::string> find_file(const Digest& digest) const;

  struct FileWork {
    std::string key;
    std::function<std::optional<Digest>()> known;
    std::function<void(const std::string& file)> fetch;
    std::function<void(const Digest& digest)> record;
  };
  // The same as bring() for such a file.
  Digest bring_file(const FileWork& work);

  // Opens layers.
  OciLayout layout() const { return OciLayout(directory_); }

 private:
  // Runs `fetch` on a new path when its turn comes, unless `known` says that nothing is to do.
  void take_turn(const std::string& key, const std::function<bool()>& known,
                 const std::function<void(const std::string& path)>& fetch);
  // Waits until nobody else fetches one of the layers; then links those that are here.
  std::vector<UniqueFd> take_turn_at(const std::vector<Descriptor>& layers,
                                     const std::string& directory);
  LayoutImage take(const std::string& directory, const Platform& platform);
  void keep(const std::string& from, const Digest& digest);
  std::string blob_path(const Digest& digest) const;
  std::string image_path(const Digest& identity) const;

  std::string directory_;
  std::string scratch_;
  std::string lock_prefix_;
  mode_t root_mode_ = 0;
  UniqueFd shared_;
};

}  // namespace cntr::image
