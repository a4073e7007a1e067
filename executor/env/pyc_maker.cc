#include "env/pyc_maker.h"

#include <sys/stat.h>

#include <charconv>
#include <string_view>

#include "base/error.h"
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

}  // namespace

PycMaker::PycMaker(const StoredPackage& package, const Python& python, const std::string& scratch)
    : home_(scratch, "python-"), interpreter_(home_.path() + "/" + python.interpreter()) {
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

std::vector<std::optional<std::string>> PycMaker::compile_some(const PythonSource* begin,
                                                               const PythonSource* end) const {
  std::string input;
  for (const PythonSource* source = begin; source != end; ++source) {
    input += std::to_string(source->path.size()) + " " + std::to_string(source->text.size()) +
             "\n" + source->path + source->text;
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
  auto out = parse_answer(answer, static_cast<size_t>(end - begin));
  if (status.code != 0 || out.size() != static_cast<size_t>(end - begin)) {
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
  std::vector<std::optional<std::string>> out;
  const PythonSource* begin = sources.data();
  const PythonSource* const all = begin + sources.size();
  while (begin != all) {
    const PythonSource* end = begin;
    for (size_t bytes = 0; end != all && static_cast<size_t>(end - begin) < kMostSources &&
                           (end == begin || bytes + end->text.size() <= kMostBytes);
         ++end) {
      bytes += end->text.size();
    }
    for (auto& made : compile_some(begin, end)) out.push_back(std::move(made));
    begin = end;
  }
  return out;
}

}  // namespace cntr::env
