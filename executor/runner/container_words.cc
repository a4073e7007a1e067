#include "runner/container_words.h"

#include <unistd.h>

#include "base/error.h"
#include "base/file_system.h"
#include "base/units.h"
#include "runner/launch.h"

namespace cntr::runner {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("/._:=,+@-").find(c) != std::string_view::npos;
}

}  // namespace

std::string encoded_word(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string word;
  for (const char c : text) {
    if (is_plain(c)) {
      word += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    word += {'%', kDigits[byte / 16], kDigits[byte % 16]};
  }
  return word;
}

std::vector<std::string> init_command(const Sandbox& sandbox) {
  std::vector<std::string> words = {kInitInside, encoded_word(sandbox.directory)};
  for (const std::string& argument : sandbox.argv) words.push_back(encoded_word(argument));
  return words;
}

std::vector<std::string> init_variables(const Sandbox& sandbox) {
  std::vector<std::string> variables;
  for (const std::string& variable : environment_with_pwd(sandbox)) {
    variables.push_back("CNTR_WORD_" + std::to_string(variables.size()) + "=" +
                        encoded_word(variable));
  }
  return variables;
}

std::string init_program() {
  static const std::string program = own_program("cntr-init");
  return program;
}

std::string try_container(const Runner& runner, std::chrono::seconds patience) {
  const TemporaryDirectory directory("/tmp", "cntr-try-");
  Sandbox sandbox;
  sandbox.id = base_name(directory.path());
  sandbox.argv = {kInitInside, "--check"};
  sandbox.directory = "/";
  sandbox.root = Root{digest_of(""), directory.path() + "/root"};
  sandbox.work_directory = directory.path();
  sandbox.user = sandbox.caller = {getuid(), getgid()};
  for (const char* name : {"/root", "/build", "/tmp"}) make_directories(directory.path() + name);
  runner.prepare(sandbox);
  std::string output;
  const ExitStatus status = run_process(runner.plan(sandbox), {.timeout = patience},
                                        [&output](std::string_view bytes) { output += bytes; });
  if (status.timed_out) {
    return "a container did not end within " + format_duration(patience);
  }
  if (status.code == 0) return "";
  const std::string line = last_line(output);
  return line.empty() ? "a container ended with exit code " + std::to_string(status.code) : line;
}

}  // namespace cntr::runner
