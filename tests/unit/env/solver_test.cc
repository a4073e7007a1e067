#include "env/solver.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>

#include "base/digest.h"
#include "base/error.h"
#include "base/file_system.h"
#include "env/solver_install.h"

namespace cntr::env {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kSolvedSum(64, 'a');

std::vector<std::string> names(const std::vector<LockedPackage>& packages) {
  std::vector<std::string> out;
  for (const LockedPackage& package : packages) out.push_back(package.name);
  return out;
}

// A solver that writes down what it was asked and answers with a text.
class SolverTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return normal_path(name, root_.path()); }

  void make_program(const std::string& name, const std::string& script) const {
    write_file_atomically(path(name), "#!/bin/sh\n" + script);
    chmod(path(name).c_str(), 0755);
  }
  Solver solver_that(const std::string& name, const std::string& script) const {
    make_program(name, "echo \"$@\" >>" + path("asked") + "\necho \"$CONDA_SUBDIR\" >" +
                           path("subdir") + "\n" + script);
    return {path(name), kind_of_solver(name)};
  }
  std::vector<LockedPackage> ask(const Solver& solver) const {
    make_directories(path("scratch"));
    return solve(solver, request_, path("scratch"));
  }
  std::string install(const std::string& place, const std::string& preferred = "") const {
    return install_solver({place, preferred}, root_.path(), root_.path(),
                          [](const std::string&) {});
  }
  Solver find(const spec::EnvRequest& request) const {
    return find_solver(request, root_.path(), root_.path(), [](const std::string&) {});
  }
  std::string message_of(const Solver& solver) const {
    try {
      ask(solver);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUser);
      return error.what();
    }
    return "no error";
  }

  TemporaryDirectory root_{testing::TempDir(), "solver-"};
  SolveRequest request_{
      "linux-64", {"conda-forge", "bioconda"}, true, {"python=3.11", "six >1,<2"}, {}, {}, {}};
};

TEST_F(SolverTest, ARealAnswerOfMamba) {
  const std::string answer =
      read_file(std::string(CNTR_TEST_CONDA_DATA) + "/requests/mamba-2.8.1.json");
  const std::vector<LockedPackage> packages = parse_solution(answer, "answer");
  EXPECT_THAT(names(packages), ElementsAre("python", "python3-six", "python3-requests"));
  EXPECT_EQ(packages[0].url, "file:///channel/linux-64/python-3.11.2-h0_0.conda");
  EXPECT_EQ(packages[0].sha256->hex(),
            "b486b260f727981f70e7aa7c0a0c7a25cce7c4c2675e875e5931f154d49a6199");
  EXPECT_EQ(packages[1].depends, std::vector<std::string>{"python >=3.11,<3.12.0a0"});
}

TEST_F(SolverTest, IsAskedForTheSolutionOnly) {
  write_file_atomically(path("answer.json"),
                        "{\"actions\": {\"LINK\": ["
                        "{\"name\": \"six\", \"version\": \"1\", \"build\": \"0\", "
                        "\"url\": \"https://user:secret@host/t/token/chan/noarch/six-1-0.conda\", "
                        "\"sha256\": \"" +
                            kSolvedSum +
                            "\", \"depends\": [\"python\"]}, "
                            "{\"name\": \"python\", \"version\": \"3\", \"build\": \"0\", "
                            "\"url\": \"https://host/chan/linux-64/python-3-0.conda\", "
                            "\"sha256\": \"" +
                            kSolvedSum + "\"}]}}");
  const std::vector<LockedPackage> packages =
      ask(solver_that("micromamba", "cat " + path("answer.json")));
  EXPECT_THAT(names(packages), ElementsAre("python", "six"));
  EXPECT_EQ(packages[1].url, "https://host/chan/noarch/six-1-0.conda");
  EXPECT_EQ(read_file(path("asked")), "create --dry-run --json --yes --prefix " + path("scratch") +
                                          "/env --channel conda-forge --channel bioconda "
                                          "python=3.11 six >1,<2\n");
  EXPECT_EQ(read_file(path("subdir")), "linux-64\n");
}

TEST_F(SolverTest, APathOfAChannelCountsFromTheFile) {
  request_.channels = {"./near", "../beside", "/there", "far"};
  request_.files = {"/project/environment.yml"};
  ask(solver_that("micromamba", "echo '{}'"));
  EXPECT_THAT(read_file(path("asked")),
              HasSubstr("--channel file:///project/near --channel file:///beside --channel /there "
                        "--channel far"));
}

// conda says the sum of a package where it says that it would download it.
TEST_F(SolverTest, TheAnswerOfConda) {
  request_.default_channels = false;
  write_file_atomically(
      path("answer.json"),
      R"({"actions": {"FETCH": [{"name": "six", "version": "1", "build": "py_0", "build_string": "py_0",
          "url": "https://host/chan/noarch/six-1-py_0.conda", "sha256": ")" +
          kSolvedSum + R"("}],
          "LINK": [{"base_url": "https://host/chan", "build_number": 0, "build_string": "py_0",
          "dist_name": "six-1-py_0", "name": "six", "version": "1"}], "PREFIX": "/x"},
          "success": true})");
  const std::vector<LockedPackage> packages =
      ask(solver_that("conda", "test \"$CONDA_PKGS_DIRS\" = " + path("scratch") +
                                   "/pkgs || exit 1\ncat " + path("answer.json")));
  EXPECT_THAT(names(packages), ElementsAre("six"));
  EXPECT_THAT(read_file(path("asked")), HasSubstr("--override-channels --channel conda-forge"));
}

TEST_F(SolverTest, PixiLocksAProject) {
  const std::vector<LockedPackage> packages = ask(solver_that("pixi", R"(case $1 in
init)
  test "$2 $4 $5" = "--import --platform linux-64" || exit 1
  cp "$3" )" + path("seen.yml") + R"(
  mkdir "$6" ;;
lock)
  cat >"${3%/*}/pixi.lock" <<'LOCK'
version: 6
environments:
  default:
    channels: [{url: https://host/chan/}]
    packages:
      linux-64:
        - conda: https://host/chan/noarch/six-1-0.conda
packages:
  - conda: https://host/chan/noarch/six-1-0.conda
    sha256: )" + kSolvedSum + "\nLOCK\nesac\n"));
  EXPECT_THAT(names(packages), ElementsAre("six"));
  EXPECT_EQ(read_file(path("seen.yml")),
            "name: environment\nchannels:\n  - \"conda-forge\"\n  - \"bioconda\"\n"
            "dependencies:\n  - \"python=3.11\"\n  - \"six >1,<2\"\n");
}

TEST_F(SolverTest, ItsOwnWordsAreShown) {
  EXPECT_EQ(message_of(solver_that("micromamba",
                                   "echo 'error    libmamba Could not solve' >&2\n"
                                   "echo '{\"solver_problems\": [\"nothing provides six\"], "
                                   "\"success\": false}'\nexit 1")),
            "micromamba found no solution\n"
            "  error    libmamba Could not solve\n  nothing provides six");
  EXPECT_EQ(
      message_of(solver_that("conda",
                             "printf '%s' '{\"error\": \"PackagesNotFoundError\", \"message\": "
                             "\"The following packages\\n  - six\"}'\nexit 1")),
      "conda found no solution\n  The following packages\n    - six");
  EXPECT_EQ(message_of(solver_that("mamba", "echo oh no; exit 3")),
            "mamba found no solution\n  oh no");
}

TEST_F(SolverTest, WhatIsNoAnswer) {
  EXPECT_THAT(message_of(solver_that("micromamba", "echo nothing")),
              HasSubstr("the answer of micromamba"));
  const std::string record =
      R"({"actions": {"LINK": [{"name": "six", "version": "1", "build": "0",
          "url": "https://host/chan/noarch/six-1-0.conda")";
  for (const char* const end : {"}]}}", R"(, "sha256": "short"}]}})", R"(, "md5": "no"}]}})"}) {
    EXPECT_THROW(parse_solution(record + end, "answer"), Error) << end;
  }
  EXPECT_TRUE(
      parse_solution(R"({"success": true, "message": "All requested packages"})", "x").empty());
}

TEST_F(SolverTest, AreKnownByTheirNames) {
  EXPECT_EQ(kind_of_solver("/opt/bin/micromamba-2.0"), SolverKind::kMicromamba);
  EXPECT_EQ(kind_of_solver("mamba"), SolverKind::kMamba);
  EXPECT_EQ(kind_of_solver("pixi"), SolverKind::kPixi);
  EXPECT_EQ(kind_of_solver("/opt/conda/bin/conda"), SolverKind::kConda);
  spec::EnvRequest request;
  request.solver = path("none");
  EXPECT_THROW(find(request), Error);
  make_program("none", "");
  EXPECT_EQ(find(request).program, path("none"));
}

TEST_F(SolverTest, IsInstalledOnce) {
  make_program("installer.sh", "test \"$1 $2\" = '-b -p' || exit 1\necho x >>" + path("runs") +
                                   "\nmkdir -p \"$3/bin\"\ntouch \"$3/bin/conda\"\n");
  const std::string program = install(path("installer.sh"));
  EXPECT_THAT(program, HasSubstr("/bin/conda"));
  EXPECT_EQ(install(path("installer.sh")), program);
  EXPECT_EQ(read_file(path("runs")), "x\n");

  write_file_atomically(path("micromamba"),
                        "\x7f"
                        "ELF...");
  EXPECT_THAT(install(path("micromamba")), HasSubstr("/bin/micromamba"));
}

TEST_F(SolverTest, ThePreferredOneOfAnInstaller) {
  make_program("installer.sh",
               "test -z \"$PYTHONPATH\" || exit 1\nmkdir -p \"$3/bin\"\n"
               "touch \"$3/bin/conda\" \"$3/bin/mamba\"\n");
  setenv("PYTHONPATH", "/somewhere", 1);
  const std::string program = install(path("installer.sh"), "conda");
  unsetenv("PYTHONPATH");
  EXPECT_THAT(program, testing::EndsWith("/bin/conda"));
  EXPECT_THAT(install(path("installer.sh")), testing::EndsWith("/bin/mamba"));
  EXPECT_THAT(install(path("installer.sh"), "pixi"), testing::EndsWith("/bin/mamba"));
}

TEST_F(SolverTest, AnInstallerThatFails) {
  make_program("installer.sh", "mkdir -p \"$3\"\necho 'no room' >&2\nexit 1\n");
  try {
    install(path("installer.sh"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "The installer " + path("installer.sh") +
                                             " installed no solver of conda packages\n  no room");
  }
  EXPECT_THAT(list_directory(root_.path()), ElementsAre("installer.sh", testing::_));
  write_file_atomically(path("archive"), "PK..");
  EXPECT_THROW(install(path("archive")), Error);
}

TEST_F(SolverTest, AnInstallerAtAUrlNeedsASum) {
  const auto message_of = [&](const std::string& installer) -> std::string {
    try {
      install(installer);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message_of("https://host/token/Miniforge3.sh"),
            "The installer https://host/token/Miniforge3.sh is a URL without a sum\n"
            "  Write #sha256=<64 digits> behind it, or name a file on this machine.");
  EXPECT_EQ(message_of("https://host/Miniforge3.sh#sha256=12"),
            "The installer \"https://host/Miniforge3.sh#sha256=12\" has no sum behind its #\n"
            "  It is written as #sha256=<64 digits>.");
}

// Nothing is downloaded then: no machine is named so.
TEST_F(SolverTest, AnInstallerWithASumIsDownloadedOnce) {
  write_file_atomically(path("micromamba"),
                        "\x7f"
                        "ELF...");
  const std::string program = install(path("micromamba"));
  const std::string url =
      "https://host.invalid/micromamba#sha256=" + digest_of_file(path("micromamba")).hex();
  EXPECT_EQ(install(url), program);
}

}  // namespace
}  // namespace cntr::env
