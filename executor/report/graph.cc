#include "report/graph.h"

#include <map>
#include <set>

#include "base/file_system.h"
#include "base/text.h"

namespace cntr::report {
namespace {

struct Node {
  enum class Shape { kStep, kImage, kSource } shape = Shape::kSource;
  std::string label;
};

struct Edge {
  std::string from;
  std::string to;
  std::string label;
  bool operator<(const Edge& other) const {
    return std::tie(from, to, label) < std::tie(other.from, other.to, other.label);
  }
};

struct Picture {
  std::map<std::string, Node> nodes;  // by identifier
  std::set<Edge> edges;
};

std::string shown(const std::string& path, const spec::Workflow& workflow) {
  for (const std::string& root : {workflow.index.binary_dir, workflow.index.source_dir}) {
    if (const auto rest = path_below(path, root)) return *rest;
  }
  return path;
}

class PictureMaker {
 public:
  explicit PictureMaker(const spec::Workflow& workflow)
      : workflow_(workflow), producers_(workflow) {}

  Picture make() {
    for (const spec::Image& image : workflow_.images) {
      add_node(image_key(workflow_.image_spec(image)), Node::Shape::kImage, image.name);
      add_sources(image);
    }
    for (const spec::Env& env : workflow_.envs) {
      add_node(env_key(workflow_.env_spec(env)), Node::Shape::kImage, env.name);
      connect(env.lock, env_key(workflow_.env_spec(env)));
    }
    for (const spec::Step& step : workflow_.steps) {
      add_node(step_key(step), Node::Shape::kStep, step.name);
      if (step.image_spec) add_edge(image_key(*step.image_spec), step_key(step), "");
      if (step.env_spec) add_edge(env_key(*step.env_spec), step_key(step), "");
      for (const std::string& input : inputs_of(step)) connect(input, step_key(step));
    }
    return std::move(picture_);
  }

 private:
  static std::string step_key(const spec::Step& step) { return "step " + step.name; }
  static std::string image_key(const std::string& image_spec) { return "image " + image_spec; }
  static std::string env_key(const std::string& env_spec) { return "env " + env_spec; }

  const std::string& id(const std::string& key) {
    const auto [entry, is_new] = ids_.emplace(key, "");
    if (is_new) entry->second = "n" + std::to_string(ids_.size());
    return entry->second;
  }
  void add_node(const std::string& key, Node::Shape shape, const std::string& label) {
    picture_.nodes[id(key)] = {shape, label};
  }
  void add_edge(const std::string& from, const std::string& to, const std::string& label) {
    picture_.edges.insert({id(from), id(to), label});
  }
  void add_sources(const spec::Image& image) {
    const std::string to = image_key(workflow_.image_spec(image));
    for (const std::string& source : sources_of(image)) connect(source, to);
    if (!image.reference) return;
    add_node("reference " + *image.reference, Node::Shape::kSource, *image.reference);
    add_edge("reference " + *image.reference, to, "");
  }
  void connect(const std::string& path, const std::string& to) {
    if (const spec::Step* producer = producers_.of(path)) {
      add_edge(step_key(*producer), to, shown(path, workflow_));
    } else {
      add_node("source " + path, Node::Shape::kSource, shown(path, workflow_));
      add_edge("source " + path, to, "");
    }
  }

  const spec::Workflow& workflow_;
  const spec::Producers producers_;
  std::map<std::string, std::string> ids_;
  Picture picture_;
};

std::string mermaid_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("#quot;") : std::string(1, c);
  return out + "\"";
}

}  // namespace

std::string graph_as_dot(const spec::Workflow& workflow) {
  const Picture picture = PictureMaker(workflow).make();
  std::string out = "digraph workflow {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n";
  for (const auto& [id, node] : picture.nodes) {
    const char* const shape = node.shape == Node::Shape::kStep    ? "box"
                              : node.shape == Node::Shape::kImage ? "cylinder"
                                                                  : "plaintext";
    out += "  " + id + " [shape=" + shape + ", label=" + quote(node.label) + "];\n";
  }
  for (const Edge& edge : picture.edges) {
    out += "  " + edge.from + " -> " + edge.to;
    out += edge.label.empty() ? ";\n" : " [label=" + quote(edge.label) + "];\n";
  }
  return out + "}\n";
}

std::string graph_as_mermaid(const spec::Workflow& workflow) {
  const Picture picture = PictureMaker(workflow).make();
  std::string out = "flowchart LR\n";
  for (const auto& [id, node] : picture.nodes) {
    const std::string label = mermaid_text(node.label);
    out += "  " + id;
    out += node.shape == Node::Shape::kStep    ? "[" + label + "]"
           : node.shape == Node::Shape::kImage ? "[(" + label + ")]"
                                               : "([" + label + "])";
    out += "\n";
  }
  for (const Edge& edge : picture.edges) {
    out += "  " + edge.from + " -->";
    if (!edge.label.empty()) out += "|" + mermaid_text(edge.label) + "|";
    out += " " + edge.to + "\n";
  }
  return out;
}

}  // namespace cntr::report
