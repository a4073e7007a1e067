#include "engine/file_table.h"

#include "engine_fixture.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class FileTableTest : public EngineTest {
 protected:
  FileTableTest() {
    manifest("build made: cat a\n");
    begin();
    disk_.put("a", "1");
    settle();
  }
  ninja::NodeId node(const std::string& path) { return state_.node(path); }
  // As one process: reads the file, and returns what it held.
  ContentId read(const std::string& path) { return FileTable(state_, disk_).content(node(path)); }
  std::vector<ninja::NodeId> changed() {
    FileTable files(state_, disk_);
    const ninja::NodeId a = node("a");
    return files.probe(std::span(&a, 1)).changed;
  }
};

TEST_F(FileTableTest, AFileIsReadOnce) {
  const ContentId first = read("a");
  EXPECT_EQ(disk_.reads(), 1u);
  EXPECT_EQ(read("a"), first);
  EXPECT_EQ(disk_.reads(), 1u);
}

TEST_F(FileTableTest, AFileIsLookedAtOnceABuild) {
  FileTable files(state_, disk_);
  EXPECT_FALSE(files.was_looked_at(node("a")));
  files.identity(node("a"));
  const size_t looks = disk_.looks();
  files.content(node("a"));
  const ninja::NodeId a = node("a");
  files.probe(std::span(&a, 1));
  EXPECT_EQ(disk_.looks(), looks);
  EXPECT_TRUE(files.was_looked_at(node("a")));
}

TEST_F(FileTableTest, WhatIsNotThereHasNoContent) {
  EXPECT_EQ(read("nowhere"), kMissing);
  EXPECT_EQ(disk_.reads(), 0u);
}

TEST_F(FileTableTest, AProbeTellsWhatChanged) {
  read("a");
  EXPECT_THAT(changed(), IsEmpty());
  disk_.touch("a");
  EXPECT_THAT(changed(), IsEmpty());
  disk_.put("a", "2");
  EXPECT_THAT(changed(), ElementsAre(node("a")));
  settle();
  EXPECT_THAT(changed(), IsEmpty());
  disk_.remove("a");
  EXPECT_THAT(changed(), ElementsAre(node("a")));
  EXPECT_THAT(changed(), IsEmpty());
  disk_.put("a", "2");
  EXPECT_THAT(changed(), ElementsAre(node("a")));
}

TEST_F(FileTableTest, AFileThatWasNeverReadIsNotReadToLookAtIt) {
  EXPECT_THAT(changed(), ElementsAre(node("a")));  // it has come
  EXPECT_THAT(changed(), IsEmpty());
  EXPECT_EQ(disk_.reads(), 0u);
}

TEST_F(FileTableTest, AYoungFileIsReadOnceMore) {
  disk_.put("a", "2");
  read("a");
  EXPECT_EQ(state_.memos[node("a")].racy, 1u);
  settle();
  EXPECT_THAT(changed(), IsEmpty());
  EXPECT_EQ(disk_.reads(), 2u);
  EXPECT_EQ(state_.memos[node("a")].racy, 0u);
  EXPECT_THAT(changed(), IsEmpty());
  EXPECT_EQ(disk_.reads(), 2u);
}

TEST_F(FileTableTest, AFileThatIsStillYoungStaysSuspect) {
  disk_.put("a", "2");
  read("a");
  EXPECT_THAT(changed(), IsEmpty());
  disk_.put_unseen("a", "3");
  EXPECT_THAT(changed(), ElementsAre(node("a")));
}

TEST_F(FileTableTest, AFileOfTheFutureIsReadEveryTime) {
  disk_.set_mtime("a", disk_.now() + 3600 * kFakeSecond);
  settle();
  read("a");
  disk_.put_unseen("a", "3");
  EXPECT_THAT(changed(), ElementsAre(node("a")));
  disk_.put_unseen("a", "4");
  EXPECT_THAT(changed(), ElementsAre(node("a")));
}

TEST_F(FileTableTest, AClockThatWasSetBackMakesFilesSuspect) {
  disk_.put("a", "2");
  settle();
  disk_.advance(-3600 * kFakeSecond);
  read("a");
  EXPECT_EQ(state_.memos[node("a")].racy, 1u);
}

TEST_F(FileTableTest, OnlyOutputsAreStamps) {
  disk_.put("a", "");
  disk_.put("made", "");
  disk_.put("made.txt", "");
  FileTable files(state_, disk_);
  EXPECT_FALSE(files.is_stamp(node("a")));
  EXPECT_TRUE(files.is_stamp(node("made")));
  EXPECT_FALSE(files.is_stamp(node("made.txt")));
  disk_.remove("made");
  files.look_again(node("made"));
  EXPECT_TRUE(files.is_stamp(node("made")));
  disk_.make_directory("made");
  files.look_again(node("made"));
  EXPECT_TRUE(files.is_stamp(node("made")));
  disk_.make_directory("a");
  files.look_again(node("a"));
  EXPECT_FALSE(files.is_stamp(node("a")));
}

TEST_F(FileTableTest, AStampKeepsItsContentWhileItIsOne) {
  disk_.put("made", "");
  const ContentId content = state_.contents.add(digest_of("action"));
  {
    FileTable files(state_, disk_);
    EXPECT_NE(files.content(node("made")), content);
    files.set_stamp(node("made"), content);
    disk_.touch("made");
    files.look_again(node("made"));
    EXPECT_EQ(files.content(node("made")), content);
  }
  disk_.touch("made");
  EXPECT_EQ(read("made"), content);
  disk_.put("made", "bytes");
  EXPECT_NE(read("made"), content);
  disk_.put("made", "");
  EXPECT_NE(read("made"), content);
}

TEST_F(FileTableTest, TellsEachChangedMemoOnce) {
  FileTable files(state_, disk_);
  files.content(node("a"));
  files.content(node("made"));
  EXPECT_THAT(files.take_changed_memos(), UnorderedElementsAre(node("a"), node("made")));
  EXPECT_THAT(files.take_changed_memos(), IsEmpty());
  files.look_again(node("a"));
  EXPECT_THAT(files.take_changed_memos(), IsEmpty());
  disk_.put("a", "2");
  files.look_again(node("a"));
  files.content(node("a"));
  EXPECT_THAT(files.take_changed_memos(), ElementsAre(node("a")));
}

TEST_F(FileTableTest, AFileThatCannotBeLookedAtIsAnError) {
  disk_.forbid("a");
  EXPECT_THROW(changed(), Error);
}

TEST_F(FileTableTest, ManyFilesOnSeveralThreads) {
  std::vector<ninja::NodeId> nodes;
  for (int i = 0; i < 20'000; ++i) nodes.push_back(node("dir/" + std::to_string(i)));
  for (int i = 0; i < 300; ++i) disk_.put("dir/" + std::to_string(i), std::to_string(i));
  settle();
  {
    FileTable files(state_, disk_);
    EXPECT_EQ(files.probe(nodes).changed.size(), 300u);
    files.read(nodes);
    EXPECT_EQ(disk_.reads(), 300u);
    EXPECT_EQ(state_.contents.at(files.content(nodes[7])),
              disk_.content("dir/7", disk_.identity("dir/7")));
  }
  disk_.put("dir/5", "other");
  disk_.put("dir/500", "new");
  disk_.remove("dir/6");
  disk_.touch("dir/7");
  FileTable files(state_, disk_);
  const FileTable::Probed probed = files.probe(nodes);
  EXPECT_THAT(probed.changed, UnorderedElementsAre(nodes[5], nodes[500], nodes[6]));
  EXPECT_FALSE(probed.all_in_place);
}

TEST_F(FileTableTest, AnErrorOnAThreadIsThrown) {
  std::vector<ninja::NodeId> nodes;
  for (int i = 0; i < 10'000; ++i) nodes.push_back(node("dir/" + std::to_string(i)));
  disk_.put("dir/9000", "");
  disk_.forbid("dir/9000");
  FileTable files(state_, disk_);
  EXPECT_THROW(files.probe(nodes), Error);
}

}  // namespace
}  // namespace cntr::engine
