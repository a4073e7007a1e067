#include "mount/guardian.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "mount/child.h"
#include "mount/mount_table.h"

namespace cntr::mount {
namespace {

constexpr unsigned kMostSecondsToMount = 30;
constexpr std::chrono::milliseconds kMostReserved{60'000};
constexpr std::chrono::milliseconds kReservedStep{200};
constexpr std::chrono::milliseconds kRetry{1000};  // for a mount that is busy without a lock

constexpr std::array<std::pair<Answer, std::string_view>, 5> kAnswers{{
    {Answer::kMounted, "mounted"},
    {Answer::kAdopted, "adopted"},
    {Answer::kChanged, "changed"},
    {Answer::kNotPossible, "not-possible"},
    {Answer::kFailed, "failed"},
}};

template <typename Number>
std::optional<Number> parse_number(const std::string& text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

volatile sig_atomic_t asked_to_end = 0;

// SIGTERM makes the guardian end as soon as nobody uses the mount.
void watch_for_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { asked_to_end = 1; };
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;
  for (const int number : {SIGHUP, SIGINT, SIGPIPE}) sigaction(number, &action, nullptr);
}

void pause_for(std::chrono::milliseconds time) {
  const timespec wanted{time.count() / 1000, time.count() % 1000 * 1'000'000};
  nanosleep(&wanted, nullptr);
}

class Guardian {
 public:
  explicit Guardian(const Assignment& assignment)
      : assignment_(assignment), entry_(assignment.entry) {}

  Report prepare();
  void watch();

 private:
  bool take_over();
  std::optional<Report> repair();
  Report mount_new(const SourceFile& file);
  bool make_point();
  bool is_mine() const;
  bool lock_exclusive();
  bool is_pinned() const;
  void wait_while_pinned();
  bool stays_unused();

  const Assignment& assignment_;
  const Entry& entry_;
  UniqueFd directory_;
  UniqueFd guardian_;
};

// Nobody can end the mount while this is done: its lock is shared.
Report Guardian::prepare() {
  if (!take_over()) return {Answer::kChanged, {}};
  if (std::optional<Report> report = repair()) return *report;
  const SourceFile file(assignment_.source);
  if (file.identity() != assignment_.identity) return {Answer::kChanged, {}};
  return mount_new(file);
}

// A guardian that lives all the same, of a mount that is broken, loses its office with its file.
bool Guardian::take_over() {
  directory_ = lock_entry(entry_, LOCK_SH | LOCK_NB);
  if (!directory_.valid()) return false;
  guardian_ = lock_file(entry_.guardian_file(), LOCK_EX | LOCK_NB);
  if (!guardian_.valid()) {
    unlink(entry_.guardian_file().c_str());
    guardian_ = lock_file(entry_.guardian_file(), LOCK_EX | LOCK_NB);
  }
  return guardian_.valid();
}

// Nothing is mounted when this returns nothing.
std::optional<Report> Guardian::repair() {
  const Situation situation = examine(entry_, assignment_.identity);
  if (situation.seen == Seen::kNothing) return std::nullopt;
  // The name of an own point says what is mounted there, also without a record.
  const bool known = situation.recorded == Recorded::kSame || entry_.own_point();
  if (situation.seen == Seen::kWorking && known) return Report{Answer::kAdopted, {}};
  const std::optional<MountEntry> mount = find_mount(read_mount_table(), entry_.point);
  if (!mount || !shows_squashfs(*mount)) {
    return Report{Answer::kFailed, {"Something else is mounted at " + entry_.point, ""}};
  }
  const bool dead = situation.seen == Seen::kDead;
  if (const auto trouble =
          unmount_directory(entry_.point, dead ? Unmounting::kAtOnce : Unmounting::kIfUnused)) {
    return Report{Answer::kFailed, {"Cannot unmount " + entry_.point + ": " + *trouble, ""}};
  }
  return std::nullopt;
}

// Whether it was missing.
bool Guardian::make_point() {
  make_directories(parent_path(entry_.point));
  const bool made = mkdir(entry_.point.c_str(), 0755) == 0;
  if (!made && errno != EEXIST) throw system_error("Cannot make " + entry_.point, errno);
  if (!made && !list_directory(entry_.point).empty()) {
    throw environment_error("Cannot mount at " + entry_.point + ": it is not an empty directory");
  }
  return made;
}

Report Guardian::mount_new(const SourceFile& file) {
  Record record{file.identity(), entry_.point, true, assignment_.source.file};
  const std::optional<Record> old = read_record(entry_);
  const bool made_before = old && old->point == entry_.point && old->made_directory;
  // First said, then done: if this is killed in between, the next knows what to remove.
  if (!exists(entry_.point) || made_before) {
    write_file_atomically(entry_.record_file(), record_text(record), 0644);
    make_point();
  } else {
    make_point();
    record.made_directory = false;
    write_file_atomically(entry_.record_file(), record_text(record), 0644);
  }
  Report report{Answer::kNotPossible, {}};
  for (const Way way : assignment_.ways) {
    const std::optional<Obstacle> obstacle = mount_by(way, file, entry_.point);
    if (!obstacle) return {Answer::kMounted, {}};
    if (!report.obstacle.reason.empty()) report.obstacle.reason += "; ";
    report.obstacle.reason += obstacle->reason;
    if (report.obstacle.fix.empty()) report.obstacle.fix = obstacle->fix;
  }
  return report;
}

bool Guardian::is_mine() const {
  return may_be_at(directory_, entry_.directory) && may_be_at(guardian_, entry_.guardian_file());
}

bool Guardian::lock_exclusive() {
  while (flock(directory_.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

bool Guardian::is_pinned() const { return asked_to_end == 0 && exists(entry_.pinned_file()); }

// With the lock free.
void Guardian::wait_while_pinned() {
  flock(directory_.get(), LOCK_UN);
  const UniqueFd changes(inotify_init1(IN_CLOEXEC));
  if (inotify_add_watch(changes.get(), entry_.directory.c_str(), IN_DELETE | IN_DELETE_SELF) < 0) {
    pause_for(kRetry);
  } else if (is_pinned()) {
    std::array<char, 4096> events;
    [[maybe_unused]] const ssize_t bytes = read(changes.get(), events.data(), events.size());
  }
}

// How long the mount is still kept for somebody who said that they come (reserve()).
std::chrono::milliseconds reserved_time(const std::optional<FileStat>& directory) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const int64_t since = now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
  const int64_t left = directory ? (directory->mtime - since) / 1'000'000 : 0;
  return std::chrono::milliseconds(std::clamp<int64_t>(left, 0, kMostReserved.count()));
}

// The idle time, during which the lock is free. Who used the mount meanwhile has left its time on
// the directory. Holds the lock again when nobody did.
bool Guardian::stays_unused() {
  if (asked_to_end != 0) return true;
  const std::optional<FileStat> before = stat_descriptor(directory_.get());
  const std::chrono::milliseconds reserved = reserved_time(before);
  if (reserved.count() > 0) {
    flock(directory_.get(), LOCK_UN);
    pause_for(std::min(reserved, kReservedStep));  // who comes has the lock the next time
    return false;
  }
  if (assignment_.idle.count() == 0) return true;
  flock(directory_.get(), LOCK_UN);
  pause_for(assignment_.idle);
  if (flock(directory_.get(), LOCK_EX | LOCK_NB) != 0) return false;
  const std::optional<FileStat> after = stat_descriptor(directory_.get());
  return before && after && before->mtime == after->mtime;
}

void Guardian::watch() {
  sweep(parent_path(entry_.directory), entry_.directory);
  while (lock_exclusive() && is_mine()) {
    if (is_pinned()) {
      wait_while_pinned();
      continue;
    }
    if (!stays_unused()) continue;
    if (!is_mine()) return;
    if (!dismantle(entry_)) return;
    flock(directory_.get(), LOCK_UN);
    pause_for(std::max(assignment_.idle, kRetry));
  }
}

// And lets go of what the caller waits for.
void send(const Report& report) {
  const std::string text = report_text(report);
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
  const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  dup2(null.get(), STDERR_FILENO);
  close(kFirstPassedFd);
}

}  // namespace

std::vector<std::string> arguments_of(const Assignment& assignment) {
  std::vector<std::string> ways;
  for (const Way way : assignment.ways) ways.emplace_back(name_of(way));
  return {assignment.entry.directory,
          assignment.entry.point,
          assignment.source.file,
          std::to_string(assignment.source.offset),
          assignment.identity,
          std::to_string(assignment.idle.count()),
          join(ways, ",")};
}

std::optional<Assignment> parse_arguments(const std::vector<std::string>& arguments) {
  if (arguments.size() != 7) return std::nullopt;
  const auto offset = parse_number<uint64_t>(arguments[3]);
  const auto idle = parse_number<int64_t>(arguments[5]);
  if (!offset || !idle || *idle < 0) return std::nullopt;
  for (const size_t path : {0, 1, 2}) {
    if (!arguments[path].starts_with('/')) return std::nullopt;
  }
  Assignment assignment{{arguments[0], arguments[1]},
                        {arguments[2], *offset},
                        arguments[4],
                        std::chrono::milliseconds(*idle),
                        {}};
  for (const std::string& name : split(arguments[6], ',')) {
    const std::optional<Way> way = way_named(name);
    if (!way) return std::nullopt;
    assignment.ways.push_back(*way);
  }
  return assignment;
}

std::string report_text(const Report& report) {
  std::string text;
  for (const auto& [answer, word] : kAnswers) {
    if (answer == report.answer) text = word;
  }
  return text + '\0' + report.obstacle.reason + '\0' + report.obstacle.fix + '\0';
}

std::optional<Report> parse_report(const std::string& text) {
  const std::vector<std::string> fields = split(text, '\0');
  if (fields.size() != 4 || !fields[3].empty()) return std::nullopt;
  for (const auto& [answer, word] : kAnswers) {
    if (fields[0] == word) return Report{answer, {fields[1], fields[2]}};
  }
  return std::nullopt;
}

void guard(const Assignment& assignment) {
  watch_for_signals();
  alarm(kMostSecondsToMount);
  std::optional<Guardian> guardian(std::in_place, assignment);
  Report report;
  try {
    report = guardian->prepare();
  } catch (const Error& error) {
    report = {Answer::kFailed, {error.message(), ""}};
  }
  alarm(0);
  const bool is_mounted = report.answer == Answer::kMounted || report.answer == Answer::kAdopted;
  // Who hears of a failure tidies up, which these locks would prevent.
  if (!is_mounted) guardian.reset();
  send(report);
  if (is_mounted) guardian->watch();
}

}  // namespace cntr::mount
