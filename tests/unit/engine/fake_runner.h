// Commands that are carried out on a FakeDisk, when they are started; they end in an order that the
// test chooses.
//
// A command is statements between " && ", of words between blanks, each with an optional
// "> <file>" at its end:
//   cat <file>...       the files, one after the other; fails when one is missing
//   echo <word>...      the words, with blanks between them and "\n" at the end
//   touch <file>...     new times; empty files where there were none
//   rm <file>...        they need not be there
//   ln <file> <link>    a hard link
//   update <from> <to>  copies, but leaves an equal <to> as it is
//   exit <code>
//   true
//   <program> <file>... what the program file says, then the files
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "engine/command_runner.h"
#include "fake_disk.h"
#include "ninja/canonical_path.h"

namespace cntr::engine {

class FakeRunner : public CommandRunner {
 public:
  explicit FakeRunner(FakeDisk& disk) : disk_(disk) {}

  size_t capacity() override {
    return running_.size() < parallelism_ ? parallelism_ - running_.size() : 0;
  }
  void start(const Work& work) override {
    started_.push_back(work);
    most_running_ = std::max(most_running_, running_.size() + 1);
    Finished finished;
    finished.edge = work.edge;
    carry_out(work.command, finished);
    finished.interrupted = finished.code == 130;
    disk_.advance(10 * kFakeMillisecond);
    const auto hook = while_running_.find(work.command);
    if (hook != while_running_.end()) hook->second();
    running_.push_back(finished);
  }
  std::optional<Finished> wait(bool watch_jobserver) override {
    (void)watch_jobserver;
    if (started_.size() >= interrupt_after_) {
      interrupted_ = true;
      return std::nullopt;
    }
    disk_.advance(10 * kFakeMillisecond);
    const auto next = last_first_ ? running_.end() - 1 : running_.begin();
    Finished finished = *next;
    running_.erase(next);
    return finished;
  }
  bool interrupted() const override { return interrupted_; }
  int signal() const override { return interrupted_ ? 2 : 0; }
  std::vector<ninja::EdgeId> running() const override {
    std::vector<ninja::EdgeId> edges;
    for (const Finished& finished : running_) edges.push_back(finished.edge);
    return edges;
  }
  void abort() override {
    aborted_ += running_.size();
    running_.clear();
  }
  void wake() override {}

  // Settings.
  size_t parallelism_ = 1;
  bool last_first_ = false;            // which of those that run ends next
  size_t interrupt_after_ = SIZE_MAX;  // a Ctrl-C as soon as so many commands were started
  std::map<std::string, std::function<void()>> while_running_;  // by command

  // What was done.
  std::vector<Work> started_;
  size_t most_running_ = 0;
  size_t aborted_ = 0;

 private:
  using Words = std::vector<std::string>;

  void carry_out(const std::string& command, Finished& finished) {
    std::istringstream stream(command);
    Words words;
    for (std::string word; finished.code == 0 && stream >> word;) {
      if (word != "&&") {
        words.push_back(word);
        continue;
      }
      statement(words, finished);
      words.clear();
    }
    if (finished.code == 0) statement(words, finished);
  }

  void statement(Words words, Finished& finished) {
    std::string to;
    if (words.size() >= 2 && words[words.size() - 2] == ">") {
      to = words.back();
      words.resize(words.size() - 2);
    }
    std::string said;
    if (!words.empty()) said = run(words, finished);
    if (finished.code == 0 && !to.empty()) {
      disk_.put(to, said);
    } else {
      finished.output += said;
    }
  }

  std::string run(const Words& words, Finished& finished) {
    const std::string& name = words.front();
    const Words arguments(words.begin() + 1, words.end());
    if (name == "true") return "";
    if (name == "exit") {
      finished.code = std::stoi(arguments.at(0));
      return "";
    }
    if (name == "echo") return joined(arguments) + "\n";
    if (name == "cat") return contents(arguments, finished);
    if (name == "update") {
      if (disk_.text(arguments.at(0)) != disk_.text(arguments.at(1))) {
        disk_.put(arguments.at(1), disk_.text(arguments.at(0)));
      }
      return "";
    }
    if (name == "ln") {
      disk_.link(arguments.at(0), arguments.at(1));
      return "";
    }
    if (name == "touch" || name == "rm") {
      for (const std::string& file : arguments) {
        if (name == "rm") {
          disk_.remove(file);
        } else {
          disk_.touch(file);
        }
      }
      return "";
    }
    std::string program = name;
    ninja::canonicalize(program);
    return contents({program}, finished) + contents(arguments, finished);
  }

  static std::string joined(const Words& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
  }

  std::string contents(const Words& files, Finished& finished) {
    std::string text;
    for (const std::string& file : files) {
      if (!disk_.exists(file)) {
        finished.code = 1;
        return file + ": No such file or directory\n";
      }
      text += disk_.text(file);
    }
    return text;
  }

  FakeDisk& disk_;
  std::vector<Finished> running_;
  bool interrupted_ = false;
};

}  // namespace cntr::engine
