// Reads the state's files. Their bytes are hostile: every number is checked before it is used.
#pragma once

#include <memory>
#include <string>

#include "base/mapped_file.h"
#include "engine/state_file.h"

namespace cntr::engine {

// Throws a user Error: "damaged: ...", or "of version 2, and this is version 1".
SavedState read_state(const std::shared_ptr<MappedFile>& mapping);

// Takes what the journal says into `saved`, as far as it is whole. A journal of another state file
// says nothing. Throws a user Error when it is damaged.
void read_journal(const std::string& path, SavedState& saved);

}  // namespace cntr::engine
