// Panels: each draws one part of the window from the desk and changes it. Called once a frame between ImGui::NewFrame and ImGui::Render.
#pragma once
#include "tools/editor/desk.h"

namespace nuri::editor {

// Places all panels for a window of this size and draws them; says which places they have when that changes.
void draw_panels(Desk& desk, float width, float height);

void top_bar(Desk& desk);                          // within a window of ImGui
void outliner(Desk& desk);
void inspector(Desk& desk);
void timeline(Desk& desk);                         // the strip of the past, and play keys
void tabs(Desk& desk);
void environments_tab(Desk& desk);
void plots_tab(Desk& desk);
void contacts_tab(Desk& desk);
void sensors_tab(Desk& desk);
void policy_tab(Desk& desk);
void recording_tab(Desk& desk);
void profiler_tab(Desk& desk);
void report_tab(Desk& desk);
void console_tab(Desk& desk);
void history_tab(Desk& desk);
void viewport(Desk& desk, const Rectangle& place);
void overlays(Desk& desk, const Rectangle& viewport);   // errors, hint of an empty window, short messages
void follow_streams(Desk& desk);                   // before anything that shows them
void add_clouds(Desk& desk, view::Frame& frame);   // points of lidars
void large_stream(Desk& desk, const Rectangle& place);
void dialogs(Desk& desk, float width, float height);
void ask_for_path(Desk& desk, Dialog what);

// A number that can be plotted: the last item made becomes something to drag, and has a menu.
void plottable(Desk& desk, StateField field, int item, const std::string& name, const std::string& unit);

void start_gizmo(Desk& desk, Gizmo gizmo);         // if a model of the scene is selected and time stands still
bool gizmo_mouse(Desk& desk, bool hovered, bool active);   // true: the mouse is the gizmo's
void draw_gizmo(Desk& desk);
void placement_rows(Desk& desk);                   // the same by numbers, in the inspector

}  // namespace nuri::editor
