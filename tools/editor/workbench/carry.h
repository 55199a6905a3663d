// What goes from one scene to the next: when its files have changed, or when it was loaded again after an edit.
#pragma once
#include "tools/session/session.h"

namespace nuri::editor {

// Whether state may be copied as it lies: the same things with the same names in the same order.
bool same_layout(const World& a, const World& b);
// All of it where the layout is the same, and true; otherwise, of the environments that both have, joints by name where the type is the
// same, and controls by the actuators' names: timelines begin again, and the clock.
bool carry_state(session::Session& from, session::Session& to);
// The thing of the same name, or, without a name, of the same number if there are as many; -1: none.
int carry_index(int index, const std::vector<std::string>& from, const std::vector<std::string>& to);

}  // namespace nuri::editor
