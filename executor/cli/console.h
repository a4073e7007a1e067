// Where the words of a command go, and what becomes of its errors.
#pragma once

#include <functional>
#include <string_view>

#include "base/process.h"
#include "base/warning.h"

namespace cntr::cli {

void print(std::string_view text);        // standard output, flushed
void print_error(std::string_view text);  // standard error

struct Console {
  OutputSink out;
  OutputSink err;
};
Console standard_console();

// "cntr: warning: ...", one line each, where errors go.
WarningSink warnings(const Console& console = standard_console());

// Does it and returns its exit code. An exception becomes a message and the exit code that stands
// for its kind; Stopped goes through.
int guarded(const Console& console, const std::function<int()>& action);

}  // namespace cntr::cli
