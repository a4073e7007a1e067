#include "image/tree_modes.h"

#include <sys/stat.h>

namespace cntr::image {
namespace {

constexpr mode_t kWrite = 0022;
constexpr mode_t kRead = 0044;

}  // namespace

mode_t TreeModes::file(mode_t mode) const {
  mode |= 0600;
  if (is_private()) return mode;
  const mode_t readers = root_mode_ & kRead;
  mode &= ~(S_ISUID | S_ISGID) & ~(kWrite & ~root_mode_);
  mode |= readers;
  if ((mode & 0100) != 0) mode |= readers >> 2;
  return mode;
}

mode_t TreeModes::directory(mode_t mode) const {
  mode |= 0700;
  if (is_private()) return mode;
  const mode_t readers = root_mode_ & kRead;
  mode &= ~(kWrite & ~root_mode_);
  return mode | readers | readers >> 2;
}

}  // namespace cntr::image
