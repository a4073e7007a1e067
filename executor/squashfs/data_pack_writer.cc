#include "squashfs/data_pack_writer.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "squashfs/block_queue.h"
#include "squashfs/file_io.h"

namespace cntr::squashfs {
namespace {

constexpr std::array<char, size_t{64} * 1024> kZeros{};

bool is_zeros(std::string_view bytes) {
  return !bytes.empty() && bytes.front() == 0 &&
         std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

class DataPackWriter::State {
 public:
  State(UniqueFd file, std::string name, const Compression& compression, WorkerPool& pool)
      : file_(std::move(file)), name_(std::move(name)), queue_(compression, pool) {
    table_.compression = compression;
  }

  void begin_file() {
    if (hash_) throw internal_error("A file of a data pack was begun twice");
    hash_ = std::make_unique<Sha256>();
    size_ = 0;
    blocks_ = 0;
  }

  void append(std::string_view bytes) {
    hash().update(bytes);
    size_ += bytes.size();
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, block_size() - block_.size());
      block_.append(piece);
      bytes.remove_prefix(piece.size());
      if (block_.size() == block_size()) add_block();
    }
  }

  void append_zeros(uint64_t count) {
    size_ += count;
    hash_zeros(count);
    if (!block_.empty()) {
      const auto piece =
          static_cast<size_t>(std::min<uint64_t>(count, block_size() - block_.size()));
      block_.append(piece, '\0');
      count -= piece;
      if (block_.size() == block_size()) add_block();
    }
    if (const uint64_t whole = count / block_size(); whole > 0) add_zero_blocks(whole);
    block_.append(static_cast<size_t>(count % block_size()), '\0');
  }

  FileIndex end_file() {
    const Digest digest = hash().finish();
    hash_.reset();
    const auto next = static_cast<FileIndex>(table_.files.size());
    const auto [known, is_new] = by_digest_.try_emplace(digest, next);
    if (is_new) {
      keep_file(digest);
    } else if (blocks_ > 0) {
      queue_.add([this] { take_back_file(); });
    }
    block_.clear();
    return known->second;
  }

  const PackedFile& file(FileIndex file) const { return table_.files.at(file); }

  DataPack finish() {
    if (hash_) throw internal_error("A file of a data pack has no end");
    if (!fragment_.empty()) add_fragment_block();
    queue_.wait();
    if (ftruncate(file_.get(), static_cast<off_t>(table_.data_size)) != 0) {
      throw system_error("Cannot write " + name_, errno);
    }
    return DataPack(std::move(file_), std::move(name_), std::move(table_));
  }

 private:
  uint32_t block_size() const { return table_.compression.block_size; }

  Sha256& hash() {
    if (!hash_) throw internal_error("A file of a data pack was not begun");
    return *hash_;
  }

  void hash_zeros(uint64_t count) {
    Sha256& sum = hash();
    while (count > 0) {
      const auto piece = static_cast<size_t>(std::min<uint64_t>(count, kZeros.size()));
      sum.update({kZeros.data(), piece});
      count -= piece;
    }
  }

  void add_block() {
    if (is_zeros(block_)) {
      block_.clear();
      return add_zero_blocks(1);
    }
    begin_blocks();
    ++blocks_;
    queue_.add(std::exchange(block_, {}), [this](const CompressedBlock& block) {
      table_.block_sizes.push_back(block.size);
      table_.block_checksums.push_back(block.checksum);
      write(block.bytes);
    });
    block_.reserve(block_size());
  }

  void add_zero_blocks(uint64_t count) {
    // The format counts a file's blocks in 32 bits.
    if (count > UINT32_MAX - blocks_) throw user_error("it is too large for a squashfs image");
    begin_blocks();
    blocks_ += static_cast<uint32_t>(count);
    queue_.add([this, count] {
      table_.block_sizes.resize(table_.block_sizes.size() + count);
      table_.block_checksums.resize(table_.block_checksums.size() + count);
    });
  }

  void begin_blocks() {
    if (blocks_ > 0) return;
    queue_.add([this] {
      file_offset_ = table_.data_size;
      file_first_block_ = table_.block_sizes.size();
    });
  }

  // A file that is there already: what comes next is written over its blocks.
  void take_back_file() {
    table_.data_size = file_offset_;
    table_.block_sizes.resize(file_first_block_);
    table_.block_checksums.resize(file_first_block_);
  }

  void keep_file(const Digest& digest) {
    if (table_.files.size() == UINT32_MAX) throw user_error("it has too many files");
    const size_t index = table_.files.size();
    PackedFile file;
    file.size = size_;
    file.blocks = blocks_;
    file.digest = digest;
    if (!block_.empty()) add_to_fragment(file);
    table_.files.push_back(file);
    if (blocks_ == 0) return;
    queue_.add([this, index] {
      table_.files[index].offset = file_offset_;
      table_.files[index].first_block = file_first_block_;
    });
  }

  void add_to_fragment(PackedFile& file) {
    if (fragment_.size() + block_.size() > block_size()) add_fragment_block();
    file.fragment = fragments_;
    file.fragment_offset = static_cast<uint32_t>(fragment_.size());
    fragment_.append(block_);
  }

  void add_fragment_block() {
    ++fragments_;
    const auto unpacked = static_cast<uint32_t>(fragment_.size());
    queue_.add(std::exchange(fragment_, {}), [this, unpacked](const CompressedBlock& block) {
      table_.fragments.push_back({table_.data_size, block.size, block.checksum, unpacked});
      write(block.bytes);
    });
    fragment_.reserve(block_size());
  }

  void write(std::string_view bytes) {
    write_at(file_.get(), table_.data_size, bytes, name_);
    table_.data_size += bytes.size();
  }

  UniqueFd file_;
  std::string name_;
  std::unordered_map<Digest, FileIndex, DigestHash> by_digest_;

  // The open file, as far as it was given.
  std::unique_ptr<Sha256> hash_;
  uint64_t size_ = 0;
  uint32_t blocks_ = 0;  // of them given to the queue
  std::string block_;    // not yet
  std::string fragment_;
  uint32_t fragments_ = 0;  // given to the queue

  // As far as the queue came.
  PackTable table_;  // but for the list of files, which the queue only completes
  uint64_t file_offset_ = 0;
  uint64_t file_first_block_ = 0;
  BlockQueue queue_;
};

DataPackWriter::DataPackWriter(UniqueFd file, std::string name, const Compression& compression,
                               WorkerPool& pool)
    : state_(std::make_unique<State>(std::move(file), std::move(name), compression, pool)) {}

DataPackWriter::~DataPackWriter() = default;

void DataPackWriter::begin_file() { state_->begin_file(); }
void DataPackWriter::append(std::string_view bytes) { state_->append(bytes); }
void DataPackWriter::append_zeros(uint64_t count) { state_->append_zeros(count); }
FileIndex DataPackWriter::end_file() { return state_->end_file(); }

FileIndex DataPackWriter::add_file(std::string_view content) {
  begin_file();
  append(content);
  return end_file();
}

uint64_t DataPackWriter::file_size(FileIndex file) const { return state_->file(file).size; }
const Digest& DataPackWriter::file_digest(FileIndex file) const {
  return state_->file(file).digest;
}

DataPack DataPackWriter::finish() { return state_->finish(); }

}  // namespace cntr::squashfs
