#include "store/tree.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "store/output_listing.h"

namespace cntr::store {
namespace {

const std::string kA = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
const std::string kB = "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";

Tree small_tree() {
  return {{
      {"bin", EntryKind::kDirectory, {}, ""},
      {"bin-data", EntryKind::kFile, digest_of("a"), ""},
      {"bin/tool", EntryKind::kExecutable, digest_of("b"), ""},
      {"empty", EntryKind::kDirectory, {}, ""},
      {"latest", EntryKind::kSymlink, {}, "../a b/100%"},
      {"line\nbreak \xff", EntryKind::kFile, digest_of("a"), ""},
  }};
}

const std::string kSmallListing = "d bin\nf " + kA + " bin-data\nx " + kB +
                                  " bin/tool\nd empty\nl ../a%20b/100%25 latest\nf " + kA +
                                  " line%0Abreak%20%FF\n";

std::string error_of(const std::string& listing) {
  try {
    parse_tree(listing);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
    return error.what();
  }
  return "accepted";
}

TEST(Tree, ListingIsSortedEscapedText) { EXPECT_EQ(small_tree().listing(), kSmallListing); }

TEST(Tree, ListingReadsBack) { EXPECT_EQ(parse_tree(kSmallListing), small_tree()); }

TEST(Tree, DigestIsThatOfTheListing) {
  EXPECT_EQ(small_tree().digest(), digest_of(kSmallListing));
  EXPECT_EQ(Tree().digest().hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(parse_tree(""), Tree());
}

TEST(Tree, DigestTellsApartWhatMatters) {
  const auto digest_with = [](auto change) {
    Tree tree = small_tree();
    change(tree);
    return tree.digest();
  };
  const Digest original = small_tree().digest();
  EXPECT_NE(digest_with([](Tree& t) { t.entries[1].path = "bin-date"; }), original);
  EXPECT_NE(digest_with([](Tree& t) { t.entries[1].kind = EntryKind::kExecutable; }), original);
  EXPECT_NE(digest_with([](Tree& t) { std::swap(t.entries[1].digest, t.entries[2].digest); }),
            original);
  EXPECT_NE(digest_with([](Tree& t) { t.entries[4].target = "../a"; }), original);
  EXPECT_NE(digest_with([](Tree& t) { t.entries.erase(t.entries.begin() + 3); }), original);
}

TEST(Tree, SaysWhatIsWrongInAListing) {
  const std::string one = "Line 1 of a tree listing ";
  const std::string two = "Line 2 of a tree listing ";
  EXPECT_EQ(error_of("d bin"), one + "is cut off");
  EXPECT_EQ(error_of("\n"), one + "is not an entry");
  EXPECT_EQ(error_of("s bin\n"), one + "is not an entry");
  EXPECT_EQ(error_of("d bin \n"), one + "is not an entry");
  EXPECT_EQ(error_of("f bin\n"), one + "is not an entry");
  EXPECT_EQ(error_of(std::string("d\0 bin\n", 7)), one + "is not an entry");
  EXPECT_EQ(error_of("f sha256:" + kA + " a\n"), one + "has a bad digest");
  EXPECT_EQ(error_of("f " + kA.substr(1) + " a\n"), one + "has a bad digest");
  EXPECT_EQ(error_of("f CA" + kA.substr(2) + " a\n"), one + "has a bad digest");
  EXPECT_EQ(error_of("l  a\n"), one + "has a bad symlink target");
  EXPECT_EQ(error_of("l x%00y a\n"), one + "has a bad symlink target");
  EXPECT_EQ(error_of("d a\nd a\n"), two + "is not in order");
  EXPECT_EQ(error_of("d b\nd a\n"), two + "is not in order");
  EXPECT_EQ(error_of("f " + kA + " a\nf " + kA + " a/b\n"),
            two + "lies in no directory of the tree");
  EXPECT_EQ(error_of("l /etc a\nf " + kA + " a/passwd\n"),
            two + "lies in no directory of the tree");
  EXPECT_EQ(error_of("d a/b\n"), one + "lies in no directory of the tree");
}

TEST(Tree, RefusesPathsThatLeadElsewhere) {
  for (const char* const path :
       {"",       "/",     "/etc",  "..",  "../a", "a/..", ".", "./a", "a//b", "a/",
        "%2E%2E", "a%2Fb", "a%00b", "%41", "%zz",  "%4",   "%", "%c3", "a\tb", "\xc3\xa4"}) {
    const std::string answer = error_of(std::string("d ") + path + "\n");
    EXPECT_EQ(answer, "Line 1 of a tree listing has a bad path") << path;
  }
}

TEST(OutputListing, ReadsBackSorted) {
  const Output file{"/build/b 1", OutputKind::kFile, digest_of("a"), false};
  const Output tool{"/build/c", OutputKind::kFile, digest_of("b"), true};
  const Output tree{"/build/a", OutputKind::kDirectory, digest_of("a"), false};
  const std::string listing = output_listing({file, tool, tree});
  EXPECT_EQ(listing, "d " + kA + " /build/a\nf " + kA + " /build/b%201\nx " + kB + " /build/c\n");
  EXPECT_EQ(parse_output_listing(listing), (std::vector<Output>{tree, file, tool}));
  EXPECT_EQ(parse_output_listing(""), std::vector<Output>());
}

TEST(OutputListing, RefusesWhatItDoesNotWrite) {
  for (const std::string& listing :
       {"f " + kA + " /build/a", "l " + kA + " /build/a\n", "f " + kA + " build/a\n",
        "f " + kA + " /build/../etc/passwd\n", "f " + kA + " /\n", "f " + kA + " \n",
        "f " + kA + " //a\n", "f " + kA + " /a%00\n", "f " + kA.substr(2) + " /a\n",
        "f  " + kA + " /a\n", "f " + kA + " /a\nf " + kA + " /a\n",
        "f " + kA + " /b\nf " + kA + " /a\n", std::string("\n"), std::string(100'000, 'f')}) {
    EXPECT_EQ(parse_output_listing(listing), std::nullopt) << listing.substr(0, 200);
  }
}

}  // namespace
}  // namespace cntr::store
