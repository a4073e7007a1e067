// The ways to mount a squashfs file, and to unmount one.
#pragma once

#include <optional>
#include <string>

#include "mount/mount.h"
#include "mount/source_file.h"

namespace cntr::mount {

// Why a way does not work, and what would help ("" when nothing does).
struct Obstacle {
  std::string reason;
  std::string fix;
};

// Mounts the file at an existing directory: read-only, nosuid, nodev. nullopt when it is mounted.
// One call at a time in a process.
std::optional<Obstacle> mount_by(Way way, const SourceFile& file, const std::string& directory);

enum class Unmounting {
  kIfUnused,  // refused while something in it is open
  kAtOnce,    // the name is free at once; for a mount that is dead
};
// Unmounts what is seen at `directory`: nullopt when done, else why not.
std::optional<std::string> unmount_directory(const std::string& directory, Unmounting unmounting);

// The kernel's release, or what the program says of itself; "" when it does not.
std::string version_of(Way way);

std::optional<Way> way_named(std::string_view name);

}  // namespace cntr::mount
