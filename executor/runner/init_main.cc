// cntr-init: the first program in the containers of podman and apptainer. It gives the step's
// command exactly its arguments, variables and directory, whatever the container's own tools add to
// them or cannot carry, and ends as the command ends.
//
//   cntr-init DIRECTORY COMMAND [ARGUMENT...]
//   cntr-init --check       starts nothing and succeeds
//
// DIRECTORY, COMMAND and ARGUMENT are encoded (container_words.h), and so are the values of the
// variables CNTR_WORD_<n>, which are "NAME=value" and are all that the command gets.
//
// Exit code: the command's, 128 + n when signal n ended it, 126 and 127 as in a shell; 125 when
// cntr-init itself failed.
//
// Uses only the C and C++ libraries, linked statically: an image need not have any.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int kOwnFailure = 125;
constexpr int kCannotExecute = 126;
constexpr int kNotFound = 127;
constexpr std::string_view kVariablePrefix = "CNTR_WORD_";

[[noreturn]] void fail(const char* what, const char* which) {
  fprintf(stderr, "cntr-init: %s%s: %s\n", what, which, strerror(errno));
  _exit(kOwnFailure);
}

[[noreturn]] void fail_usage() {
  fputs("cntr-init: wrong arguments; it is for cntr's own use\n", stderr);
  _exit(kOwnFailure);
}

std::optional<int> hexadecimal_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::string decoded(std::string_view word) {
  std::string text;
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      text += word[i];
      continue;
    }
    if (i + 2 >= word.size()) fail_usage();
    const auto high = hexadecimal_digit(word[i + 1]);
    const auto low = hexadecimal_digit(word[i + 2]);
    if (!high || !low) fail_usage();
    text += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return text;
}

std::vector<std::string> variables_of_command() {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (!text.starts_with(kVariablePrefix) || equals == std::string_view::npos) continue;
    variables.push_back(decoded(text.substr(equals + 1)));
  }
  return variables;
}

// For execve; `words` must outlive it.
std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

[[noreturn]] void execute(std::vector<std::string>& words) {
  std::vector<std::string> variables = variables_of_command();
  std::vector<char*> environment = pointers_to(variables);
  const std::vector<char*> arguments = pointers_to(words);
  environ = environment.data();  // the program is searched for in the command's own PATH
  execvp(arguments[0], arguments.data());
  const int error = errno;
  fprintf(stderr, "cntr-init: cannot start %s: %s\n", arguments[0], strerror(error));
  _exit(error == ENOENT || error == ENOTDIR ? kNotFound : kCannotExecute);
}

// Waits for the command, and for everything that becomes a child of the first process meanwhile.
int end_of(pid_t command, const sigset_t& signals) {
  // At a terminal the command gets Ctrl-C and Ctrl-\ itself.
  const bool at_terminal = isatty(STDIN_FILENO) == 1;
  while (true) {
    int number = 0;
    if (sigwait(&signals, &number) != 0) continue;
    if (number != SIGCHLD) {
      if (!at_terminal || (number != SIGINT && number != SIGQUIT)) kill(command, number);
      continue;
    }
    int status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid != command) continue;
      return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--check") return 0;
  if (argc < 3) fail_usage();
  const std::string directory = decoded(argv[1]);
  std::vector<std::string> words;
  for (int i = 2; i < argc; ++i) words.push_back(decoded(argv[i]));
  if (chdir(directory.c_str()) != 0) fail("cannot enter ", directory.c_str());

  sigset_t signals;
  sigset_t old_mask;
  sigfillset(&signals);
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTSTP, SIGTTIN, SIGTTOU}) {
    sigdelset(&signals, number);
  }
  sigprocmask(SIG_BLOCK, &signals, &old_mask);
  const pid_t command = fork();
  if (command < 0) fail("cannot fork", "");
  if (command == 0) {
    sigprocmask(SIG_SETMASK, &old_mask, nullptr);
    execute(words);
  }
  return end_of(command, signals);
}
