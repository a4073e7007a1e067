#include "env/solve_request.h"

#include <algorithm>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "env/conda_meta.h"
#include "env/lock.h"
#include "spec/conda_environment.h"
#include "spec/signature_text.h"

namespace cntr::env {
namespace {

// To be changed with what Cntr asks a solver for the same request.
constexpr std::string_view kRequestFormat = "1";

std::string with_single_blanks(const std::string& text) {
  std::vector<std::string> words = split(text, ' ');
  std::erase(words, "");
  return join(words, " ");
}

void check_platform(const spec::CondaEnvironment& environment, const spec::Env& env,
                    const std::string& platform) {
  const std::vector<std::string>& known = environment.platforms;
  if (known.empty() || std::find(known.begin(), known.end(), platform) != known.end()) return;
  throw user_error_at({env.request->environment, 0, 0},
                      "Environment " + env.name + ": its platforms are " + join(known, ", ") +
                          ", and it is to be made for " + platform,
                      {"PLATFORM of cntr_add_env() says for which one."});
}

void add_pip_section(const spec::CondaEnvironment& environment, const std::string& text,
                     const std::string& path, Requirements& requirements) {
  try {
    add_requirement_lines(environment.pip, parent_path(path), requirements);
  } catch (const Error& error) {
    if (error.location().file != path) throw;
    throw with_caret(text, error);
  }
}

}  // namespace

SolveRequest read_solve_request(const spec::Env& env, const WarningSink& warn) {
  const spec::EnvRequest& asked = *env.request;
  const std::string& path = asked.environment;
  const auto text = read_file_if_exists(path);
  if (!text) {
    throw user_error_at(env.location, "Environment " + env.name + ": there is no " + path);
  }
  const spec::CondaEnvironment environment = spec::parse_conda_environment(*text, path);
  for (const std::string& key : environment.ignored_keys) {
    warn(path + ": the key " + quote(key) + " is not known, and does nothing");
  }
  SolveRequest out;
  out.platform = env.platform.empty() ? host_platform() : env.platform;
  check_platform(environment, env, out.platform);
  out.channels = asked.channels.empty() ? environment.channels : asked.channels;
  out.default_channels = asked.channels.empty() && environment.default_channels;
  for (const spec::RequestLine& line : environment.packages) {
    out.packages.push_back(with_single_blanks(line.text));
  }
  out.variables = environment.variables;
  add_pip_section(environment, *text, path, out.requirements);
  if (!asked.requirements.empty()) add_requirements_file(asked.requirements, out.requirements);
  out.files = out.requirements.files;
  out.files.insert(out.files.begin(), path);
  return out;
}

Digest digest_of_request(const SolveRequest& request) {
  spec::SignatureText text;
  text.add("cntr-env-request", kRequestFormat);
  text.add("platform", request.platform);
  for (const std::string& channel : request.channels) {
    text.add("channel", quote(public_url(channel)));
  }
  text.add("default-channels", request.default_channels ? "yes" : "no");
  std::vector<std::string> packages = request.packages;
  std::sort(packages.begin(), packages.end());
  for (const std::string& package : packages) text.add("package", quote(package));
  for (const std::string& line : request.requirements.written) text.add("pip", quote(line));
  return text.digest();
}

}  // namespace cntr::env
