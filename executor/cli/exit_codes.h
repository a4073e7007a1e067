// Exit codes of cntr (docs/reference/commands.md).
#pragma once

namespace cntr::cli {

inline constexpr int kSuccess = 0;
inline constexpr int kStepFailed = 1;
inline constexpr int kUserError = 2;
inline constexpr int kEnvironmentError = 3;
inline constexpr int kInternalError = 4;
inline constexpr int kInterrupted = 130;

}  // namespace cntr::cli
