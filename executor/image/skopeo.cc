#include "image/skopeo.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string_view>
#include <thread>

#include "base/error.h"
#include "base/file_system.h"
#include "base/process.h"
#include "base/text.h"

namespace cntr::image {
namespace {

constexpr int kAttempts = 3;

bool has_any(const std::string& text, const std::vector<std::string_view>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return text.find(part) != std::string::npos; });
}

// A Go string literal's escapes that logrus writes.
std::string unquoted(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size() && text[i] != '"'; ++i) {
    const bool escaped = text[i] == '\\' && i + 1 < text.size();
    if (escaped) ++i;
    out += escaped && (text[i] == 'n' || text[i] == 't') ? ' ' : text[i];
  }
  return out;
}

// What skopeo says is wrong, without what it says before.
std::string reason_in(const std::string& printed) {
  constexpr std::string_view kFatal = "level=fatal msg=\"";
  std::string reason;
  const size_t fatal = printed.rfind(kFatal);
  if (fatal != std::string::npos) {
    reason = unquoted(std::string_view(printed).substr(fatal + kFatal.size()));
  } else {
    const std::vector<std::string> lines = split(printed, '\n');
    for (const std::string& line : lines) {
      if (!line.empty()) reason = line;
    }
  }
  for (const std::string_view before :
       {"Error parsing image name \"", "initializing source ", "reading manifest "}) {
    if (!reason.starts_with(before)) continue;
    const size_t end = reason.find(": ");
    if (end != std::string::npos) reason.erase(0, end + 2);
  }
  return reason.empty() ? "skopeo says nothing" : printable(reason);
}

Error failure(const std::string& doing, const SkopeoSource& source, const std::string& reason) {
  const std::string message = "Cannot " + doing + " " + source.shown + ": " + reason;
  switch (skopeo_failure(reason)) {
    case SkopeoFailure::kNeedsLogin:
      return user_error(message, {"If it needs a login: `skopeo login <registry>` writes the file "
                                  "that is used here."});
    case SkopeoFailure::kMissing:
      return user_error(message, {"There is no such image, or it is not for everyone."});
    case SkopeoFailure::kMayPass:
      return environment_error(message, {"Tried " + std::to_string(kAttempts) + " times."});
    case SkopeoFailure::kOther:
      break;
  }
  return environment_error(message);
}

std::string run(const std::vector<std::string>& argv, const SkopeoSource& source,
                const std::string& doing = "read") {
  if (!find_program("skopeo", search_path())) {
    throw environment_error("Cannot " + doing + " " + source.shown + ": there is no skopeo on PATH",
                            {"Install the package skopeo."});
  }
  for (int attempt = 1;; ++attempt) {
    Captured result = capture_process(argv, source.directory);
    if (result.status.interrupted)
      throw environment_error("Interrupted, and could not " + doing + " " + source.shown);
    if (result.status.code == 0) return std::move(result.out);
    const std::string reason = reason_in(result.err);
    if (attempt == kAttempts || skopeo_failure(reason) != SkopeoFailure::kMayPass)
      throw failure(doing, source, reason);
    std::this_thread::sleep_for(std::chrono::seconds(attempt));
  }
}

// Where the docker program finds its engine; skopeo knows nothing of docker's contexts.
std::optional<std::string> docker_host() {
  if (auto host = environment_variable("DOCKER_HOST")) return host;
  if (!find_program("docker", search_path())) return std::nullopt;
  const Captured answer =
      capture_process({"docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"});
  std::string host = answer.out.substr(0, answer.out.find('\n'));
  if (answer.status.code != 0 || host.empty()) return std::nullopt;
  return host;
}

void add_options(std::vector<std::string>& argv, const SkopeoSource& source,
                 const std::string& prefix) {
  for (const std::string& option : source.options) argv.push_back("--" + prefix + option);
}

std::string inspect(const SkopeoSource& source, const std::vector<std::string>& what) {
  std::vector<std::string> argv = {"skopeo", "inspect"};
  argv.insert(argv.end(), what.begin(), what.end());
  add_options(argv, source, "");
  argv.push_back(source.name);
  return run(argv, source);
}

// skopeo's temporary files lie beside `directory`.
void copy(const SkopeoSource& source, const Platform& platform, const std::string& directory,
          const std::vector<std::string>& options, const std::string& to) {
  std::vector<std::string> argv = {
      "skopeo",    "--tmpdir",        parent_path(directory), "--override-os",
      platform.os, "--override-arch", platform.architecture};
  if (!platform.variant.empty()) {
    argv.insert(argv.end(), {"--override-variant", platform.variant});
  }
  argv.insert(argv.end(), {"copy", "--quiet", "--remove-signatures"});
  add_options(argv, source, "src-");
  argv.insert(argv.end(), options.begin(), options.end());
  argv.insert(argv.end(), {source.name, to});
  run(argv, source);
}

}  // namespace

// Whole phrases: digests and names in the reason have any number and many a word in them.
SkopeoFailure skopeo_failure(const std::string& reason) {
  if (has_any(reason, {"unauthorized", "authentication required", "denied: ", "is denied",
                       ": 401 (", ": 403 ("}))
    return SkopeoFailure::kNeedsLogin;
  if (has_any(reason, {"manifest unknown", "name unknown", "blob unknown", "_UNKNOWN",
                       "registry 404", "status: 404", "Code: 404", "not an image", "No such image",
                       "reference does not exist"}))
    return SkopeoFailure::kMissing;
  if (has_any(reason, {"HTTP status: 5", "from registry 5", "toomanyrequests", "from registry 429",
                       ": 429 (", ": 500 (", ": 502 (", ": 503 (", ": 504 (", "unexpected EOF",
                       "connection reset", "timeout", "Timeout"}) ||
      reason.ends_with(": EOF")) {
    return SkopeoFailure::kMayPass;
  }
  return SkopeoFailure::kOther;
}

bool is_loopback(const std::string& host) {
  const std::string name =
      host.starts_with("[") ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  return name == "localhost" || name.starts_with("127.") || name == "[::1]";
}

SkopeoSource skopeo_source(const Reference& reference) {
  SkopeoSource out{reference.text(), reference.text(), {}, ""};
  if (reference.transport == Transport::kRegistry && is_loopback(reference.host())) {
    out.options.emplace_back("tls-verify=false");
  }
  if (reference.transport == Transport::kDockerDaemon) {
    if (const auto host = docker_host()) {
      out.options.push_back("daemon-host=" + *host);
    }
  }
  return out;
}

std::string skopeo_manifest(const SkopeoSource& source) { return inspect(source, {"--raw"}); }

std::string skopeo_config(const SkopeoSource& source) {
  return inspect(source, {"--raw", "--config"});
}

void skopeo_copy(const SkopeoSource& source, const Platform& platform,
                 const std::string& directory) {
  copy(source, platform, directory, {}, "dir:" + directory);
}

void skopeo_complete(const SkopeoSource& source, const Platform& platform,
                     const std::string& directory) {
  const std::string layout = directory + ".oci";
  make_directories(layout + "/shared");
  const std::string link = layout + "/shared/sha256";
  if (symlink(directory.c_str(), link.c_str()) != 0) {
    throw system_error("Cannot make " + link, errno);
  }
  copy(source, platform, directory,
       {"--dest-oci-accept-uncompressed-layers", "--dest-shared-blob-dir", layout + "/shared"},
       "oci:" + layout + ":image");
}

bool can_complete(const Manifest& manifest, const std::string& directory) {
  // skopeo takes what follows a colon for a tag.
  if (manifest.layers.empty() || directory.find(':') != std::string::npos) return false;
  // Other layers of Docker's it does not take, and layers that are elsewhere it leaves there.
  return std::all_of(manifest.layers.begin(), manifest.layers.end(), [](const Descriptor& layer) {
    return layer.media_type == "application/vnd.docker.image.rootfs.diff.tar" ||
           layer.media_type == "application/vnd.docker.image.rootfs.diff.tar.gzip" ||
           layer.media_type.starts_with("application/vnd.oci.image.layer.v1.tar");
  });
}

void skopeo_push(const std::string& directory, const Reference& to) {
  const SkopeoSource target = skopeo_source(to);
  std::vector<std::string> argv = {"skopeo", "copy", "--quiet", "--preserve-digests"};
  add_options(argv, target, "dest-");
  argv.insert(argv.end(), {"dir:" + directory, target.name});
  run(argv, target, "push");
}

}  // namespace cntr::image
