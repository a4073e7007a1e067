#include "env/conda_config.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr::env {
namespace {

using testing::ElementsAre;

class CondaConfigTest : public testing::Test {
 protected:
  CondaConfig read() const {
    return read_conda_config([this](const std::string& name) {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    });
  }

  void write(const std::string& path, const std::string& text) const {
    make_directories(parent_path(home_.path() + "/" + path));
    write_file_atomically(home_.path() + "/" + path, text);
  }

  static LockedPackage package(const std::string& channel) {
    return package_of_url(channel + "/noarch/a-1-0.conda", {});
  }

  TemporaryDirectory home_{"/tmp", "cntr-test-"};
  std::map<std::string, std::string> variables_{{"HOME", home_.path()}};
};

TEST_F(CondaConfigTest, NothingSaidIsTheUsual) {
  const CondaConfig config = read();
  EXPECT_THAT(config.package_caches, testing::Contains(home_.path() + "/.conda/pkgs"));
  EXPECT_EQ(config.download.proxy, "");
  EXPECT_TRUE(config.download.check_certificate);
  EXPECT_THAT(urls_of(package("https://host/chan"), config),
              ElementsAre("https://host/chan/noarch/a-1-0.conda"));
}

TEST_F(CondaConfigTest, LaterFilesDecideBeforeEarlierOnes) {
  write(
      ".config/conda/condarc.d/site.yml",
      "pkgs_dirs: [/site/pkgs]\nssl_verify: /site/ca.pem\nproxy_servers: {https: 'http://p:1'}\n");
  write(".config/conda/condarc.d/ignored.txt", "[");
  write(".condarc",
        "pkgs_dirs:\n- ~/mine\n- relative\nssl_verify: false\nchannels: [conda-forge]\n");
  variables_["CONDA_PKGS_DIRS"] = "/first,/second";
  const CondaConfig config = read();
  EXPECT_EQ(config.package_caches[0], "/first");
  EXPECT_EQ(config.package_caches[1], "/second");
  EXPECT_EQ(config.package_caches[2], home_.path() + "/mine");
  EXPECT_EQ(config.package_caches[3], "/site/pkgs");
  EXPECT_EQ(config.download.proxy, "http://p:1");
  EXPECT_FALSE(config.download.check_certificate);
  EXPECT_EQ(config.download.certificates, "");
}

TEST_F(CondaConfigTest, PathsHaveVariables) {
  write(".condarc",
        "pkgs_dirs: [$DATA/pkgs, '${DATA}/more']\nssl_verify: ~/ca.pem\n"
        "client_ssl_cert: $DATA/me.pem\nclient_ssl_cert_key: ~/me.key\n");
  variables_["DATA"] = "/data";
  variables_["NETRC"] = "/data/netrc";
  variables_["REQUESTS_CA_BUNDLE"] = "/data/bundle.pem";
  CondaConfig config = read();
  EXPECT_EQ(config.package_caches[0], "/data/pkgs");
  EXPECT_EQ(config.package_caches[1], "/data/more");
  EXPECT_EQ(config.download.certificates, home_.path() + "/ca.pem");
  EXPECT_EQ(config.download.client_certificate, "/data/me.pem");
  EXPECT_EQ(config.download.client_key, home_.path() + "/me.key");
  EXPECT_EQ(config.download.netrc, "/data/netrc");
  variables_["CONDA_SSL_VERIFY"] = "true";
  EXPECT_EQ(read().download.certificates, "/data/bundle.pem");
  variables_["CONDA_SSL_VERIFY"] = "false";
  EXPECT_FALSE(read().download.check_certificate);
}

TEST_F(CondaConfigTest, EachSchemeHasItsProxy) {
  write(".condarc", "proxy_servers: {http: 'http://a:1', https: 'http://b:2'}\n");
  EXPECT_EQ(read().download.http_proxy, "http://a:1");
  EXPECT_EQ(read().download.proxy, "http://b:2");
  write(".condarc", "proxy_servers: {all: 'http://c:3', https: 'http://b:2'}\n");
  EXPECT_EQ(read().download.http_proxy, "http://c:3");
  EXPECT_EQ(read().download.proxy, "http://b:2");
}

TEST_F(CondaConfigTest, MirrorsAreAskedInTheirOrder) {
  write(".condarc",
        "mirrored_channels:\n  conda-forge: [https://near/cf/, "
        "https://conda.anaconda.org/conda-forge]\n");
  EXPECT_THAT(urls_of(package("https://conda.anaconda.org/conda-forge"), read()),
              ElementsAre("https://near/cf/noarch/a-1-0.conda",
                          "https://conda.anaconda.org/conda-forge/noarch/a-1-0.conda"));
  EXPECT_THAT(urls_of(package("https://host/other"), read()),
              ElementsAre("https://host/other/noarch/a-1-0.conda"));
}

TEST_F(CondaConfigTest, CredentialsOfChannelsAreUsed) {
  write(".condarc",
        "channel_alias: https://host/t/tk-1\ncustom_channels: {chan: 'https://u:p@other'}\n");
  EXPECT_THAT(urls_of(package("https://host/team"), read()),
              ElementsAre("https://host/t/tk-1/team/noarch/a-1-0.conda"));
  EXPECT_THAT(urls_of(package("https://other/chan"), read()),
              ElementsAre("https://u:p@other/chan/noarch/a-1-0.conda"));
  EXPECT_THAT(urls_of(package("https://hostile/team"), read()),
              ElementsAre("https://hostile/team/noarch/a-1-0.conda"));
}

TEST_F(CondaConfigTest, WhatIsWrong) {
  write(".condarc", "pkgs_dirs: /one\n");
  try {
    read();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), home_.path() + "/.condarc:1:12: Expected a list for \"pkgs_dirs\"");
  }
}

}  // namespace
}  // namespace cntr::env
