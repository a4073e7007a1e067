#include "engine/state_file.h"

#include <cstring>

#include "base/fast_hash.h"
#include "engine/state_format.h"
#include "engine_fixture.h"
#include "state_text.h"

namespace cntr::engine {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// A state in which something stands in every section.
class StateFileTest : public EngineTest {
 protected:
  StateFileTest() {
    disk_.put("in", "1");
    disk_.put("h", "1");
    disk_.put("tool", "t");
    manifest("build old: cat in\n");
    build();
    manifest(
        "build mid: run in\n  do = ./tool in > mid && echo mid: h > d\n  depfile = d\n"
        "build stamp: run mid\n  do = touch stamp\nbuild last: cat mid stamp\n");
    build();
    state_.programs.push_back(*state_.graph.find("tool"));
    conclusion_.manifests = {disk_.identity("in")};
    conclusion_.environment = digest_of("environment");
    conclusion_.closure = std::vector<ninja::NodeId>{0, 2, 1};
    conclusion_.clean = {1, 0, 1};
  }

  StateFile file() {
    return StateFile(folder(), [this](const std::string& text) { said_.push_back(text); });
  }
  std::string folder() const { return directory_.path() + "/state_folder"; }
  std::string state_path() const { return folder() + "/state"; }
  std::string journal_path() const { return folder() + "/journal"; }

  SavedState load_good() {
    std::optional<SavedState> saved = file().load();
    EXPECT_THAT(said_, IsEmpty());
    if (!saved) throw internal_error("the state was not read");
    return std::move(*saved);
  }

  // Writes the state, and a journal of several records behind it.
  void write_with_journal() {
    file().write(state_, conclusion_);
    SavedState saved = load_good();
    StateFile writer = file();
    writer.continue_journal(saved);
    State& state = saved.state;
    const ninja::NodeId header = state.node("new/header");
    state.memos[header] = {disk_.identity("h"), state.contents.add(digest_of("new")), 1};
    state.programs.push_back(header);
    EdgeRecord record = state.records[0];
    std::vector<Link> links(state.links_of(record).begin(), state.links_of(record).end());
    links.insert(links.begin() + record.inputs, {header, state.memos[header].content});
    record.first_link = static_cast<uint32_t>(state.links.size());
    ++record.discovered;
    state.links.append(links);
    state.records[0] = record;
    const ninja::EdgeId edges[] = {0};
    writer.append(state, std::span(&header, 1), edges);
    state.records[1] = {};
    state.records[1].failed_at = 77;
    const ninja::EdgeId failed[] = {1};
    writer.append(state, {}, failed);
    with_journal_ = saved_text(saved);
  }

  TemporaryDirectory directory_{"/tmp", "cntr-state-"};
  Conclusion conclusion_;
  Names said_;
  std::string with_journal_;
};

TEST_F(StateFileTest, ThereIsNoneAtFirst) {
  EXPECT_FALSE(file().exists());
  EXPECT_EQ(file().load(), std::nullopt);
  EXPECT_THAT(said_, IsEmpty());
  EXPECT_FALSE(exists(folder()));
}

TEST_F(StateFileTest, ComesBackAsItWas) {
  file().write(state_, conclusion_);
  EXPECT_TRUE(file().exists());
  const SavedState saved = load_good();
  EXPECT_EQ(state_text(saved.state), state_text(state_));
  EXPECT_EQ(saved.environment, conclusion_.environment);
  EXPECT_EQ(saved.manifests, conclusion_.manifests);
  EXPECT_EQ(saved.closure, conclusion_.closure);
  EXPECT_EQ(saved.clean, conclusion_.clean);
  EXPECT_THAT(saved.suspect_nodes, IsEmpty());
  EXPECT_THAT(saved.suspect_edges, IsEmpty());
  EXPECT_EQ(saved.state.retired.size(), 1u);
  EXPECT_GT(saved.state.graph.node_count(), saved.state.graph.manifest_nodes());
}

TEST_F(StateFileTest, AnEmptyGraphComesBack) {
  State empty = State::of(ninja::parse_manifest(
      "build.ninja", [](const std::string&) { return std::optional<std::string>(""); }));
  file().write(empty, {{Identity()}, {}, {}, {}});
  EXPECT_EQ(load_good().state.graph.edge_count(), 0u);
}

TEST_F(StateFileTest, LeavesOutWhatNothingNeeds) {
  file().write(state_, conclusion_);
  const size_t size = read_file(state_path()).size();
  for (int i = 0; i < 100; ++i) state_.contents.add(digest_of(std::to_string(i)));
  state_.links.append(std::vector<Link>(100, {0, 1}));
  file().write(state_, conclusion_);
  EXPECT_EQ(read_file(state_path()).size(), size);
}

TEST_F(StateFileTest, WritingToAStateThatWasReadLeavesTheFileAlone) {
  file().write(state_, conclusion_);
  const std::string before = read_file(state_path());
  SavedState saved = load_good();
  saved.state.memos[0] = {};
  saved.state.records[0] = {};
  EXPECT_EQ(read_file(state_path()), before);
}

TEST_F(StateFileTest, TheJournalIsReadAfterTheState) {
  write_with_journal();
  const SavedState saved = load_good();
  EXPECT_EQ(saved_text(saved), with_journal_);
  EXPECT_THAT(saved.suspect_nodes, ElementsAre(*saved.state.graph.find("new/header")));
  EXPECT_THAT(saved.suspect_edges, ElementsAre(0u, 1u));
}

TEST_F(StateFileTest, AConclusionIsReadWithWhatFollowsIt) {
  write_with_journal();
  SavedState saved = load_good();
  EXPECT_THAT(saved.new_edges, ElementsAre(0u, 1u));
  StateFile writer = file();
  writer.continue_journal(saved);
  const ninja::NodeId header = *saved.state.graph.find("new/header");
  writer.append_conclusion(std::span(&header, 1));
  const SavedState concluded = load_good();
  EXPECT_THAT(*concluded.closure, ElementsAre(0u, 2u, 1u, header));
  EXPECT_THAT(concluded.new_nodes, IsEmpty());
  EXPECT_THAT(concluded.new_edges, IsEmpty());
  EXPECT_THAT(concluded.suspect_edges, ElementsAre(0u, 1u));
  const ninja::EdgeId edge = 2;
  writer.append(saved.state, {}, std::span(&edge, 1));
  EXPECT_THAT(load_good().new_edges, ElementsAre(2u));
}

TEST_F(StateFileTest, AConclusionOfNothingIsRefused) {
  conclusion_.closure.reset();
  write_with_journal();
  SavedState saved = load_good();
  EXPECT_EQ(saved.closure, std::nullopt);
  StateFile writer = file();
  writer.continue_journal(saved);
  writer.append_conclusion({});
  EXPECT_EQ(file().load(), std::nullopt);
  EXPECT_THAT(said_, ElementsAre(HasSubstr("a conclusion in the journal")));
}

// It is news only to those that go by times.
TEST_F(StateFileTest, AFileThatOnlyLooksDifferentIsNotSuspect) {
  file().write(state_, conclusion_);
  SavedState saved = load_good();
  StateFile writer = file();
  writer.continue_journal(saved);
  const ninja::NodeId node = *saved.state.graph.find("in");
  saved.state.memos[node].identity.mtime += 1;
  writer.append(saved.state, std::span(&node, 1), {});
  const SavedState again = load_good();
  EXPECT_THAT(again.suspect_nodes, IsEmpty());
  EXPECT_THAT(again.new_nodes, ElementsAre(node));
}

TEST_F(StateFileTest, NothingIsWrittenBeforeThereIsSomething) {
  file().write(state_, conclusion_);
  SavedState saved = load_good();
  remove_tree(journal_path());
  StateFile writer = file();
  writer.continue_journal(saved);
  writer.append(saved.state, {}, {});
  EXPECT_FALSE(exists(journal_path()));
}

TEST_F(StateFileTest, AJournalGoesOnWhereItEnded) {
  write_with_journal();
  SavedState saved = load_good();
  StateFile writer = file();
  writer.continue_journal(saved);
  const ninja::NodeId node = saved.state.node("another");
  saved.state.memos[node].content = saved.state.contents.add(digest_of("another"));
  writer.append(saved.state, std::span(&node, 1), {});
  EXPECT_EQ(state_text(load_good().state), state_text(saved.state));
}

TEST_F(StateFileTest, FoldingKeepsEverything) {
  write_with_journal();
  SavedState saved = load_good();
  const std::string before = state_text(saved.state);
  StateFile writer = file();
  writer.continue_journal(saved);
  EXPECT_FALSE(writer.worth_folding());
  const std::vector<ninja::NodeId> memos(1000, 0);
  writer.append(saved.state, memos, {});
  EXPECT_TRUE(writer.worth_folding());
  writer.write(saved.state, conclusion_);
  EXPECT_FALSE(writer.worth_folding());
  const SavedState folded = load_good();
  EXPECT_EQ(state_text(folded.state), before);
  EXPECT_THAT(folded.suspect_nodes, IsEmpty());
  EXPECT_THAT(folded.suspect_edges, IsEmpty());
}

// The numbers of contents in the file are not those in memory.
TEST_F(StateFileTest, NothingIsAppendedToAStateThatWasNotReadAgain) {
  for (int i = 0; i < 10; ++i) state_.contents.add(digest_of("unused " + std::to_string(i)));
  StateFile writer = file();
  writer.write(state_, conclusion_);
  const std::string written = state_text(load_good().state);
  state_.memos[0].content = state_.contents.add(digest_of("later"));
  const ninja::NodeId node = 0;
  const ninja::EdgeId edge = 0;
  writer.append(state_, std::span(&node, 1), std::span(&edge, 1));
  EXPECT_EQ(state_text(load_good().state), written);
}

TEST_F(StateFileTest, AJournalOfAnotherStateSaysNothing) {
  write_with_journal();
  const std::string journal = read_file(journal_path());
  file().write(state_, conclusion_);
  write_file_atomically(journal_path(), journal);
  EXPECT_EQ(state_text(load_good().state), state_text(state_));
}

TEST_F(StateFileTest, AMissingJournalSaysNothing) {
  write_with_journal();
  remove_tree(journal_path());
  SavedState saved = load_good();
  EXPECT_EQ(state_text(saved.state), state_text(state_));
  StateFile writer = file();
  writer.continue_journal(saved);
  saved.state.records[0] = {};
  const ninja::EdgeId edge = 0;
  writer.append(saved.state, {}, std::span(&edge, 1));
  EXPECT_EQ(state_text(load_good().state), state_text(saved.state));
}

TEST_F(StateFileTest, ATornJournalIsReadUpToTheTear) {
  write_with_journal();
  const std::string journal = read_file(journal_path());
  std::vector<std::string> prefixes = {state_text(state_)};
  for (size_t size = 0; size <= journal.size(); ++size) {
    write_file_atomically(journal_path(), journal.substr(0, size));
    const SavedState saved = load_good();
    const std::string text = state_text(saved.state);
    if (text != prefixes.back()) prefixes.push_back(text);
    EXPECT_LE(saved.journal_bytes, size);
  }
  // A node, its memo, a program, two edges; a digest alone is not seen.
  EXPECT_EQ(prefixes.size(), 6u);
  EXPECT_TRUE(with_journal_.starts_with(prefixes.back()));
}

TEST_F(StateFileTest, ATornJournalGoesOnBeforeTheTear) {
  write_with_journal();
  const std::string journal = read_file(journal_path());
  write_file_atomically(journal_path(), journal.substr(0, journal.size() - 3));
  SavedState saved = load_good();
  StateFile writer = file();
  writer.continue_journal(saved);
  saved.state.records[2].duration_ms = 4711;
  const ninja::EdgeId edge = 2;
  writer.append(saved.state, {}, std::span(&edge, 1));
  EXPECT_EQ(state_text(load_good().state), state_text(saved.state));
}

TEST_F(StateFileTest, AStateThatIsCutOffAnywhereIsNotUsed) {
  file().write(state_, conclusion_);
  const std::string whole = read_file(state_path());
  for (size_t size = 0; size < whole.size(); size += 1 + size / 64) {
    write_file_atomically(state_path(), whole.substr(0, size));
    EXPECT_EQ(file().load(), std::nullopt) << size;
    ASSERT_EQ(said_.size(), 1u) << size;
    EXPECT_THAT(said_[0], StartsWith(state_path() + " cannot be used (damaged: "));
    said_.clear();
  }
}

TEST_F(StateFileTest, AFlippedBitAnywhereIsFound) {
  write_with_journal();
  const std::string whole = read_file(state_path());
  size_t refused = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << i % 8));
    write_file_atomically(state_path(), damaged);
    const std::optional<SavedState> saved = file().load();
    if (saved) {
      // Between the sections; or it was the number of its journal, and the header is refused then.
      EXPECT_EQ(saved_text(*saved), with_journal_) << i;
    } else {
      EXPECT_EQ(said_.size(), 1u) << i;
      ++refused;
    }
    said_.clear();
  }
  EXPECT_GT(refused, whole.size() - 8 * kSections);
}

TEST_F(StateFileTest, AFlippedBitInTheJournalEndsItThere) {
  write_with_journal();
  const std::string journal = read_file(journal_path());
  for (size_t i = 0; i < journal.size(); ++i) {
    // What the journal says up to the damage, and nothing else.
    write_file_atomically(journal_path(), journal.substr(0, i));
    const std::string before = state_text(load_good().state);
    std::string damaged = journal;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << i % 8));
    write_file_atomically(journal_path(), damaged);
    const std::string text = state_text(load_good().state);
    if (i >= sizeof(JournalHeader)) {
      EXPECT_EQ(text, before) << i;
    } else {
      EXPECT_THAT(text, AnyOf(before, with_journal_.substr(0, text.size()))) << i;
    }
  }
}

TEST_F(StateFileTest, AnotherVersionIsNotUsed) {
  file().write(state_, conclusion_);
  std::string bytes = read_file(state_path());
  bytes[offsetof(StateHeader, version)] = 99;
  write_file_atomically(state_path(), bytes);
  EXPECT_EQ(file().load(), std::nullopt);
  EXPECT_THAT(said_,
              ElementsAre(state_path() + " cannot be used (of version 99, and this is version " +
                          std::to_string(kStateVersion) + "); what it knew is unknown"));
}

TEST_F(StateFileTest, WhatIsNoFileIsNotUsed) {
  make_directories(state_path());
  EXPECT_EQ(file().load(), std::nullopt);
  EXPECT_THAT(said_, ElementsAre(HasSubstr("it is empty, or cannot be read")));
}

TEST_F(StateFileTest, SectionsThatOverlapAreRefused) {
  file().write(state_, conclusion_);
  std::string bytes = read_file(state_path());
  StateHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  // The programs are some nodes of the closure; all checksums are right.
  SectionPlace& place = header.places[kPrograms];
  place = header.places[kClosure];
  header.checksum = fast_checksum(
      std::string_view(reinterpret_cast<const char*>(&header), offsetof(StateHeader, checksum)));
  std::memcpy(bytes.data(), &header, sizeof header);
  write_file_atomically(state_path(), bytes);
  EXPECT_EQ(file().load(), std::nullopt);
  EXPECT_THAT(said_, ElementsAre(HasSubstr("damaged: its sections")));
}

TEST_F(StateFileTest, AFullDiskIsToldOnce) {
  file().write(state_, conclusion_);
  SavedState saved = load_good();
  remove_tree(journal_path());
  if (!exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  ASSERT_EQ(::symlink("/dev/full", journal_path().c_str()), 0);
  StateFile writer = file();
  const ninja::EdgeId edge = 0;
  try {
    writer.continue_journal(saved);
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("cannot write " + journal_path()));
    return;
  }
  writer.append(saved.state, {}, std::span(&edge, 1));
  writer.append(saved.state, {}, std::span(&edge, 1));
  EXPECT_THAT(said_, ElementsAre(HasSubstr("what this build learns is not kept")));
}

}  // namespace
}  // namespace cntr::engine
