#include "env/requirements.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr::env {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RequirementsTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return normal_path(name, root_.path()); }
  void write(const std::string& name, const std::string& text) const {
    write_file_atomically(path(name), text);
  }
  Requirements read(const std::string& name) const {
    Requirements out;
    add_requirements_file(path(name), out);
    return out;
  }
  std::string message_of(const std::string& text) const {
    write("wrong.txt", text);
    try {
      read("wrong.txt");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUser);
      return std::string(error.what()).substr(path("").size() + 1);
    }
    return "no error";
  }

  TemporaryDirectory root_{testing::TempDir(), "requirements-"};
};

TEST_F(RequirementsTest, LinesOptionsAndOtherFiles) {
  make_directories(path("wheels"));
  write("all.txt",
        "# what it needs\n"
        "requests [socks] >= 2.8.1, == 2.8.* ; python_version < \"2.7\"  # a comment\n"
        "pip @ https://host/pip-1.0-py3-none-any.whl#sha256=abc\n"
        "\n"
        "flask==3.0 \\\n    --hash=sha256:123\n"
        "--find-links wheels\n"
        "-i https://host/simple\n"
        "--pre\n"
        "--no-binary numpy\n"
        "-r more.txt\n");
  write("more.txt", "-c limits.txt\nnumpy\n-r all.txt\n");
  write("limits.txt", "numpy<2\n");
  const Requirements found = read("all.txt");
  const std::string first = "requests [socks] >= 2.8.1, == 2.8.* ; python_version < \"2.7\"";
  const std::string second = "pip @ https://host/pip-1.0-py3-none-any.whl#sha256=abc";
  const std::string third = "flask==3.0 --hash=sha256:123";
  EXPECT_THAT(found.lines,
              ElementsAre(first, second, third, "--find-links " + path("wheels"),
                          "-i https://host/simple", "--pre", "--no-binary numpy", "numpy"));
  EXPECT_THAT(found.constraints, ElementsAre("numpy<2"));
  EXPECT_THAT(found.written,
              ElementsAre(first, second, third, "--find-links wheels", "-i https://host/simple",
                          "--pre", "--no-binary numpy", "-c numpy<2", "numpy"));
  EXPECT_THAT(found.files, ElementsAre(path("all.txt"), path("more.txt"), path("limits.txt")));
}

TEST_F(RequirementsTest, MistakesAreShown) {
  EXPECT_EQ(message_of("numpy\n  -e ./mine\n"),
            "wrong.txt:2:3: What is being developed cannot be in an environment: \"-e ./mine\"\n"
            "    -e ./mine\n    ^\n"
            "  An environment is read-only. Put the directory into PYTHONPATH instead.");
  EXPECT_THAT(message_of("--target /etc\n"),
              HasSubstr("wrong.txt:1:1: \"--target /etc\" is no option of a requirements file"));
  EXPECT_THAT(message_of("-r\n"), HasSubstr("-r has no value"));
  EXPECT_THAT(message_of("--pre x\n"), HasSubstr("--pre has no value here"));
  EXPECT_THAT(message_of("-r nothing.txt\n"),
              HasSubstr("wrong.txt:1:1: There is no file " + path("nothing.txt")));
  EXPECT_THAT(message_of("./mine\n"), HasSubstr("\"./mine\" is to be built from source"));
  EXPECT_THAT(message_of("a @ git+https://host/a\n"), HasSubstr("is to be built from source"));
  EXPECT_THAT(message_of("!numpy\n"), HasSubstr("\"!numpy\" is no requirement of pip"));
  EXPECT_THAT(message_of(std::string("a\0b\n", 4)), HasSubstr("wrong.txt:1:1: A NUL character"));
}

}  // namespace
}  // namespace cntr::env
