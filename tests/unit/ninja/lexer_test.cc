#include "ninja/lexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace cntr::ninja {
namespace {

using testing::ElementsAre;

std::vector<Token> tokens_of(const std::string& text) {
  Lexer lexer("input", text);
  std::vector<Token> tokens;
  do {
    tokens.push_back(lexer.read_token());
  } while (tokens.back() != Token::kEof && tokens.back() != Token::kError);
  return tokens;
}

// Each piece in brackets, variables with a dollar.
std::string shown(const std::vector<Piece>& pieces) {
  std::string text;
  for (const Piece& piece : pieces) {
    text += "[" + std::string(piece.variable ? "$" : "") + std::string(piece.text) + "]";
  }
  return text;
}

std::string value_of(const std::string& text) {
  Lexer lexer("input", text);
  std::vector<Piece> pieces;
  lexer.read_value(pieces);
  return shown(pieces);
}

template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.message();
  }
  return "none";
}

std::string value_error_of(const std::string& text) {
  return error_of([&] { value_of(text); });
}

TEST(Lexer, KnowsEveryToken) {
  EXPECT_THAT(
      tokens_of("build pool rule default include subninja other = : | || |@\n"),
      ElementsAre(Token::kBuild, Token::kPool, Token::kRule, Token::kDefault, Token::kInclude,
                  Token::kSubninja, Token::kIdent, Token::kEquals, Token::kColon, Token::kPipe,
                  Token::kPipe2, Token::kPipeAt, Token::kNewline, Token::kEof));
}

TEST(Lexer, TakesTheLongestWord) {
  EXPECT_THAT(tokens_of("builds rules-2 .pool"),
              ElementsAre(Token::kIdent, Token::kIdent, Token::kIdent, Token::kEof));
}

TEST(Lexer, TellsIndentedLinesFromBlankAndCommentedOnes) {
  EXPECT_THAT(tokens_of("a\n  b\n   \n  # text\n# text\nc"),
              ElementsAre(Token::kIdent, Token::kNewline, Token::kIndent, Token::kIdent,
                          Token::kNewline, Token::kNewline, Token::kIdent, Token::kEof));
}

TEST(Lexer, ReadsLinesThatEndAsInDos) {
  EXPECT_THAT(tokens_of("a\r\n  \r\n# text\r\n$\r\n"),
              ElementsAre(Token::kIdent, Token::kNewline, Token::kNewline, Token::kError));
  EXPECT_THAT(tokens_of("a $\r\n b\r\n"),
              ElementsAre(Token::kIdent, Token::kIdent, Token::kNewline, Token::kEof));
  EXPECT_EQ(value_of("one $\r\n  two\r\n"), "[one ][two]");
}

TEST(Lexer, NeedsANewlineAfterAComment) {
  EXPECT_THAT(tokens_of("# no end"), ElementsAre(Token::kError));
  EXPECT_THAT(tokens_of("  # no end"), ElementsAre(Token::kIndent, Token::kError));
}

TEST(Lexer, GoesBackOneToken) {
  const std::string text = "\n  name = value\n";
  Lexer lexer("input", text);
  EXPECT_FALSE(lexer.peek_token(Token::kIndent));
  EXPECT_EQ(lexer.line(), 1U);
  EXPECT_TRUE(lexer.peek_token(Token::kNewline));
  EXPECT_TRUE(lexer.peek_token(Token::kIndent));
  EXPECT_EQ(lexer.read_ident("no name"), "name");
  EXPECT_EQ(lexer.line(), 2U);
}

TEST(Lexer, ReadsNames) {
  const std::string text = "foo baR baz_123 foo-bar v1.2 build";
  Lexer lexer("input", text);
  for (const char* name : {"foo", "baR", "baz_123", "foo-bar", "v1.2", "build"}) {
    EXPECT_EQ(lexer.read_ident("no name"), name);
  }
  EXPECT_EQ(error_of([&] { lexer.read_ident("no name"); }),
            "input:1: no name\n" + text + "\n" + std::string(text.size(), ' ') + "^ near here");
}

TEST(Lexer, SplitsValuesIntoTextAndVariables) {
  EXPECT_EQ(value_of("plain text: a|b\n"), "[plain text: a|b]");
  EXPECT_EQ(value_of("$var and ${braced.name} end\n"), "[$var][ and ][$braced.name][ end]");
  EXPECT_EQ(value_of("$a.b$c-d_1\n"), "[$a][.b][$c-d_1]");
  EXPECT_EQ(value_of("$$x$ y$:z\n"), "[$][x][ ][y][:][z]");
  EXPECT_EQ(value_of("one$\n   two $\n$\nthree\n"), "[one][two ][three]");
  EXPECT_EQ(value_of("trailing \t \n"), "[trailing \t ]");
  EXPECT_EQ(value_of("\n"), "");
}

TEST(Lexer, EndsPathsAtWhatSeparatesThem) {
  const std::string text = "a$ b$:c$|  d|e:${f}g$\n  h\n";
  Lexer lexer("input", text);
  std::vector<Piece> pieces;
  EXPECT_EQ(error_of([&] { lexer.read_path(pieces); }),
            "input:1: bad $-escape (literal $ must be written as $$)\n"
            "a$ b$:c$|  d|e:${f}g$\n"
            "       ^ near here");

  const std::string good = "a$ b$:c  d|e:${f}g$\n  h $\n  i\n";
  Lexer other("input", good);
  std::vector<std::string> seen;
  for (int i = 0; i < 7; ++i) {
    pieces.clear();
    if (other.read_path(pieces)) {
      seen.push_back(shown(pieces));
    } else {
      seen.emplace_back(token_name(other.read_token()));
    }
  }
  EXPECT_THAT(seen,
              ElementsAre("[a][ ][b][:][c]", "[d]", "'|'", "[e]", "':'", "[$f][g][h]", "[i]"));
}

TEST(Lexer, RefusesOtherEscapes) {
  for (const char* text : {"$", "$\t\n", "$[\n", "${\n", "${}\n", "${a b}\n", "$.\n", "$\r\r\n"}) {
    EXPECT_THAT(value_error_of(text),
                testing::StartsWith("input:1: bad $-escape (literal $ must be written as $$)"))
        << text;
  }
}

TEST(Lexer, AllowsTheNewlineEscapeWhereItIsAskedFor) {
  EXPECT_EQ(value_error_of("a$^b\n"),
            "input:1: using $^ escape requires specifying 'ninja_required_version' with version "
            "greater or equal 1.14");
  const std::string text = "a$^b\n";
  Lexer lexer("input", text);
  lexer.allow_newline_escape();
  std::vector<Piece> pieces;
  lexer.read_value(pieces);
  EXPECT_EQ(shown(pieces), "[a][\n][b]");
}

TEST(Lexer, NeedsAWholeLastLine) {
  EXPECT_EQ(value_error_of("x"), "input:1: unexpected EOF\nx\n ^ near here");
  EXPECT_EQ(value_error_of(""), "input:1: unexpected EOF");
}

TEST(Lexer, RefusesALoneCarriageReturn) {
  EXPECT_EQ(value_error_of("a\rb\n"), "input:1: lexing error\na\rb\n ^ near here");
}

TEST(Lexer, RefusesTabsBetweenTokens) {
  const std::string text = "build\tx\n";
  Lexer lexer("input", text);
  lexer.read_token();
  EXPECT_EQ(lexer.read_token(), Token::kError);
  EXPECT_EQ(lexer.bad_token().message(),
            "input:1: tabs are not allowed, use spaces\nbuild\tx\n     ^ near here");
}

TEST(Lexer, RefusesNulBytes) {
  const std::string text("a = b\nc\0d = e\n", 14);
  EXPECT_EQ(error_of([&] { Lexer("input", text); }),
            "input:2: unexpected NUL byte\nc\n ^ near here");
}

TEST(Lexer, CutsLongLinesAndLeavesOutFarPlaces) {
  const std::string padding(60, 'x');
  EXPECT_EQ(value_error_of(padding + "$[" + std::string(40, 'y') + "\n"),
            "input:1: bad $-escape (literal $ must be written as $$)\n" + padding + "$[" +
                std::string(10, 'y') + "...\n" + std::string(60, ' ') + "^ near here");
  EXPECT_EQ(value_error_of(std::string(72, 'x') + "$[\n"),
            "input:1: bad $-escape (literal $ must be written as $$)");
}

TEST(Lexer, SkipsLinesThatItHasSeen) {
  const std::string text = "  a = 1\n  a = 12\n  a = 1\n";
  Lexer lexer("input", text);
  const std::string_view first = std::string_view(text).substr(0, 8);
  EXPECT_TRUE(lexer.skip_lines(first, 1));
  EXPECT_EQ(lexer.line(), 2U);
  EXPECT_FALSE(lexer.skip_lines(first, 1));
  EXPECT_FALSE(lexer.skip_lines("", 0));
  EXPECT_TRUE(lexer.skip_lines("  a = 12\n", 1));
  EXPECT_FALSE(lexer.skip_lines("  a = 1\n  and more than there is\n", 2));
  EXPECT_EQ(lexer.line(), 3U);
}

}  // namespace
}  // namespace cntr::ninja
