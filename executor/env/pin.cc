#include "env/pin.h"

#include <algorithm>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "env/conda_meta.h"
#include "env/wheel_name.h"

namespace cntr::env {
namespace {

constexpr std::string_view kMadeFrom = "# made-from: ";

std::string sum_of(const LockedPackage& package) {
  return package.sha256 ? package.sha256->text() : package.md5;
}

}  // namespace

std::string line_of(const LockedWheel& wheel) {
  const std::string subdirectory = subdirectory_of(wheel.url, wheel.where);
  return "# pip " + wheel.name + " @ " + without_fragment(public_url(wheel.url)) +
         (wheel.sha256 ? "#sha256=" + wheel.sha256->hex() : "") +
         (subdirectory.empty() ? "" : "&subdirectory=" + subdirectory) + "\n";
}

std::string pin_text(const SolveRequest& request, const std::vector<LockedPackage>& packages,
                     const std::vector<LockedWheel>& wheels) {
  std::string out =
      "# The packages of a conda environment. Keep this file under version control.\n"
      "# `cntr env lock --update` solves again.\n"
      "# platform: " +
      request.platform + "\n" + std::string(kMadeFrom) + digest_of_request(request).text() +
      "\n@EXPLICIT\n";
  for (const LockedPackage& package : packages) {
    out += package.url + "#" + sum_of(package) + "\n";
  }
  std::vector<LockedWheel> sorted = wheels;
  std::sort(sorted.begin(), sorted.end(),
            [](const LockedWheel& a, const LockedWheel& b) { return a.name < b.name; });
  for (const LockedWheel& wheel : sorted) out += line_of(wheel);
  return out;
}

std::optional<Digest> request_of_pin(std::string_view text) {
  for (const std::string& line : split(text, '\n')) {
    if (line.starts_with(kMadeFrom)) return Digest::parse(line.substr(kMadeFrom.size()));
    if (!line.starts_with("#")) break;
  }
  return std::nullopt;
}

PinState state_of_pin(const std::string& path, const SolveRequest& request) {
  const auto text = read_file_if_exists(path);
  if (!text) return PinState::kMissing;
  const auto made_from = request_of_pin(*text);
  if (!made_from) return PinState::kForeign;
  return *made_from == digest_of_request(request) ? PinState::kFits : PinState::kOutdated;
}

void check_pin(const std::string& path, const SolveRequest& request) {
  switch (state_of_pin(path, request)) {
    case PinState::kFits:
      return;
    case PinState::kMissing:
      throw user_error("there is no lock " + path,
                       {"`cntr env lock` makes it of " + request.files.front() + "."});
    case PinState::kOutdated:
      throw user_error_at({path, 0, 0},
                          "The lock was made before " + join(request.files, " or ") + " changed",
                          {"`cntr env lock` makes it anew."});
    case PinState::kForeign:
      throw user_error_at({path, 0, 0},
                          "The lock does not say what it was made from, so it may "
                          "be of something else than " +
                              request.files.front(),
                          {"`cntr env lock --update` replaces it; with LOCK it is used as it is; "
                           "PIN names another file."});
  }
}

}  // namespace cntr::env
