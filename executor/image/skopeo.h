// The program skopeo: transport and authentication, with the user's ordinary auth file and
// registries.conf.
//
// What goes wrong once is tried again where that may help (429, 5xx, a broken connection), twice,
// with 1 and 2 seconds between. Functions throw a user Error for what the user can mend (no such
// image, a login is needed), else an environment Error. Nothing that they return is checked.
#pragma once

#include <string>
#include <vector>

#include "image/oci_json.h"
#include "image/reference.h"

namespace cntr::image {

// What skopeo reads: an image by its transport's name.
struct SkopeoSource {
  std::string name;                  // "docker://host/name:tag", "docker-archive:/path"
  std::string shown;                 // for messages
  std::vector<std::string> options;  // how it is reached: "tls-verify=false", "daemon-host=..."
  std::string directory;             // from which a relative path counts; "": the current one
};

// A registry on this machine's loopback may do without TLS, as with Docker.
SkopeoSource skopeo_source(const Reference& reference);

// Whether a registry's host is on this machine's loopback.
bool is_loopback(const std::string& host);

// The manifest's or index' bytes, and the config's.
std::string skopeo_manifest(const SkopeoSource& source);
std::string skopeo_config(const SkopeoSource& source);

// Copies the image into the new directory in skopeo's format `dir:`: manifest and config keep
// their bytes, a file's name is the hex of its digest. Its temporary files lie beside it.
void skopeo_copy(const SkopeoSource& source, const Platform& platform,
                 const std::string& directory);

// Brings the other blobs of an image in a registry into a directory that has some of them, as
// skopeo_copy() would. Manifest and config are not among them: the way is skopeo's format `oci:`,
// which keeps the bytes of layers but may write these two anew.
void skopeo_complete(const SkopeoSource& source, const Platform& platform,
                     const std::string& directory);
// Whether that brings every layer, each as it is.
bool can_complete(const Manifest& manifest, const std::string& directory);

// What can be done about what skopeo says went wrong.
enum class SkopeoFailure {
  kNeedsLogin,
  kMissing,  // no such image, or not for this user
  kMayPass,  // worth another try
  kOther,
};
SkopeoFailure skopeo_failure(const std::string& reason);

// Pushes an image in a directory of the format `dir:` to a registry, byte by byte.
void skopeo_push(const std::string& directory, const Reference& to);

}  // namespace cntr::image
