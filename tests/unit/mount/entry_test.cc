#include "mount/entry.h"

#include <gmock/gmock.h>
#include <sys/file.h>
#include <unistd.h>

namespace cntr::mount {
namespace {

using testing::IsEmpty;

class EntryTest : public testing::Test {
 protected:
  EntryTest() {
    entry_.directory = directory_.path() + "/ns/entry";
    entry_.point = entry_.directory + "/root";
    make_directories(entry_.directory);
  }

  void write_record(const std::string& identity, const std::string& point) {
    write_file_atomically(entry_.record_file(), record_text({identity, point, true, "/f"}));
  }

  TemporaryDirectory directory_{"/tmp", "cntr-entry-"};
  Entry entry_;
};

TEST(Records, AreReadAsWritten) {
  for (const bool made : {true, false}) {
    const Record record{"1:2:3", "/a\nb", made, ""};
    EXPECT_EQ(parse_record(record_text(record)), record);
  }
}

TEST(Records, DamagedOnesAreNone) {
  const std::string text = record_text({"1:2", "/a", true, "/f"});
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(parse_record(text.substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(parse_record(text + "x"), std::nullopt);
  EXPECT_EQ(parse_record(text + '\0'), std::nullopt);
  EXPECT_EQ(parse_record(std::string("1\0/a\0perhaps\0/f\0", 17)), std::nullopt);
}

TEST(Actions, OnlyASoundMountIsJoined) {
  EXPECT_EQ(action_for({Seen::kWorking, Recorded::kSame, true}), Action::kJoin);
  EXPECT_EQ(action_for({Seen::kWorking, Recorded::kSame, false}), Action::kStart);
  EXPECT_EQ(action_for({Seen::kWorking, Recorded::kNone, true}), Action::kStart);
  EXPECT_EQ(action_for({Seen::kDead, Recorded::kSame, true}), Action::kStart);
  EXPECT_EQ(action_for({Seen::kDead, Recorded::kNone, false}), Action::kStart);
}

TEST(Actions, WhatIsNotMountedIsStarted) {
  for (const Recorded recorded : {Recorded::kNone, Recorded::kSame, Recorded::kOther}) {
    for (const bool guarded : {true, false}) {
      EXPECT_EQ(action_for({Seen::kNothing, recorded, guarded}), Action::kStart);
    }
  }
}

TEST(Actions, AnotherFileGivesWay) {
  for (const Seen seen : {Seen::kWorking, Seen::kDead}) {
    for (const bool guarded : {true, false}) {
      EXPECT_EQ(action_for({seen, Recorded::kOther, guarded}), Action::kReplace);
    }
  }
}

TEST(Actions, AnotherUsersMountIsLeftAlone) {
  for (const Recorded recorded : {Recorded::kNone, Recorded::kSame, Recorded::kOther}) {
    EXPECT_EQ(action_for({Seen::kForeign, recorded, false}), Action::kGiveUp);
  }
}

TEST_F(EntryTest, ExamineReadsTheRecord) {
  EXPECT_EQ(examine(entry_, "id").recorded, Recorded::kNone);
  write_record("id", entry_.point);
  EXPECT_EQ(examine(entry_, "id").recorded, Recorded::kSame);
  EXPECT_EQ(examine(entry_, "other").recorded, Recorded::kOther);
  write_record("id", "/elsewhere");
  EXPECT_EQ(examine(entry_, "id").recorded, Recorded::kOther);
  write_file_atomically(entry_.record_file(), "rubbish");
  EXPECT_EQ(examine(entry_, "id").recorded, Recorded::kNone);
}

TEST_F(EntryTest, AGuardianIsWhoHoldsTheLock) {
  EXPECT_FALSE(is_guarded(entry_));
  {
    const UniqueFd guardian = lock_file(entry_.guardian_file(), LOCK_EX | LOCK_NB);
    ASSERT_TRUE(guardian.valid());
    EXPECT_TRUE(is_guarded(entry_));
    EXPECT_FALSE(lock_file(entry_.guardian_file(), LOCK_EX | LOCK_NB).valid());
  }
  EXPECT_FALSE(is_guarded(entry_));
}

TEST_F(EntryTest, ALockOnADirectoryThatHasGoneIsNone) {
  EXPECT_TRUE(lock_entry(entry_, LOCK_EX | LOCK_NB).valid());
  const UniqueFd shared = lock_entry(entry_, LOCK_SH);
  EXPECT_TRUE(lock_entry(entry_, LOCK_SH).valid());
  EXPECT_FALSE(lock_entry(entry_, LOCK_EX | LOCK_NB).valid());
  EXPECT_TRUE(is_at(shared, entry_.directory));
  remove_tree(entry_.directory);
  EXPECT_FALSE(is_at(shared, entry_.directory));
  EXPECT_TRUE(may_be_at(shared, entry_.directory));
  EXPECT_FALSE(lock_entry(entry_, LOCK_SH).valid());
  make_directories(entry_.directory);
  EXPECT_FALSE(may_be_at(shared, entry_.directory));
}

TEST_F(EntryTest, ALinkIsNoEntry) {
  rename_path(entry_.directory, directory_.path() + "/elsewhere");
  ASSERT_EQ(symlink("../elsewhere", entry_.directory.c_str()), 0);
  EXPECT_FALSE(lock_entry(entry_, LOCK_SH).valid());
}

TEST_F(EntryTest, LooksAtWhatIsNoMount) {
  EXPECT_EQ(look_at(entry_.point), Seen::kNothing);
  make_directories(entry_.point);
  EXPECT_EQ(look_at(entry_.point), Seen::kNothing);
  EXPECT_EQ(look_at("/proc"), Seen::kNothing);  // a mount, but no file of ours
}

TEST_F(EntryTest, DismantlingRemovesTheEntryAndItsNamespace) {
  make_directories(entry_.point);
  write_record("id", entry_.point);
  write_file_atomically(entry_.directory + "/.record.unfinished", "x");
  EXPECT_EQ(dismantle(entry_), std::nullopt);
  EXPECT_THAT(list_directory(directory_.path()), IsEmpty());
}

TEST_F(EntryTest, OnlyADirectoryThatWasMadeIsRemoved) {
  entry_.point = directory_.path() + "/prefix";
  make_directories(entry_.point);
  write_file_atomically(entry_.record_file(), record_text({"id", entry_.point, false, "/f"}));
  EXPECT_EQ(dismantle(entry_), std::nullopt);
  EXPECT_TRUE(exists(entry_.point));
  make_directories(entry_.directory);
  write_record("id", entry_.point);
  EXPECT_EQ(dismantle(entry_), std::nullopt);
  EXPECT_FALSE(exists(entry_.point));
}

TEST_F(EntryTest, SweepLeavesWhatIsUsedOrGuarded) {
  const std::string above = parent_path(entry_.directory);
  for (const char* name : {"used", "guarded", "left", "own"}) {
    make_directories(above + "/" + name + "/root");
  }
  const Entry used{above + "/used", above + "/used/root"};
  const Entry guarded{above + "/guarded", above + "/guarded/root"};
  const UniqueFd user = lock_entry(used, LOCK_SH);
  const UniqueFd guardian = lock_file(guarded.guardian_file(), LOCK_EX);
  sweep(above, above + "/own");
  EXPECT_THAT(list_directory(above), testing::ElementsAre("guarded", "own", "used"));
}

}  // namespace
}  // namespace cntr::mount
