// What only docker does: images in the engine, containers that nobody may leave behind.
#include "runner/docker.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "runner/docker_image.h"
#include "sandbox_test.h"

namespace cntr::runner {
namespace {

class DockerTest : public SandboxTest {
 protected:
  void SetUp() override {
    require(Kind::kDocker);
    if (IsSkipped() || HasFatalFailure()) return;
    SandboxTest::SetUp();
  }

  static std::string docker(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "docker");
    const Captured captured = capture_process(arguments);
    EXPECT_EQ(captured.status.code, 0) << captured.err;
    return captured.out;
  }
  static bool has_container(const Sandbox& sandbox) {
    return !docker({"ps", "--all", "--quiet", "--filter", "name=cntr-" + sandbox.id}).empty();
  }
  static std::vector<std::string> images_without_a_name() {
    std::vector<std::string> ids =
        split(docker({"images", "--quiet", "--filter", "dangling=true"}), '\n');
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  // One that nobody has imported.
  Digest new_identity() const { return digest_of(marker("image")); }
};

TEST_F(DockerTest, AnImageIsImportedOnceByManyAtOnce) {
  const Digest identity = new_identity();
  const std::vector<std::string> before = images_without_a_name();
  std::vector<pid_t> pids;
  for (int i = 0; i < 3; ++i) {
    pids.push_back(fork());
    if (pids.back() == 0) {
      try {
        ensure_docker_image({identity, root()}, "docker");
        _exit(0);
      } catch (const Error&) {
        _exit(1);
      }
    }
  }
  for (const pid_t pid : pids) {
    int status = -1;
    waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  // A second import would have taken the name from the image of the first. Other tests that run now
  // have images without a name for a moment.
  bool all_have_names = false;
  for (int i = 0; i < 100 && !all_have_names; ++i) {
    if (i > 0) usleep(100'000);
    const std::vector<std::string> now = images_without_a_name();
    all_have_names = std::includes(before.begin(), before.end(), now.begin(), now.end());
  }
  EXPECT_TRUE(all_have_names);
  const std::string id = docker({"images", "--quiet", docker_image_name(identity)});
  EXPECT_EQ(split(id, '\n').size(), 2U) << id;

  ensure_docker_image({identity, root()}, "docker");
  EXPECT_EQ(docker({"images", "--quiet", docker_image_name(identity)}), id);
  docker({"image", "rm", docker_image_name(identity)});
}

TEST_F(DockerTest, AnImageThatCannotBeReadWholeIsNotKept) {
  if (getuid() == 0) GTEST_SKIP() << "root can read every file";
  write_file_atomically(root() + "/etc/unreadable", "x", 0);
  const Digest identity = new_identity();
  try {
    ensure_docker_image({identity, root()}, "docker");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), ::testing::HasSubstr("cannot import the image " + root()));
  }
  EXPECT_EQ(docker({"images", "--quiet", docker_image_name(identity)}), "");
}

TEST_F(DockerTest, NoContainerIsLeftWhereverTheCallerIsKilled) {
  Sandbox first = shell("true");
  run(Kind::kDocker, first);  // imports the image
  EXPECT_FALSE(has_container(first));
  for (const int delay_ms : {1, 20, 50, 80, 110, 150, 200, 300, 500}) {
    const Sandbox step = shell("sleep 1000");
    const Command command = runner_of(Kind::kDocker).plan(step);
    const pid_t pid = fork();
    if (pid == 0) {
      run_process(command, {}, nullptr);
      _exit(0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    // Its supervisor goes last, when the container is gone.
    EXPECT_TRUE(eventually([&] { return !process_with(step.id); }));
    EXPECT_FALSE(has_container(step)) << "killed after " << delay_ms << " ms";
  }
}

}  // namespace
}  // namespace cntr::runner
