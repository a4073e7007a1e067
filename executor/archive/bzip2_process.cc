#include "archive/bzip2_process.h"

#include <algorithm>
#include <string>
#include <thread>

#include "base/environment.h"
#include "base/error.h"
#include "base/filter_process.h"

namespace cntr::archive {
namespace {

constexpr uint64_t kSmallest = uint64_t{1} << 20;

// Several archives are read at once, and what comes out of them is compressed meanwhile.
unsigned threads_of_one() {
  constexpr unsigned kMost = 4;
  return std::clamp(std::thread::hardware_concurrency() / 2, 1U, kMost);
}

Command decompressor(const std::string& program) {
  Command command;
  // Without an environment: it takes options from there.
  command.argv = {program, "-d", "-c", "-n", std::to_string(threads_of_one())};
  return command;
}

class ProcessSource : public ByteSource {
 public:
  ProcessSource(ByteSource& compressed, const std::string& program)
      : process_(decompressor(program), [&compressed] { return compressed.next(); }) {}

  std::string_view next() override {
    const std::string_view bytes = process_.next();
    if (bytes.empty()) check_end();
    return bytes;
  }

 private:
  void check_end() const {
    const ExitStatus status = process_.status();
    if (status.signal != 0) {
      throw environment_error("lbzip2 was ended by signal " + std::to_string(status.signal));
    }
    if (status.code != 0) throw user_error("the archive is damaged: lbzip2 cannot read it");
  }

  FilterProcess process_;
};

}  // namespace

bool is_bzip2(std::string_view head) {
  constexpr std::string_view kFirstBlock = "1AY&SY";
  constexpr size_t kHeaderSize = 4;
  return head.starts_with("BZh") && head.size() > kHeaderSize &&
         head.substr(kHeaderSize).starts_with(kFirstBlock);
}

std::unique_ptr<ByteSource> start_bzip2_process(ByteSource& compressed, uint64_t size) {
  if (size < kSmallest) return nullptr;
  const auto program = find_program("lbzip2", search_path());
  if (!program) return nullptr;
  try {
    return std::make_unique<ProcessSource>(compressed, *program);
  } catch (const Error&) {  // too many processes, say
    return nullptr;
  }
}

}  // namespace cntr::archive
