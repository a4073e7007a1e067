// A directory as lines of text, for goldens.
#pragma once

#include <string>

namespace cntr::image {

// One line an entry, sorted by path:
//   a/ 755              a directory
//   a/b 644 "content"   a file; of a large one its digest
//   a/c = a/b           a further name of the file a/b
//   a/d -> b            a symbolic link
//   a/e ?               anything else
std::string tree_listing(const std::string& directory);

// Where tests put their files: in memory, if possible. Publishing an image waits for the disk,
// which takes seconds on a busy machine.
std::string test_place();

// The message of the cntr::Error that the action throws; "" when it throws none.
template <typename Action>
std::string message_of(const Action& action);

}  // namespace cntr::image

#include "base/error.h"

template <typename Action>
std::string cntr::image::message_of(const Action& action) {
  try {
    action();
  } catch (const cntr::Error& error) {
    return error.what();
  }
  return "";
}
