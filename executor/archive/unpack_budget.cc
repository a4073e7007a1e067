#include "archive/unpack_budget.h"

#include <string>

#include "base/error.h"
#include "base/units.h"

namespace cntr::archive {

void UnpackBudget::check_bytes(uint64_t total) const {
  if (total > limits_.bytes) {
    throw user_error("it unpacks to more than " + format_bytes(limits_.bytes));
  }
  if (total > limits_.free_bytes && total / limits_.ratio > archive_bytes_) {
    throw user_error("it unpacks to more than " + std::to_string(limits_.ratio) +
                     " times its size: it looks like a decompression bomb");
  }
}

void UnpackBudget::add_stream_bytes(uint64_t count) { check_bytes(stream_bytes_ += count); }

void UnpackBudget::add_file_bytes(uint64_t count) { check_bytes(file_bytes_ += count); }

void UnpackBudget::add_entry(uint64_t path_bytes) {
  if (++entries_ > limits_.entries) {
    throw user_error("it has more than " + std::to_string(limits_.entries) + " entries");
  }
  if ((path_bytes_ += path_bytes) > limits_.path_bytes) {
    throw user_error("the paths of its entries take more than " + format_bytes(limits_.path_bytes));
  }
}

}  // namespace cntr::archive
