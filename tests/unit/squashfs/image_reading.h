// Images as others read them: the kernel, squashfuse and unsquashfs.
#pragma once

#include <functional>
#include <string>

namespace cntr::squashfs {

enum class Reader { kKernel, kSquashfuse, kUnsquashfs };

std::string reader_name(Reader reader);

// Why this reader cannot be used here; "" when it can.
std::string why_not(Reader reader);

// Calls `look` with a directory that shows the image's tree; `place` is an existing directory for
// it. Throws an Error when the reader does not take the image.
void with_tree(Reader reader, const std::string& image, const std::string& place,
               const std::function<void(const std::string& directory)>& look);

// All that squashfs keeps, one line an entry: path, kind and mode, owner, time, links, and then
// size and content, target, device or the first name of a hard link; and extended attributes.
std::string full_listing(const std::string& directory);

}  // namespace cntr::squashfs
