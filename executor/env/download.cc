#include "env/download.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "base/environment.h"
#include "base/process.h"
#include "base/stop_request.h"
#include "base/text.h"
#include "env/conda_meta.h"

namespace cntr::env {
namespace {

// Exit codes of curl (curl(1)).
constexpr int kHttpError = 22;
constexpr int kNoRanges = 33;
constexpr std::array<int, 13> kPassing = {5, 6, 7, 16, 18, 26, 28, 35, 52, 55, 56, 92, 95};

struct Attempt {
  int exit_code = 0;
  std::string status;   // of HTTP: "404"
  std::string message;  // of curl
};

// A URL stands in a file for curl, not on its command line, where every user of the machine could
// read a token in it.
std::string config_text(const std::string& url, const std::string& to,
                        const DownloadOptions& options) {
  const auto line = [](const std::string& key, const std::string& value) {
    std::string quoted;
    for (const char c : value) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    return key + " = \"" + quoted + "\"\n";
  };
  std::string out = line("url", url) + line("output", to);
  const auto add = [&](const std::string& key, const std::string& value) {
    if (!value.empty()) out += line(key, value);
  };
  add("proxy", url.starts_with("https:") ? options.proxy : options.http_proxy);
  add("cacert", options.certificates);
  add("cert", options.client_certificate);
  add("key", options.client_key);
  add("netrc-file", options.netrc);
  if (!options.check_certificate) out += "insecure\n";
  return out;
}

Command curl_command(const std::string& config) {
  Command out;
  out.argv = {"curl",
              "--disable",
              "--config",
              "/dev/fd/3",
              "--fail",
              "--silent",
              "--show-error",
              "--location",
              "--globoff",
              "--netrc-optional",
              "--proto",
              "=http,https",
              "--proto-redir",
              "=http,https",
              "--max-redirs",
              "10",
              "--connect-timeout",
              "30",
              "--speed-limit",
              "1000",
              "--speed-time",
              "60",
              "--continue-at",
              "-",
              "--write-out",
              "%{http_code}"};
  out.environment = current_environment();
  out.extra_fd = config;
  return out;
}

Attempt try_once(const std::string& config) {
  Attempt out;
  const ExitStatus status = run_process(
      curl_command(config), {}, [&](std::string_view bytes) { out.status.append(bytes); },
      [&](std::string_view bytes) { out.message.append(bytes); });
  out.exit_code = status.code;
  if (status.interrupted) throw Stopped();
  return out;
}

bool is_passing(const Attempt& attempt) {
  if (attempt.exit_code == kHttpError) {
    return attempt.status.starts_with("5") || attempt.status == "408" || attempt.status == "429";
  }
  return std::find(kPassing.begin(), kPassing.end(), attempt.exit_code) != kPassing.end();
}

}  // namespace

void download(const std::string& url, const std::string& to, const DownloadOptions& options) {
  if (url.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos) {
    throw user_error("There is no URL " + quote(url));
  }
  if (!find_program("curl", search_path())) {
    throw environment_error("Cannot download " + public_url(url) + ": there is no program curl",
                            {"Install curl."});
  }
  const std::string config = config_text(url, to, options);
  auto pause = std::chrono::milliseconds(options.first_pause_ms);
  for (int attempt = 1;; ++attempt) {
    const Attempt result = try_once(config);
    if (result.exit_code == 0) return;
    const bool again = is_passing(result) || result.exit_code == kNoRanges;
    if (!again || attempt == options.attempts) {
      throw environment_error("Cannot download " + public_url(url) + ": " +
                              printable(result.message.substr(0, result.message.find('\n'))));
    }
    if (result.exit_code == kNoRanges) unlink(to.c_str());
    std::this_thread::sleep_for(pause);
    throw_if_stopped();
    pause *= 2;
  }
}

}  // namespace cntr::env
