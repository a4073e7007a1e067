#include "env/pyc_maker.h"

#include <sys/stat.h>

#include <charconv>
#include <iterator>
#include <string_view>

#include "base/error.h"
#include "base/parallel.h"
#include "base/process.h"
#include "base/stop_request.h"
#include "base/text.h"
#include "squashfs/data_pack_reader.h"

namespace cntr::env {
namespace {

// One process compiles so many, so that what one Python remembers of earlier sources does not
// depend on how the work is spread.
constexpr size_t kMostSources = 200;
constexpr size_t kMostBytes = size_t{4} << 20;

// Reads "<bytes of the path> <bytes of the text>\n<path><text>" from descriptor 3 again and again;
// writes "<bytes>\n<bytes>", or "-1\n" for what cannot be compiled.
constexpr const char* kDriver = R"py(
import sys, _imp, gc, io, warnings, unicodedata
import _frozen_importlib_external as external
source, out = io.open(3, "rb"), sys.stdout.buffer
gc.disable()
for line in source:
    path, text = (source.read(int(size)) for size in line.split())
    try:
        code = compile(text, path.decode("utf-8", "surrogateescape"), "exec", dont_inherit=True)
        digest = _imp.source_hash(external._RAW_MAGIC_NUMBER, text)
        data = external._code_to_hash_pyc(code, digest, False)
    except (Exception, RecursionError, MemoryError):
        out.write(b"-1\n")
    else:
        out.write(b"%d\n" % len(data))
        out.write(data)
)py";

// What the interpreter needs to start and to compile sources in any encoding.
bool is_needed(std::string_view path, const Python& python) {
  const std::string library = "lib/python" + python.minor_version + "/";
  if (path == python.interpreter()) return true;
  if (path.starts_with("lib/libpython")) return true;
  if (!path.starts_with(library)) return false;
  path.remove_prefix(library.size());
  if (path.starts_with("lib-dynload/unicodedata.")) return true;
  if (!path.ends_with(".py")) return false;
  return path.find('/') == std::string_view::npos || path.starts_with("encodings/") ||
         path.starts_with("collections/") || path.starts_with("importlib/") ||
         path.starts_with("re/");
}

std::vector<std::optional<std::string>> parse_answer(std::string_view answer, size_t count) {
  std::vector<std::optional<std::string>> out;
  while (out.size() < count) {
    const size_t line = answer.find('\n');
    int64_t size = 0;
    const auto [end, failure] =
        std::from_chars(answer.data(), answer.data() + std::min(line, answer.size()), size);
    if (line == std::string_view::npos || failure != std::errc() || size < -1) return {};
    answer.remove_prefix(line + 1);
    if (size < 0) {
      out.emplace_back(std::nullopt);
      continue;
    }
    const auto bytes = static_cast<size_t>(size);
    if (bytes > answer.size()) return {};
    out.emplace_back(std::string(answer.substr(0, bytes)));
    answer.remove_prefix(bytes);
  }
  return out;
}

// What each process is to compile.
std::vector<std::span<const PythonSource>> divide(std::span<const PythonSource> sources) {
  std::vector<std::span<const PythonSource>> out;
  while (!sources.empty()) {
    size_t count = 1;
    for (size_t bytes = sources[0].text.size(); count < sources.size(); ++count) {
      bytes += sources[count].text.size();
      if (count == kMostSources || bytes > kMostBytes) break;
    }
    out.push_back(sources.first(count));
    sources = sources.subspan(count);
  }
  return out;
}

class Turn {
 public:
  explicit Turn(std::counting_semaphore<>& free) : free_(free) { free_.acquire(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { free_.release(); }

 private:
  std::counting_semaphore<>& free_;
};

}  // namespace

PycMaker::PycMaker(const StoredPackage& package, const Python& python, const std::string& scratch,
                   unsigned processes)
    : home_(scratch, "python-"),
      interpreter_(home_.path() + "/" + python.interpreter()),
      processes_(processes),
      free_(processes) {
  squashfs::DataPackReader reader(*package.pack);
  const PackedPackage& packed = package.package;
  for (size_t i = 0; i < packed.files.size(); ++i) {
    const std::string& path = packed.info.paths[i].path;
    if (packed.files[i].kind != LinkedKind::kFile || !is_needed(path, python)) continue;
    const std::string to = home_.path() + "/" + path;
    make_directories(parent_path(to));
    write_file_atomically(to, reader.content(packed.files[i].content), 0700);
  }
  if (!exists(interpreter_)) {
    throw user_error("The package " + packed.info.dist() + " has no " + python.interpreter());
  }
}

PycMaker::Compiled PycMaker::compile_some(std::span<const PythonSource> sources) const {
  std::string input;
  for (const PythonSource& source : sources) {
    input += std::to_string(source.path.size()) + " " + std::to_string(source.text.size()) + "\n" +
             source.path + source.text;
  }
  Command command;
  command.argv = {interpreter_, "-S", "-s", "-B", "-W", "ignore", "-c", kDriver};
  // Sets of constants are written in the order of their hashes.
  command.environment = {"PYTHONHOME=" + home_.path(), "PYTHONHASHSEED=0", "LC_ALL=C.UTF-8",
                         "LD_LIBRARY_PATH=" + home_.path() + "/lib"};
  command.directory = home_.path();
  command.extra_fd = std::move(input);
  std::string answer;
  std::string complaint;
  const ExitStatus status = run_process(
      command, {}, [&](std::string_view bytes) { answer.append(bytes); },
      [&](std::string_view bytes) { complaint.append(bytes); });
  if (status.interrupted) throw Stopped();
  auto out = parse_answer(answer, sources.size());
  if (status.code != 0 || out.size() != sources.size()) {
    const std::vector<std::string> lines = split(complaint, '\n');
    const std::string last = lines.size() > 1 ? lines[lines.size() - 2] : lines.front();
    throw environment_error(
        "The environment's Python does not run here, so it cannot compile: " +
            (last.empty() ? "exit code " + std::to_string(status.code) : printable(last)),
        {"With --pyc off the environment is made without compiled Python files."});
  }
  return out;
}

std::vector<std::optional<std::string>> PycMaker::compile(
    const std::vector<PythonSource>& sources) const {
  const std::vector<std::span<const PythonSource>> parts = divide(sources);
  std::vector<Compiled> compiled(parts.size());
  run_in_parallel(parts.size(), processes_, [&](size_t i) {
    const Turn turn(free_);
    compiled[i] = compile_some(parts[i]);
  });
  Compiled out;
  for (Compiled& part : compiled) std::move(part.begin(), part.end(), std::back_inserter(out));
  return out;
}

}  // namespace cntr::env
