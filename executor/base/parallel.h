// Independent pieces of work on several threads.
#pragma once

#include <cstddef>
#include <functional>

namespace cntr {

// Calls `task` for 0 to `count` - 1, in this order, on up to `threads` threads, the caller's one of
// them, and returns when all are done. When the system has no room for more threads, those that
// there are do it. When a call throws, no more are begun, and the exception of the lowest number is
// thrown.
void run_in_parallel(size_t count, unsigned threads, const std::function<void(size_t)>& task);

}  // namespace cntr
