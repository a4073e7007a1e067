#include "cli/line_printer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>

#include "base/file_system.h"
#include "base/process.h"

namespace cntr::cli {
namespace {

TEST(ElideMiddleTest, KeepsWhatFits) {
  EXPECT_EQ(elide_middle("", 0), "");
  EXPECT_EQ(elide_middle("0123456789", 10), "0123456789");
  EXPECT_EQ(elide_middle("\x1b[31m01234\x1b[0m56789", 10), "\x1b[31m01234\x1b[0m56789");
}

TEST(ElideMiddleTest, TakesTheMiddleOut) {
  EXPECT_EQ(elide_middle("01234567890123456789", 10), "012...6789");
  EXPECT_EQ(elide_middle("01234567890123456789", 19), "01234567...23456789");
  EXPECT_EQ(elide_middle("01234567890123456789", 5), "0...9");
  EXPECT_EQ(elide_middle("01234567890123456789", 4), "...9");
  EXPECT_EQ(elide_middle("01234567890123456789", 3), "...");
  EXPECT_EQ(elide_middle("01234567890123456789", 2), "..");
  EXPECT_EQ(elide_middle("01234567890123456789", 0), "");
}

TEST(ElideMiddleTest, KeepsColors) {
  EXPECT_EQ(elide_middle("\x1b[31m01234567890\x1b[0m123456789", 10), "\x1b[31m012...\x1b[0m6789");
  EXPECT_EQ(elide_middle("012\x1b[1;31m34567890123456\x1b[0m789", 10),
            "012...\x1b[1;31m6\x1b[0m789");
  EXPECT_EQ(elide_middle("01234567890123456789\x1b[0m", 10), "012...6789\x1b[0m");
  EXPECT_EQ(elide_middle("\x1b[31m0123456789\x1b[0m", 0), "\x1b[31m\x1b[0m");
}

TEST(ElideMiddleTest, CutsNoCharacter) {
  EXPECT_EQ(elide_middle("ääääääääääöööööööööö", 10), "äää...öööö");
  // Chinese takes two columns.
  EXPECT_EQ(elide_middle("一二三四五六七八九十", 10), "一...九十");
  EXPECT_EQ(elide_middle("一二三四五六七八九十", 20), "一二三四五六七八九十");
}

TEST(ElideMiddleTest, TakesBrokenTextAsItIs) {
  EXPECT_EQ(elide_middle("\xff\xff\xff\xff\xff\xff", 5), "\xff...\xff");
  EXPECT_EQ(elide_middle("\x1b\x1b[\x1b[3\x1b[3x", 5), "\x1b...x");
}

TEST(WithoutAnsiSequencesTest, RemovesThem) {
  EXPECT_EQ(without_ansi_sequences("a\x1b[1;31mb\x1b[0mc\x1b[Kd"), "abcd");
  EXPECT_EQ(without_ansi_sequences("plain"), "plain");
  EXPECT_EQ(without_ansi_sequences("a\x1b(b"), "a(b");
  EXPECT_EQ(without_ansi_sequences("a\x1b"), "a");
  EXPECT_EQ(without_ansi_sequences("a\x1b[31"), "a");
}

// Collects what is printed.
class MemoryStream {
 public:
  MemoryStream() : file_(open_memstream(&text_, &size_)) {}
  MemoryStream(const MemoryStream&) = delete;
  MemoryStream& operator=(const MemoryStream&) = delete;
  ~MemoryStream() {
    std::fclose(file_);
    std::free(text_);
  }
  std::FILE* file() { return file_; }
  // Everything since the last call.
  std::string take() {
    std::fflush(file_);
    std::string taken(text_ + taken_, size_ - taken_);
    taken_ = size_;
    return taken;
  }

 private:
  char* text_ = nullptr;
  size_t size_ = 0;
  size_t taken_ = 0;
  std::FILE* file_;
};

class LinePrinterTest : public ::testing::Test {
 protected:
  MemoryStream stream_;
  LinePrinter plain_{stream_.file(), {}};
  LinePrinter smart_{stream_.file(), {true, true}};
};

TEST_F(LinePrinterTest, PrintsLineAfterLine) {
  plain_.print_status("a");
  plain_.print_status("b");
  EXPECT_EQ(stream_.take(), "a\nb\n");
  plain_.print_text("text\n");
  plain_.print_status("c");
  EXPECT_EQ(stream_.take(), "text\nc\n");
}

TEST_F(LinePrinterTest, DealsWithTextThatEndsInALineAsNinjaDoes) {
  plain_.print_text("text");
  plain_.print_status("a");
  plain_.print_text("more");
  EXPECT_EQ(stream_.take(), "texta\n\nmore");
  plain_.print_text("");
  EXPECT_EQ(stream_.take(), "\n");
  plain_.print_text("");
  EXPECT_EQ(stream_.take(), "");
}

TEST_F(LinePrinterTest, OverprintsTheStatusOnATerminal) {
  smart_.print_status("a");
  smart_.print_status("b");
  EXPECT_EQ(stream_.take(), "\ra\x1b[K\rb\x1b[K");
  smart_.print_text("text\n");
  smart_.print_status("c");
  EXPECT_EQ(stream_.take(), "\ntext\n\rc\x1b[K");
}

TEST_F(LinePrinterTest, OverprintsNoTextOnATerminal) {
  smart_.print_text("text");
  smart_.print_status("a");
  EXPECT_EQ(stream_.take(), "text\n\ra\x1b[K");
}

TEST_F(LinePrinterTest, LeavesTheStatusForOthers) {
  smart_.leave_status();
  EXPECT_EQ(stream_.take(), "");
  smart_.print_status("a");
  smart_.leave_status();
  smart_.leave_status();
  EXPECT_EQ(stream_.take(), "\ra\x1b[K\n");
  plain_.print_status("a");
  plain_.leave_status();
  EXPECT_EQ(stream_.take(), "a\n");
}

TEST_F(LinePrinterTest, KeepsWhatComesWhileTheConsoleIsLocked) {
  smart_.print_status("a");
  smart_.lock_console();
  EXPECT_EQ(stream_.take(), "\ra\x1b[K\n");
  smart_.print_status("b");
  smart_.print_status("c");
  smart_.print_text("text of c\n");
  smart_.print_status("d");
  smart_.print_status("e");
  EXPECT_EQ(stream_.take(), "");
  smart_.unlock_console();
  EXPECT_EQ(stream_.take(), "c\ntext of c\n\re\x1b[K");
  smart_.unlock_console();
  EXPECT_EQ(stream_.take(), "");
}

// Variables as they were, when the test is over.
class TerminalTraitsTest : public ::testing::Test {
 protected:
  TerminalTraitsTest() {
    for (const char* name : kNames) {
      old_.push_back(environment_variable(name));
      unsetenv(name);
    }
    int terminal = -1;
    int program = -1;
    EXPECT_EQ(openpty(&terminal, &program, nullptr, nullptr, nullptr), 0);
    terminal_ = UniqueFd(terminal);
    program_ = UniqueFd(program);
  }
  ~TerminalTraitsTest() override {
    for (size_t i = 0; i < old_.size(); ++i) {
      if (old_[i]) {
        setenv(kNames[i], old_[i]->c_str(), 1);
      } else {
        unsetenv(kNames[i]);
      }
    }
  }

  static constexpr const char* kNames[] = {"TERM", "NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR"};
  std::vector<std::optional<std::string>> old_;
  UniqueFd terminal_;
  UniqueFd program_;
  UniqueFd file_{open("/dev/null", O_WRONLY)};
};

TEST_F(TerminalTraitsTest, NeedATerminalThatCanMoveItsCursor) {
  EXPECT_FALSE(terminal_traits(program_.get()).smart);
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(terminal_traits(program_.get()).smart);
  EXPECT_FALSE(terminal_traits(program_.get()).color);
  setenv("TERM", "xterm", 1);
  EXPECT_TRUE(terminal_traits(program_.get()).smart);
  EXPECT_TRUE(terminal_traits(program_.get()).color);
  EXPECT_FALSE(terminal_traits(file_.get()).smart);
  EXPECT_FALSE(terminal_traits(file_.get()).color);
}

TEST_F(TerminalTraitsTest, FollowTheVariablesForColors) {
  setenv("TERM", "xterm", 1);
  setenv("NO_COLOR", "1", 1);
  EXPECT_TRUE(terminal_traits(program_.get()).smart);
  EXPECT_FALSE(terminal_traits(program_.get()).color);
  setenv("NO_COLOR", "0", 1);
  EXPECT_TRUE(terminal_traits(program_.get()).color);

  unsetenv("NO_COLOR");
  setenv("CLICOLOR_FORCE", "0", 1);
  EXPECT_FALSE(terminal_traits(file_.get()).color);
  setenv("CLICOLOR_FORCE", "1", 1);
  EXPECT_TRUE(terminal_traits(file_.get()).color);
  EXPECT_FALSE(terminal_traits(file_.get()).smart);
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(terminal_traits(file_.get()).color);
  setenv("FORCE_COLOR", "1", 1);
  EXPECT_TRUE(terminal_traits(file_.get()).color);
}

TEST_F(TerminalTraitsTest, OfATerminalGiveTheWidthOfTheStatus) {
  winsize size = {};
  size.ws_col = 10;
  ASSERT_EQ(ioctl(program_.get(), TIOCSWINSZ, &size), 0);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(fdopen(dup(program_.get()), "w"),
                                                            std::fclose);
  LinePrinter printer(out.get(), {true, true});
  printer.print_status("01234567890123456789");
  // A terminal takes its time.
  std::string shown;
  char byte;
  while (!shown.ends_with("\x1b[K") && read(terminal_.get(), &byte, 1) == 1) shown += byte;
  EXPECT_EQ(shown, "\r012...6789\x1b[K");
}

}  // namespace
}  // namespace cntr::cli
