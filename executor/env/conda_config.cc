#include "env/conda_config.h"

#include <algorithm>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "env/conda_meta.h"
#include "spec/yaml_map.h"

namespace cntr::env {
namespace {

using spec::YamlMap;

// The directories that have condarc files, as conda's SEARCH_PATH.
std::vector<std::string> config_directories(const Variables& variables) {
  std::vector<std::string> out = {"/etc/conda", "/var/lib/conda"};
  const auto add = [&](const char* name, const char* below) {
    if (const auto value = variables(name)) out.push_back(*value + below);
  };
  add("CONDA_ROOT", "");
  add("XDG_CONFIG_HOME", "/conda");
  add("HOME", "/.config/conda");
  add("HOME", "/.conda");
  add("HOME", "");
  add("CONDA_PREFIX", "");
  return out;
}

std::vector<std::string> config_files(const Variables& variables) {
  std::vector<std::string> out;
  for (const std::string& directory : config_directories(variables)) {
    out.push_back(directory + "/.condarc");
    if (directory == variables("HOME")) continue;
    out.push_back(directory + "/condarc");
    const std::string more = directory + "/condarc.d";
    if (!exists(more)) continue;
    for (const std::string& name : list_directory(more)) {
      if (name.ends_with(".yml") || name.ends_with(".yaml")) out.push_back(more + "/" + name);
    }
  }
  if (const auto file = variables("CONDARC")) out.push_back(*file);
  return out;
}

void add_credentials(const std::string& url, CondaConfig& config) {
  std::string shown = public_url(url);
  if (shown != url) config.credentials[std::move(shown)] = url;
}

void read_proxies(YamlMap& root, CondaConfig& config) {
  YamlMap servers = root.map("proxy_servers");
  const std::string all = servers.optional_string("all").value_or("");
  config.download.proxy = servers.optional_string("https").value_or(all);
  config.download.http_proxy = servers.optional_string("http").value_or(all);
}

void read_ssl_verify(const std::string& word, const Variables& variables, CondaConfig& config) {
  const bool off = word == "false" || word == "False" || word == "no" || word == "off";
  const bool on = word == "true" || word == "True" || word == "yes" || word == "truststore";
  config.download.check_certificate = !off;
  config.download.certificates = off || on ? "" : expanded_path(word, variables);
}

void read_channels(YamlMap& root, CondaConfig& config) {
  if (root.has("channels")) {
    for (const std::string& channel : root.strings("channels")) add_credentials(channel, config);
  }
  if (root.has("channel_alias")) add_credentials(root.string("channel_alias"), config);
  if (root.has("custom_channels")) {
    YamlMap channels = root.map("custom_channels");
    for (const std::string& name : channels.keys()) {
      add_credentials(channels.string(name) + "/" + name, config);
    }
  }
  if (root.has("mirrored_channels")) {
    YamlMap channels = root.map("mirrored_channels");
    for (const std::string& name : channels.keys()) config.mirrors[name] = channels.strings(name);
  }
}

void read_config_file(const std::string& path, const std::string& text, const Variables& variables,
                      CondaConfig& config) {
  const YAML::Node document = spec::parse_yaml_document(text, path);
  if (document.IsNull()) return;
  YamlMap root(document, path);
  if (root.has("proxy_servers")) read_proxies(root, config);
  if (root.has("ssl_verify")) read_ssl_verify(root.string("ssl_verify"), variables, config);
  const auto read_path = [&](const char* key, std::string& to) {
    if (root.has(key)) to = expanded_path(root.string(key), variables);
  };
  read_path("client_ssl_cert", config.download.client_certificate);
  read_path("client_ssl_cert_key", config.download.client_key);
  read_channels(root, config);
  if (!root.has("pkgs_dirs")) return;
  std::vector<std::string> caches;
  for (const std::string& directory : root.strings("pkgs_dirs")) {
    caches.push_back(expanded_path(directory, variables));
  }
  config.package_caches.insert(config.package_caches.begin(), caches.begin(), caches.end());
}

// Where conda, mamba and micromamba put packages when nothing is said.
void add_usual_caches(const Variables& variables, CondaConfig& config) {
  const auto add = [&](const char* name, const char* below) {
    if (const auto value = variables(name)) config.package_caches.push_back(*value + below);
  };
  add("CONDA_ROOT", "/pkgs");
  add("MAMBA_ROOT_PREFIX", "/pkgs");
  for (const char* const below : {"/.conda/pkgs", "/miniforge3/pkgs", "/miniconda3/pkgs",
                                  "/micromamba/pkgs", "/.mamba/pkgs"}) {
    add("HOME", below);
  }
}

}  // namespace

CondaConfig read_conda_config(const Variables& variables) {
  CondaConfig out;
  for (const std::string& path : config_files(variables)) {
    if (const auto text = read_file_if_exists(path)) read_config_file(path, *text, variables, out);
  }
  if (const auto word = variables("CONDA_SSL_VERIFY")) read_ssl_verify(*word, variables, out);
  if (out.download.certificates.empty()) {
    out.download.certificates = variables("REQUESTS_CA_BUNDLE").value_or("");
  }
  out.download.netrc = variables("NETRC").value_or("");
  if (const auto caches = variables("CONDA_PKGS_DIRS")) {
    const std::vector<std::string> listed = split(*caches, ',');
    out.package_caches.insert(out.package_caches.begin(), listed.begin(), listed.end());
  }
  add_usual_caches(variables, out);
  std::erase_if(out.package_caches, [](const std::string& path) { return !path.starts_with("/"); });
  return out;
}

std::vector<std::string> urls_of(const LockedPackage& package, const CondaConfig& config) {
  const auto is_channel = [&](const std::string& name) {
    return name == package.channel || name == base_name(package.channel);
  };
  std::vector<std::string> out;
  for (const auto& [name, places] : config.mirrors) {
    const bool one_of_them = std::any_of(places.begin(), places.end(), is_channel);
    if (!is_channel(name) && !one_of_them) continue;
    for (const std::string& place : places) {
      out.push_back(place + (place.ends_with("/") ? "" : "/") + package.subdir + "/" +
                    package.file_name);
    }
  }
  if (out.empty()) out.push_back(package.url);
  for (std::string& url : out) {
    for (const auto& [shown, secret] : config.credentials) {
      if (url.starts_with(shown + "/")) url = secret + url.substr(shown.size());
    }
  }
  return out;
}

void download_package(const LockedPackage& package, const std::string& to,
                      const CondaConfig& config) {
  const std::vector<std::string> urls = urls_of(package, config);
  for (size_t i = 0; i < urls.size(); ++i) {
    try {
      download(urls[i], to, config.download);
      return;
    } catch (const Error&) {
      if (i + 1 == urls.size()) throw;
      remove_tree(to);
    }
  }
}

}  // namespace cntr::env
