// Theme: how the editor looks. Two palettes with one accent colour, the colour of what is selected; spacing in units of the letter height,
// so that everything scales with it; icons drawn from lines, so that no icon font has to be there.
#pragma once
#include <imgui/imgui.h>
#include "engine/core/result.h"

namespace nuri::editor::theme {

struct Palette {
  ImVec4 background, panel, raised, hovered, active, line, text, quiet, accent, on_accent, good, warning, bad;
};
const Palette& palette();
bool is_dark();
ImU32 colour(const ImVec4& of, float opacity = 1);
const ImVec4& colour_of(Severity severity);
ImU32 series(int index);                           // of a plot's lines: distinct, calm

void apply(bool dark, float scale);                // scale: of the display, 1 at 96 dots per inch
// The first font of a short list that is installed, at this height in pixels; ImGui's own if none is. The renderer uploads the atlas after.
void load_fonts(float pixels);
ImFont* small_font();
ImFont* large_font();

enum class Icon { play, pause, step, back, reset, world, body, joint, geom, site, actuator, sensor, camera, plus, cross, undo, warning,
                  error, note, plot };
void icon(ImDrawList& list, Icon what, ImVec2 centre, float size, ImU32 colour);
// A button with an icon, as high as a line of text with its padding. `on`: drawn in the accent colour.
bool icon_button(const char* id, Icon what, const char* tip, bool on = false, bool enabled = true);
// Text button that stays down.
bool toggle(const char* label, bool& on, const char* tip = nullptr);
void tip(const char* text);                        // shown after a moment over the last item
void begin_tooltip();                              // with its own padding, wherever it is called
void end_tooltip();
void quiet_text(const char* format, ...) IM_FMTARGS(1);

}  // namespace nuri::editor::theme
