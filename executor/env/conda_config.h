// What the user's configuration of conda says about where packages are and how to get them:
// condarc files, in conda's places and conda's order, and variables.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "env/download.h"
#include "env/expanded_path.h"
#include "env/lock.h"

namespace cntr::env {

struct CondaConfig {
  std::vector<std::string> package_caches;  // absolute paths of directories; they may not be there
  // proxy_servers, ssl_verify, client_ssl_cert; NETRC and REQUESTS_CA_BUNDLE, as conda knows them
  DownloadOptions download;
  // Channel to the places that have it, in the order in which they are asked (mirrored_channels of
  // mamba). Channels are URLs or the last part of one.
  std::map<std::string, std::vector<std::string>> mirrors;
  // A URL's begin without secrets to the same with them: those of channels, custom_channels and
  // channel_alias that have a token, or a user and a password.
  std::map<std::string, std::string> credentials;
};

// Reads the condarc files that there are; a later one decides before an earlier one. Throws a user
// Error at the file and line of what cannot be read. Keys that say nothing of the above do not
// count.
CondaConfig read_conda_config(const Variables& variables);

// Where to ask for a package, first to last.
std::vector<std::string> urls_of(const LockedPackage& package, const CondaConfig& config);

// Downloads from the first of these that has it. Throws as download(), of the last one.
void download_package(const LockedPackage& package, const std::string& to,
                      const CondaConfig& config);

}  // namespace cntr::env
