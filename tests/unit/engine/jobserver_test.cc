#include "engine/jobserver.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace cntr::engine {
namespace {

JobserverFlags fifo(const std::string& path) { return {path, ""}; }
JobserverFlags problem(const std::string& text) { return {std::nullopt, text}; }

TEST(MakeflagsTest, WithoutAJobserverSayNothing) {
  EXPECT_EQ(parse_makeflags(""), JobserverFlags());
  EXPECT_EQ(parse_makeflags("  \t "), JobserverFlags());
  EXPECT_EQ(parse_makeflags("ks"), JobserverFlags());
  EXPECT_EQ(parse_makeflags(" -j8 --output-sync"), JobserverFlags());
}

TEST(MakeflagsTest, NameTheFifo) {
  EXPECT_EQ(parse_makeflags(" -j8 --jobserver-auth=fifo:/tmp/a"), fifo("/tmp/a"));
  EXPECT_EQ(parse_makeflags("--jobserver-auth=fifo:/tmp/a"), fifo("/tmp/a"));
  EXPECT_EQ(parse_makeflags("ks\t-j8 --jobserver-auth=fifo:a -k"), fifo("a"));
}

TEST(MakeflagsTest, OfAPipeCannotBeUsed) {
  const JobserverFlags pipe = problem("Pipe-based protocol is not supported!");
  EXPECT_EQ(parse_makeflags(" -j8 --jobserver-auth=3,4"), pipe);
  EXPECT_EQ(parse_makeflags(" -j8 --jobserver-fds=3,4"), pipe);
  EXPECT_EQ(parse_makeflags(" --jobserver-auth=a"),
            problem("Semaphore mode is not supported on Posix!"));
  EXPECT_EQ(parse_makeflags(" --jobserver-fds=a"), problem("Invalid file descriptor pair [a]"));
}

TEST(MakeflagsTest, WithNegativeDescriptorsMeanNoJobserver) {
  EXPECT_EQ(parse_makeflags(" --jobserver-auth=-1,-1"), JobserverFlags());
  EXPECT_EQ(parse_makeflags(" --jobserver-auth=-2,3"), JobserverFlags());
}

TEST(MakeflagsTest, LastWordCounts) {
  EXPECT_EQ(parse_makeflags(" --jobserver-fds=3,4 --jobserver-auth=fifo:a"), fifo("a"));
  EXPECT_EQ(parse_makeflags(" --jobserver-auth=fifo:a --jobserver-auth=fifo:b"), fifo("b"));
  EXPECT_EQ(parse_makeflags(" --jobserver-auth=fifo:a --jobserver-auth=-1,-1"), JobserverFlags());
}

TEST(MakeflagsTest, OfADryRunMeanNoJobserver) {
  EXPECT_EQ(parse_makeflags("kn --jobserver-auth=fifo:a"), JobserverFlags());
  EXPECT_EQ(parse_makeflags("n --jobserver-auth=3,4"), JobserverFlags());
  // A first word with a dash has no letters of options.
  EXPECT_EQ(parse_makeflags("--no-print-directory --jobserver-auth=fifo:a"), fifo("a"));
}

class JobserverTest : public ::testing::Test {
 protected:
  JobserverTest() {
    EXPECT_EQ(mkfifo(path_.c_str(), 0600), 0);
    fd_ = open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  }
  ~JobserverTest() override { close(fd_); }

  void put(const std::string& tokens) {
    EXPECT_EQ(write(fd_, tokens.data(), tokens.size()), static_cast<ssize_t>(tokens.size()));
  }
  std::string take_all() {
    char buffer[64];
    const ssize_t size = read(fd_, buffer, sizeof buffer);
    return {buffer, static_cast<size_t>(size > 0 ? size : 0)};
  }

  TemporaryDirectory directory_{"/tmp", "cntr-jobserver-"};
  const std::string path_ = directory_.path() + "/fifo";
  int fd_;
};

TEST_F(JobserverTest, GivesOneTokenWithoutReading) {
  Jobserver server(path_);
  put("a");
  const auto own = server.try_take();
  EXPECT_TRUE(own);
  EXPECT_EQ(take_all(), "a");
  EXPECT_FALSE(server.try_take());
}

TEST_F(JobserverTest, PutsBackTheBytesThatItTook) {
  Jobserver server(path_);
  put("ab");
  {
    const auto own = server.try_take();
    const auto first = server.try_take();
    const auto second = server.try_take();
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(server.try_take());
    EXPECT_EQ(take_all(), "");
  }
  const std::string tokens = take_all();
  EXPECT_TRUE(tokens == "ab" || tokens == "ba") << tokens;
}

TEST_F(JobserverTest, GivesItsOwnTokenAgain) {
  Jobserver server(path_);
  EXPECT_TRUE(server.try_take());
  EXPECT_TRUE(server.try_take());
  EXPECT_EQ(take_all(), "");
}

TEST_F(JobserverTest, MovesTokens) {
  Jobserver server(path_);
  put("a");
  auto own = server.try_take();
  auto other = server.try_take();
  JobToken moved = std::move(*other);
  other.reset();
  EXPECT_EQ(take_all(), "");
  moved = std::move(*own);  // gives its own back
  EXPECT_EQ(take_all(), "a");
  own.reset();
  EXPECT_FALSE(server.try_take());
}

TEST_F(JobserverTest, SaysWhyAFifoCannotBeUsed) {
  const auto message = [](const std::string& path) {
    try {
      const Jobserver server(path);
    } catch (const Error& error) {
      return error.message();
    }
    return std::string("no error");
  };
  EXPECT_EQ(message("/no/fifo"), "cannot open \"/no/fifo\" for reading: No such file or directory");
  const std::string file = directory_.path() + "/file";
  write_file_atomically(file, "");
  EXPECT_EQ(message(file), "\"" + file + "\" is not a fifo");
}

}  // namespace
}  // namespace cntr::engine
