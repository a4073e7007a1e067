#include "report/graph.h"

#include <gtest/gtest.h>

namespace cntr::report {
namespace {

spec::Workflow two_steps() {
  spec::Workflow workflow;
  workflow.directory = "/w/build/cntr";
  workflow.index = {"/w", "/w/build", {"a", "b"}, {"deb"}, {}};
  spec::Image image;
  image.name = "deb";
  image.rootfs = "/w/root.tar";
  workflow.images = {image};
  spec::Step a;
  a.name = "a";
  a.image_spec = "/w/build/cntr/images/deb.yaml";
  a.inputs = {"/w/in \"1\".csv"};
  a.outputs = {"/w/build/x.csv"};
  spec::Step b;
  b.name = "b";
  b.inputs = {"/w/build/x.csv"};
  workflow.steps = {a, b};
  return workflow;
}

TEST(Graph, Dot) {
  EXPECT_EQ(graph_as_dot(two_steps()), R"(digraph workflow {
  rankdir=LR;
  node [fontname="sans-serif"];
  n1 [shape=cylinder, label="deb"];
  n2 [shape=plaintext, label="root.tar"];
  n3 [shape=box, label="a"];
  n4 [shape=plaintext, label="in \"1\".csv"];
  n5 [shape=box, label="b"];
  n1 -> n3;
  n2 -> n1;
  n3 -> n5 [label="x.csv"];
  n4 -> n3;
}
)");
}

TEST(Graph, Mermaid) {
  EXPECT_EQ(graph_as_mermaid(two_steps()), R"(flowchart LR
  n1[("deb")]
  n2(["root.tar"])
  n3["a"]
  n4(["in #quot;1#quot;.csv"])
  n5["b"]
  n1 --> n3
  n2 --> n1
  n3 -->|"x.csv"| n5
  n4 --> n3
)");
}

}  // namespace
}  // namespace cntr::report
