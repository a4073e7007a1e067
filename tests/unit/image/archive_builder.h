// Writes archives and OCI layouts for the tests, well-formed and hostile ones alike: every header
// is written here, byte by byte, because no decent tar program writes the hostile ones.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"

namespace cntr::image {

class TarBuilder {
 public:
  TarBuilder& file(const std::string& path, std::string_view content, int mode = 0644);
  TarBuilder& directory(const std::string& path, int mode = 0755);
  TarBuilder& symlink(const std::string& path, const std::string& target);
  TarBuilder& hard_link(const std::string& path, const std::string& target);
  TarBuilder& device(const std::string& path);
  TarBuilder& fifo(const std::string& path);
  // An extended header of pax for the next entry.
  TarBuilder& pax(const std::vector<std::pair<std::string, std::string>>& records);
  // Any ustar header and body; the name is cut at 100 bytes.
  TarBuilder& entry(char type, const std::string& path, const std::string& target,
                    std::string_view body, int mode);
  TarBuilder& bytes(std::string_view raw);
  TarBuilder& mtime(int64_t seconds);  // of the entries that follow

  const std::string& without_end() const { return bytes_; }
  std::string text() const { return bytes_ + std::string(1024, '\0'); }

 private:
  std::string bytes_;
  int64_t mtime_ = 1'000'000'000;
};

enum class Compression { kNone, kGzip, kZstd, kXz, kBzip2 };
std::string compressed(std::string_view bytes, Compression compression);

// Builds layouts of one or more images. Every document can be changed before it is written.
class LayoutBuilder {
 public:
  explicit LayoutBuilder(std::string directory);

  // Returns a descriptor in JSON.
  std::string add_blob(const std::string& media_type, const std::string& bytes,
                       const std::string& more_members = "");
  std::string add_layer(const std::string& tar, Compression compression = Compression::kNone,
                        const std::string& media_type = "");
  // A manifest of the layers added since the last image. `config` is the inside of the member
  // "config"; `architecture` "" means this machine's.
  std::string add_image(const std::string& config = "", const std::string& architecture = "",
                        const std::string& more_members = "");
  void write_index(const std::vector<std::string>& descriptors);

  Digest last_config() const { return last_config_; }
  std::string blob_path(const Digest& digest) const;

  // "," and the member that gives a descriptor its tag, and its platform.
  static std::string tag(const std::string& name);
  static std::string platform(const std::string& architecture);

 private:
  std::string directory_;
  std::vector<std::string> layers_;
  std::vector<std::string> diff_ids_;
  Digest last_config_;
};

}  // namespace cntr::image
