// Input: every command of the editor once, with its key. Keys, the command list (Ctrl+K) and the overview (F1) all come from this one
// table; keys are those that MuJoCo's users know. What a mouse does in the viewport is here too.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>
#include "tools/editor/desk.h"

namespace nuri::editor {

enum Modifier : int { with_shift = 1, with_control = 2 };          // as GLFW numbers them

struct Command {
  const char* group;
  const char* name;
  int key, modifiers;                              // a letter as on the keyboard, or a GLFW key; 0: none
  bool needs_scene, repeats;                       // repeats: while the key is held
  std::function<void(Desk&)> act;
};
const std::vector<Command>& commands();
std::string key_name(const Command& command);      // "Ctrl+Z"

struct KeyPress { int key, modifiers; bool repeated; };
void handle_key(Desk& desk, const KeyPress& press);
bool gizmo_key(const KeyPress& press);             // true: it is the gizmo's, for a handle is held

// Commands that the typed letters may mean now, the likeliest first: whole words of the name before letters that are strewn over it.
std::vector<const Command*> find_commands(Desk& desk, const std::string& typed);

// With the mouse over the viewport (its item was made just before): orbit, pan, zoom, select, pull. After the camera moved, the shot's eye
// follows.
void viewport_mouse(Desk& desk, bool hovered, bool active);
void update_eye(Desk& desk);                       // from the camera, into the shot
void end_pull(Desk& desk);

}  // namespace nuri::editor
