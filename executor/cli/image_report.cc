#include "cli/image_report.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "base/units.h"

namespace cntr::cli {
namespace {

constexpr size_t kShortDigest = 12;

std::string padded(std::string text, size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

std::string line(const std::string& key, const std::string& value) {
  return value.empty() ? "" : padded(key, 14) + value + "\n";
}

void add_strings(JsonWriter& out, const char* key, const std::vector<std::string>& values) {
  out.key(key).begin_array();
  for (const std::string& value : values) out.value(value);
  out.end_array();
}

void add_config(JsonWriter& out, const spec::ImageConfig& config) {
  out.key("config").begin_object();
  add_strings(out, "env", config.env);
  out.key("working_dir").value(config.working_dir);
  add_strings(out, "entrypoint", config.entrypoint);
  add_strings(out, "cmd", config.cmd);
  out.key("user").value(config.user);
  out.end_object();
}

void add_image(JsonWriter& out, const ReportedImage& reported) {
  const image::ImageView& view = reported.view;
  out.begin_object();
  out.key("name").value(reported.image.name);
  out.key("kind").value(view.kind);
  out.key("source").value(view.source);
  out.key("declared").value(reported.image.location.text());
  out.key("identity");
  if (view.identity) {
    out.value(view.identity->identity.text());
    add_config(out, view.identity->config);
  } else {
    out.null();
  }
  out.key("here").value(view.is_here);
  out.key("bytes").value(view.bytes);
  out.key("layers").begin_array();
  for (const image::Descriptor& layer : view.layers) {
    out.begin_object();
    out.key("digest").value(layer.digest.text());
    out.key("bytes").value(layer.size);
    out.key("media_type").value(layer.media_type);
    out.end_object();
  }
  out.end_array();
  add_strings(out, "steps", reported.steps);
  out.end_object();
}

std::string size_text(const ReportedImage& reported) {
  if (!reported.view.is_here) return "not here";
  return reported.view.bytes == 0 ? "-" : format_bytes(reported.view.bytes);
}

std::string user_count(size_t steps) {
  return std::to_string(steps) + (steps == 1 ? " step" : " steps");
}

}  // namespace

std::vector<std::string> steps_in(const spec::Workflow& workflow, const spec::Image& image) {
  std::vector<std::string> out;
  for (const spec::Step& step : workflow.steps) {
    if (step.image_spec == workflow.image_spec(image)) out.push_back(step.name);
  }
  return out;
}

std::string list_as_text(const std::vector<ReportedImage>& images) {
  size_t width = 0;
  for (const ReportedImage& reported : images) width = std::max(width, reported.image.name.size());
  std::string out;
  for (const ReportedImage& reported : images) {
    const auto& identity = reported.view.identity;
    out += padded(reported.image.name, width) + "  " +
           padded(identity ? identity->identity.hex().substr(0, kShortDigest) : "not known",
                  kShortDigest) +
           "  " + padded(size_text(reported), 10) + "  " +
           padded(user_count(reported.steps.size()), 8) + "  " + reported.view.kind + " " +
           reported.view.source + "\n";
  }
  return out;
}

std::string inspect_as_text(const ReportedImage& reported) {
  const image::ImageView& view = reported.view;
  std::string out = line("image", reported.image.name) + line(view.kind, view.source) +
                    line("declared", reported.image.location.text()) +
                    line("identity", view.identity ? view.identity->identity.text() : "not known") +
                    line("size", size_text(reported));
  if (!view.layers.empty()) out += line("layers", std::to_string(view.layers.size()));
  if (view.identity) {
    const spec::ImageConfig& config = view.identity->config;
    for (const std::string& variable : config.env) out += line("env", printable(variable));
    out += line("workdir", printable(config.working_dir)) + line("user", printable(config.user)) +
           line("entrypoint", shell_quoted(config.entrypoint)) +
           line("cmd", shell_quoted(config.cmd));
  }
  return out + line("steps", join(reported.steps, ", "));
}

std::string layers_as_text(const ReportedImage& reported) {
  std::string out;
  for (const image::Descriptor& layer : reported.view.layers) {
    out += layer.digest.text() + "  " + format_bytes(layer.size) + "\n";
  }
  return out;
}

std::string images_as_json(const std::vector<ReportedImage>& images) {
  JsonWriter out;
  out.begin_array();
  for (const ReportedImage& reported : images) add_image(out, reported);
  out.end_array();
  return out.text() + "\n";
}

}  // namespace cntr::cli
