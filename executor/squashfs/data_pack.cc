#include "squashfs/data_pack.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/fast_hash.h"
#include "squashfs/file_io.h"
#include "squashfs/pack_table.h"

namespace cntr::squashfs {

DataPack::DataPack(UniqueFd file, std::string name, PackTable table)
    : file_(std::move(file)), name_(std::move(name)), table_(std::move(table)) {}

void DataPack::save() const {
  write_at(file_.get(), table_.data_size, pack_table_bytes(table_), name_);
  if (fsync(file_.get()) != 0) throw system_error("Cannot write " + name_, errno);
}

DataPack DataPack::load(UniqueFd file, std::string name) {
  PackTable table = read_pack_table(file.get(), name);
  return DataPack(std::move(file), std::move(name), std::move(table));
}

std::string DataPack::read_block(uint64_t offset, uint32_t size, uint32_t checksum) const {
  std::string bytes(size & ~kStoredBlock, '\0');
  read(offset, bytes);
  check(bytes, checksum);
  return bytes;
}

void DataPack::read(uint64_t offset, std::span<char> out) const {
  if (!read_at(file_.get(), offset, out, name_)) throw damaged();
}

void DataPack::check(std::string_view block, uint32_t checksum) const {
  if (static_cast<uint32_t>(fast_hash(block)) != checksum) throw damaged();
}

void DataPack::discard(uint64_t offset, uint64_t size) const {
  if (!is_disposable_) throw internal_error("The data pack " + name_ + " is not to be discarded");
  fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
            static_cast<off_t>(size));
}

Error DataPack::damaged() const {
  return environment_error("The data pack " + name_ + " is damaged");
}

}  // namespace cntr::squashfs
