// Tell: where things are in the window, for scripts that drive it from outside (--say). A line whenever that changes, in pixels of the
// window:
//   item X Y WIDTH HEIGHT NAME     the part of it that is in sight
//   gone NAME
// Without --say nothing is kept and nothing is written.
#pragma once
#include <string>
#include "tools/editor/desk.h"

namespace nuri::editor {

void tell_item(Desk& desk, const std::string& name);   // of the item of ImGui that was made last
void tell_place(Desk& desk, const std::string& name, const Rectangle& place);
void tell_gone(Desk& desk);                        // once a frame, after all panels: what was told before and not in this frame

// "state TEXT WORLD": hashes of the scene's text and of the state of all environments, whenever one of them is another; not while time
// runs.
void tell_state(Desk& desk);

}  // namespace nuri::editor
