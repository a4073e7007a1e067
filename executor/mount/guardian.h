// The guardian of one mount, which runs in the program cntr-mount: mounts, or repairs or adopts
// what it finds, reports, waits until nobody uses the mount any more, and unmounts.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "mount/entry.h"
#include "mount/mount.h"

namespace cntr::mount {

// What a guardian is told.
struct Assignment {
  Entry entry;
  Source source;
  std::string identity;  // which the file had
  std::chrono::milliseconds idle{0};
  std::vector<Way> ways;
};
std::vector<std::string> arguments_of(const Assignment& assignment);
// From the arguments of main(), after the program's name. nullopt when they are none.
std::optional<Assignment> parse_arguments(const std::vector<std::string>& arguments);

// What it answers.
enum class Answer {
  kMounted,
  kAdopted,      // it was mounted and had no guardian
  kChanged,      // the file is another one by now; or the entry is: to be tried again
  kNotPossible,  // no way works; why, and what would help
  kFailed,       // why
};
struct Report {
  Answer answer = Answer::kFailed;
  Obstacle obstacle;
};
std::string report_text(const Report& report);
// nullopt when the guardian ended before it could answer.
std::optional<Report> parse_report(const std::string& text);

// The guardian's life. Descriptor 2 is where the report goes, descriptor 3 the lock on the entry's
// making file; both are closed when it has reported. Its caller holds the entry's lock, shared,
// until then. Returns when the mount is gone or is another guardian's.
void guard(const Assignment& assignment);

}  // namespace cntr::mount
