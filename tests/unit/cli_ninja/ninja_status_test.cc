#include "cli/ninja_status.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "base/error.h"
#include "base/file_system.h"
#include "base/process.h"
#include "ninja/manifest_parser.h"

namespace cntr::cli {
namespace {

using Verbosity = NinjaStatusOptions::Verbosity;

constexpr const char* kManifest =
    "rule cc\n"
    "  command = cc $in -o $out\n"
    "  description = CC $out\n"
    "rule plain\n"
    "  command = make $out\n"
    "build a.o b.o | c.o: cc a.c\n"
    "build d: plain\n"
    "build e: plain\n"
    "  pool = console\n";
constexpr ninja::EdgeId kCompile = 0;
constexpr ninja::EdgeId kPlain = 1;
constexpr ninja::EdgeId kConsole = 2;

class NinjaStatusTest : public ::testing::Test {
 protected:
  NinjaStatusTest()
      : graph_(ninja::parse_manifest("build.ninja",
                                     [](const std::string&) { return std::string(kManifest); })) {
    for (const char* name : {"NINJA_STATUS", "TERM", "NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR"}) {
      unsetenv(name);
    }
    make(Verbosity::kNormal);
  }

  void make(Verbosity verbosity) {
    NinjaStatusOptions options;
    options.verbosity = verbosity;
    make(options);
  }
  void make(NinjaStatusOptions options) {
    options.out = out_.file();
    options.err = err_.file();
    status_ = std::make_unique<NinjaStatus>(options);
    status_->set_graph(graph_);
    status_->total_changed({3, 0, 0});
  }
  void run(ninja::EdgeId edge, int code = 0, const std::string& output = "") {
    status_->edge_started(edge, 0);
    status_->edge_finished({edge, 0, 1000, {}, code, output});
  }

  // A file that collects what is printed.
  class Sink {
   public:
    std::FILE* file() { return file_.get(); }
    std::string take() {
      std::string text = read_file(path_).substr(taken_);
      taken_ += text.size();
      return text;
    }

   private:
    TemporaryDirectory directory_{"/tmp", "cntr-status-"};
    std::string path_ = directory_.path() + "/sink";
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{std::fopen(path_.c_str(), "w"),
                                                          std::fclose};
    size_t taken_ = 0;
  };

  ninja::Graph graph_;
  Sink out_;
  Sink err_;
  std::unique_ptr<NinjaStatus> status_;
};

TEST_F(NinjaStatusTest, PrintsALineForEachFinishedCommand) {
  status_->build_started();
  status_->edge_started(kCompile, 0);
  EXPECT_EQ(out_.take(), "");
  status_->edge_finished({kCompile, 0, 1, {}, 0, ""});
  EXPECT_EQ(out_.take(), "[1/3] CC a.o b.o\n");
  run(kPlain);
  EXPECT_EQ(out_.take(), "[2/3] make d\n");
  status_->build_finished();
  EXPECT_EQ(out_.take(), "");
  EXPECT_EQ(err_.take(), "");
}

TEST_F(NinjaStatusTest, PrintsOutputAfterItsCommand) {
  status_->build_started();
  run(kCompile, 0, "a.c: warning\n");
  EXPECT_EQ(out_.take(), "[1/3] CC a.o b.o\na.c: warning\n");
  run(kPlain, 0, std::string("a\0b", 3));
  status_->build_finished();
  EXPECT_EQ(out_.take(), std::string("[2/3] make d\na\0b\n", 17));
}

TEST_F(NinjaStatusTest, PrintsWhatFailed) {
  status_->build_started();
  run(kCompile, 3, "a.c: error\n");
  EXPECT_EQ(out_.take(),
            "[1/3] CC a.o b.o\n"
            "FAILED: [code=3] a.o b.o c.o \n"
            "cc a.c -o a.o b.o\n"
            "a.c: error\n");
}

TEST_F(NinjaStatusTest, NamesOutputsOfADyndepFileThatFailed) {
  graph_.add_dyndep(kPlain, {graph_.add_node("more")}, {}, false);
  status_->build_started();
  run(kPlain, 1);
  EXPECT_EQ(out_.take(), "[1/3] make d\nFAILED: [code=1] d more \nmake d\n");
}

TEST_F(NinjaStatusTest, PrintsWholeCommandsWhenVerbose) {
  make(Verbosity::kVerbose);
  status_->build_started();
  run(kCompile);
  EXPECT_EQ(out_.take(), "[1/3] cc a.c -o a.o b.o\n");
}

TEST_F(NinjaStatusTest, PrintsOnlyOutputAndFailuresWhenQuiet) {
  make(Verbosity::kQuiet);
  status_->build_started();
  run(kCompile);
  run(kConsole);
  EXPECT_EQ(out_.take(), "");
  run(kPlain, 1, "output\n");
  EXPECT_EQ(out_.take(), "FAILED: [code=1] d \nmake d\noutput\n");
}

TEST_F(NinjaStatusTest, RemovesColorsThatNobodySees) {
  status_->build_started();
  run(kCompile, 1, "\x1b[31mred\x1b[0m\n");
  EXPECT_EQ(out_.take(),
            "[1/3] CC a.o b.o\nFAILED: [code=1] a.o b.o c.o \ncc a.c -o a.o b.o\nred\n");
  setenv("CLICOLOR_FORCE", "1", 1);
  make(Verbosity::kNormal);
  status_->build_started();
  run(kCompile, 1, "\x1b[31mred\x1b[0m\n");
  EXPECT_EQ(out_.take(),
            "[1/3] CC a.o b.o\n\x1b[31mFAILED: [code=1] \x1b[0ma.o b.o c.o \n"
            "cc a.c -o a.o b.o\n\x1b[31mred\x1b[0m\n");
}

TEST_F(NinjaStatusTest, LeavesTheConsoleToItsCommand) {
  status_->build_started();
  status_->edge_started(kPlain, 0);
  status_->edge_started(kConsole, 0);
  EXPECT_EQ(out_.take(), "[0/3] make e\n");
  status_->edge_finished({kPlain, 0, 1, {}, 0, "output\n"});
  EXPECT_EQ(out_.take(), "");
  status_->edge_finished({kConsole, 0, 2, {}, 0, ""});
  EXPECT_EQ(out_.take(), "[1/3] make d\noutput\n");
}

TEST_F(NinjaStatusTest, EndsWithWhatTheConsoleKeptBack) {
  status_->build_started();
  status_->edge_started(kPlain, 0);
  status_->edge_started(kConsole, 0);
  status_->edge_finished({kPlain, 0, 1, {}, 0, ""});
  out_.take();
  status_->build_finished();
  EXPECT_EQ(out_.take(), "[1/3] make d\n");
}

TEST_F(NinjaStatusTest, CountsWithTheFormatOfTheUser) {
  setenv("NINJA_STATUS", "<%s %f %r %u %t> ", 1);
  make(Verbosity::kNormal);
  status_->build_started();
  status_->edge_started(kPlain, 0);
  run(kCompile);
  EXPECT_EQ(out_.take(), "<2 1 2 1 3> CC a.o b.o\n");
  status_->edge_finished({kPlain, 0, 2000, {}, 0, ""});
  EXPECT_EQ(out_.take(), "<2 2 1 1 3> make d\n");
}

TEST_F(NinjaStatusTest, PrefersTheOptionOverTheVariable) {
  setenv("NINJA_STATUS", "%x", 1);
  NinjaStatusOptions options;
  options.status = "$finished of $total";
  make(options);
  status_->build_started();
  run(kCompile);
  EXPECT_EQ(out_.take(), "1 of 3\n");
}

TEST_F(NinjaStatusTest, RefusesAWrongFormatBeforeAnythingRuns) {
  setenv("NINJA_STATUS", "%x", 1);
  make(Verbosity::kNormal);
  try {
    status_->build_started();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "unknown placeholder '%x' in $NINJA_STATUS");
  }
}

TEST_F(NinjaStatusTest, CountsEachBuildAnew) {
  status_->build_started();
  run(kCompile);
  status_->build_finished();
  status_->total_changed({2, 0, 0});
  status_->build_started();
  run(kPlain);
  EXPECT_EQ(out_.take(), "[1/3] CC a.o b.o\n[1/2] make d\n");
}

TEST_F(NinjaStatusTest, PrintsItsOwnLinesWhereNinjaDoes) {
  status_->info("Entering directory `a'");
  status_->warning("odd");
  status_->error("wrong");
  EXPECT_EQ(out_.take(), "ninja: Entering directory `a'\n");
  EXPECT_EQ(err_.take(), "ninja: warning: odd\nninja: error: wrong\n");
}

TEST_F(NinjaStatusTest, ExplainsBeforeTheLineOfTheCommand) {
  status_->build_started();
  status_->explanation(kPlain, "output d doesn't exist");
  status_->explanation(kPlain, "d is dirty");
  EXPECT_EQ(err_.take(), "");
  run(kCompile);
  EXPECT_EQ(err_.take(), "");
  run(kPlain);
  EXPECT_EQ(err_.take(), "ninja explain: output d doesn't exist\nninja explain: d is dirty\n");
  status_->explanation(ninja::kNone, "loading dyndep file 'dd'");
  EXPECT_EQ(err_.take(), "ninja explain: loading dyndep file 'dd'\n");
}

// A terminal, read as a user sees it.
class SmartNinjaStatusTest : public NinjaStatusTest {
 protected:
  SmartNinjaStatusTest() {
    setenv("TERM", "xterm", 1);
    int terminal = -1;
    int program = -1;
    EXPECT_EQ(openpty(&terminal, &program, nullptr, nullptr, nullptr), 0);
    terminal_ = UniqueFd(terminal);
    program_.reset(fdopen(program, "w"));
    NinjaStatusOptions options;
    options.out = program_.get();
    options.err = program_.get();
    status_ = std::make_unique<NinjaStatus>(options);
    status_->set_graph(graph_);
    status_->total_changed({3, 0, 0});
  }
  ~SmartNinjaStatusTest() override { unsetenv("TERM"); }

  // What was printed next; the terminal writes \r\n for each \n, and takes its time.
  void expect_shown(const std::string& text) {
    std::string shown;
    pollfd polled = {terminal_.get(), POLLIN, 0};
    while (shown.size() < text.size() && poll(&polled, 1, 5000) == 1) {
      std::string buffer(text.size() - shown.size(), '\0');
      const ssize_t size = read(terminal_.get(), buffer.data(), buffer.size());
      ASSERT_GT(size, 0);
      shown += buffer.substr(0, static_cast<size_t>(size));
    }
    EXPECT_EQ(shown, text);
  }

  UniqueFd terminal_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> program_{nullptr, std::fclose};
};

TEST_F(SmartNinjaStatusTest, OverprintsItsLine) {
  status_->build_started();
  status_->edge_started(kCompile, 0);
  expect_shown("\r[0/3] CC a.o b.o\x1b[K");
  status_->edge_finished({kCompile, 0, 1, {}, 0, ""});
  expect_shown("\r[1/3] CC a.o b.o\x1b[K");
  status_->build_finished();
  expect_shown("\r\n");
}

TEST_F(SmartNinjaStatusTest, KeepsOutputAndItsColors) {
  status_->build_started();
  status_->edge_started(kCompile, 0);
  expect_shown("\r[0/3] CC a.o b.o\x1b[K");
  status_->edge_finished({kCompile, 0, 1, {}, 0, "\x1b[31mred\x1b[0m"});
  expect_shown("\r[1/3] CC a.o b.o\x1b[K\r\n\x1b[31mred\x1b[0m");
  status_->edge_started(kPlain, 0);
  expect_shown("\r\n\r[1/3] make d\x1b[K");
}

TEST_F(SmartNinjaStatusTest, WarnsOnALineOfItsOwn) {
  status_->build_started();
  status_->edge_started(kCompile, 0);
  expect_shown("\r[0/3] CC a.o b.o\x1b[K");
  status_->warning("odd");
  expect_shown("\r\nninja: warning: odd\r\n");
}

TEST_F(SmartNinjaStatusTest, ExplainsOnce) {
  status_->build_started();
  status_->explanation(kCompile, "why");
  status_->edge_started(kCompile, 0);
  expect_shown("ninja explain: why\r\n\r[0/3] CC a.o b.o\x1b[K");
  status_->edge_finished({kCompile, 0, 1, {}, 0, ""});
  expect_shown("\r[1/3] CC a.o b.o\x1b[K");
}

}  // namespace
}  // namespace cntr::cli
