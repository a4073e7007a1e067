// What a Containerfile builds upon: the images of FROM, COPY --from and RUN --mount=from, found and
// replaced without running anything.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "image/oci_json.h"

namespace cntr::image {

// A base as the file names it, variables filled in. `platform` is what --platform says, or "".
struct BaseImage {
  std::string name;
  std::string platform;
};

// The text with the name of every base replaced by what `replace` gives for it; stages and
// "scratch" are no bases. `arguments` ("NAME=value") are those of the build, which stand for the
// defaults of ARG; `platform` gives TARGETARCH and its like. Throws a user Error at the line of a
// FROM without an image.
std::string replace_bases(std::string_view text, const std::string& path,
                          const std::vector<std::string>& arguments, const Platform& platform,
                          const std::function<std::string(const BaseImage&)>& replace);

}  // namespace cntr::image
