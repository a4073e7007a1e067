// Where warnings go. A warning is one sentence for the user about something that went wrong and
// was got around; the sink adds "cntr: warning: ".
#pragma once

#include <functional>
#include <string>

namespace cntr {

using WarningSink = std::function<void(const std::string& sentence)>;

}  // namespace cntr
