#include "cli/console.h"

#include <cstdio>
#include <string>

#include "base/error.h"
#include "base/stop_request.h"
#include "cli/exit_codes.h"

namespace cntr::cli {
namespace {

int exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUser:
      return kUserError;
    case ErrorKind::kEnvironment:
      return kEnvironmentError;
    case ErrorKind::kInternal:
      return kInternalError;
  }
  return kInternalError;
}

}  // namespace

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void print_error(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

Console standard_console() { return {print, print_error}; }

WarningSink warnings(const Console& console) {
  return [err = console.err](const std::string& sentence) {
    err("cntr: warning: " + sentence + "\n");
  };
}

int guarded(const Console& console, const std::function<int()>& action) {
  try {
    return action();
  } catch (const Error& error) {
    console.err(std::string("cntr: error: ") + error.what() + "\n");
    return exit_code_of(error.kind());
  } catch (const Stopped&) {
    throw;
  } catch (const std::exception& failure) {
    console.err(std::string("cntr: internal error: ") + failure.what() + "\n");
    return kInternalError;
  }
}

}  // namespace cntr::cli
