// Getting a file from an HTTP server, with the program curl: it knows proxies, netrc and
// certificates as everywhere on the machine, and nothing of it is loaded where nothing is fetched.
#pragma once

#include <string>

#include "base/error.h"

namespace cntr::env {

struct DownloadOptions {
  std::string proxy;               // for https; "" for what the environment says
  std::string http_proxy;          // for http
  std::string certificates;        // a file of trusted ones; "" for the machine's
  std::string client_certificate;  // a file; "" for none
  std::string client_key;          // a file; "" where the certificate has it
  std::string netrc;               // a file; "" for the user's
  bool check_certificate = true;
  int attempts = 5;          // of which each goes on where the one before broke off
  int first_pause_ms = 500;  // before the second attempt; then twice as long each time
};

// Writes what the URL names to the new file `to`. Thread-safe. Throws an environment Error that
// names the URL, without passwords in it, and says what curl said.
void download(const std::string& url, const std::string& to, const DownloadOptions& options);

}  // namespace cntr::env
