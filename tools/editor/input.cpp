#include "tools/editor/input.h"
#include <GLFW/glfw3.h>
#include <imgui/imgui.h>
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <iterator>
#include "tools/editor/panels.h"

namespace nuri::editor {
namespace {

constexpr double speeds[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10};

void change_speed(Desk& desk, int by) {
  int nearest = 0;
  for (int i = 0; i < int(std::size(speeds)); ++i)
    if (std::fabs(std::log(speeds[i] / desk.bench.speed)) < std::fabs(std::log(speeds[nearest] / desk.bench.speed))) nearest = i;
  desk.bench.speed = speeds[std::clamp(nearest + by, 0, int(std::size(speeds)) - 1)];
  char text[32];
  std::snprintf(text, sizeof text, "Speed %g", desk.bench.speed);
  desk.notify(text);
}

std::string seconds(double time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", time);
  return text;
}

void flip(Desk& desk, bool& what, const char* name) {
  what = !what;
  desk.notify(std::string(name) + (what ? " shown" : " hidden"));
}

void undo(Desk& desk, bool again) {
  const auto& entries = desk.bench.entries();
  std::string what;
  for (const Workbench::Entry& entry : entries) {
    if (!again && entry.done) what = entry.what;
    if (again && !entry.done && what.empty()) what = entry.what;
  }
  if (!(again ? desk.bench.redo() : desk.bench.undo())) return desk.notify(again ? "Nothing to redo" : "Nothing to undo");
  desk.follow_selection();
  desk.notify((again ? "Redone: " : "Undone: ") + what);
  desk.event((again ? "redone " : "undone ") + what);
}

void select_parent(Desk& desk) {
  const int body = desk.bench.selected.body;
  if (body <= 0) return;
  desk.select(Thing{Kind::body, desk.model().body_parent[body]});
}

void change_camera(Desk& desk, int by) {
  const int count = int(desk.model().look.cameras.size());
  int next = desk.camera.of_model + by;            // -1 is the free camera
  if (next < -1) next = count - 1;
  if (next >= count) next = -1;
  desk.camera.of_model = next;
  const std::string name = next < 0 ? "Free camera" : "Camera " +
      (desk.model().look.cameras[next].name.empty() ? std::to_string(next) : desk.model().look.cameras[next].name);
  desk.notify(name);
}

void escape(Desk& desk) {
  if (desk.large.eye >= 0) return void(desk.large = {});
  if (desk.camera.of_model >= 0) return change_camera(desk, -1 - desk.camera.of_model);
  if (desk.gizmo != Gizmo::none) desk.gizmo = Gizmo::none;
  else if (desk.chosen.index >= 0) desk.select(Thing{});
}

void show_group(Desk& desk, int group) {
  desk.bench.show.geom_groups ^= 1u << group;
  char text[40];
  std::snprintf(text, sizeof text, "Geom group %d %s", group, desk.bench.show.geom_groups >> group & 1 ? "shown" : "hidden");
  desk.notify(text);
}

// The positions as MJCF writes a keyframe.
void copy_keyframe(Desk& desk) {
  std::string text = "<key qpos=\"";
  char number[32];
  for (int i = 0; i < desk.model().qpos_count; ++i) {
    std::snprintf(number, sizeof number, "%s%.9g", i ? " " : "", desk.world().get(StateField::qpos, desk.bench.focus, i));
    text += number;
  }
  ImGui::SetClipboardText((text + "\"/>").c_str());
  desk.notify("Positions copied as a keyframe");
}

void save(Desk& desk) {
  const std::string& path = desk.bench.path();
  if (path.ends_with(".yaml") || path.ends_with(".yml")) return desk.save(path);
  ask_for_path(desk, Dialog::save);
}

void set_letters(Desk& desk, float factor) {
  desk.letters = factor == 0 ? 1 : std::clamp(desk.letters * factor, 0.7f, 2.5f);
  desk.restyle = true;
}

std::vector<Command> make_commands() {
  const int ctrl = with_control, shift = with_shift;
  std::vector<Command> all = {
      {"Time", "Play or pause", GLFW_KEY_SPACE, 0, true, false,
       [](Desk& d) { d.bench.running = !d.bench.running; d.event(d.bench.running ? "running" : "paused at " + seconds(d.bench.time())); }},
      {"Time", "Step forward", GLFW_KEY_RIGHT, 0, true, true,
       [](Desk& d) { d.bench.running = false; d.bench.step_forward(); d.event("stepped to " + seconds(d.bench.time())); }},
      {"Time", "Step back", GLFW_KEY_LEFT, 0, true, true, [](Desk& d) {
         d.bench.running = false;
         if (d.bench.step_back()) d.event("stepped back to " + seconds(d.bench.time()));
         else d.notify("Nothing older is kept");
       }},
      {"Time", "Faster", '=', 0, true, true, [](Desk& d) { change_speed(d, 1); }},
      {"Time", "Slower", '-', 0, true, true, [](Desk& d) { change_speed(d, -1); }},
      {"Time", "Back to the beginning", GLFW_KEY_BACKSPACE, 0, true, false,
       [](Desk& d) { d.bench.reset(); d.bench.end_gesture(); d.event("reset"); }},
      {"Scene", "Open...", 'O', ctrl, false, false, [](Desk& d) { ask_for_path(d, Dialog::open); }},
      {"Scene", "Load again", 'L', ctrl, true, false, [](Desk& d) { d.open_again(); }},
      {"Scene", "Save", 'S', ctrl, true, false, save},
      {"Scene", "Save as...", 'S', ctrl | shift, true, false, [](Desk& d) { ask_for_path(d, Dialog::save); }},
      {"Scene", "Undo", 'Z', ctrl, true, true, [](Desk& d) { undo(d, false); }},
      {"Scene", "Redo", 'Z', ctrl | shift, true, true, [](Desk& d) { undo(d, true); }},
      {"Scene", "Copy positions as a keyframe", 'C', ctrl, true, false, copy_keyframe},
      {"Selection", "Parent of the selection", GLFW_KEY_PAGE_UP, 0, true, false, select_parent},
      {"Selection", "Free camera, then nothing selected", GLFW_KEY_ESCAPE, 0, true, false, escape},
      {"Selection", "No gizmo", 'Q', 0, true, false, [](Desk& d) { d.gizmo = Gizmo::none; }},
      {"Selection", "Move the selected model", 'W', 0, true, false, [](Desk& d) { start_gizmo(d, Gizmo::move); }},
      {"Selection", "Turn the selected model", 'E', 0, true, false, [](Desk& d) { start_gizmo(d, Gizmo::turn); }},
      {"Selection", "Gizmo along the world's or its own axes", 'R', 0, true, false,
       [](Desk& d) { d.gizmo_local = !d.gizmo_local; d.notify(d.gizmo_local ? "Own axes" : "World axes"); }},
      {"Camera", "Show everything", 'A', 0, true, false, [](Desk& d) { d.camera.of_model = -1; d.show_all(); }},
      {"Camera", "Previous camera", '[', 0, true, false, [](Desk& d) { change_camera(d, -1); }},
      {"Camera", "Next camera", ']', 0, true, false, [](Desk& d) { change_camera(d, 1); }},
      {"View", "Contact points", 'C', 0, true, false, [](Desk& d) { flip(d, d.contacts, "Contact points"); }},
      {"View", "Contact forces", 'F', 0, true, false, [](Desk& d) { flip(d, d.forces, "Contact forces"); }},
      {"View", "Collision hulls", 'H', 0, true, false, [](Desk& d) { flip(d, d.bench.show.hulls, "Collision hulls"); }},
      {"View", "Joints", 'J', 0, true, false, [](Desk& d) { flip(d, d.bench.show.joints, "Joints"); }},
      {"View", "Centres of mass", 'M', 0, true, false, [](Desk& d) { flip(d, d.bench.show.centres_of_mass, "Centres of mass"); }},
      {"View", "Inertia boxes", 'I', 0, true, false, [](Desk& d) { flip(d, d.bench.show.inertias, "Inertia boxes"); }},
      {"View", "Transparent", 'T', 0, true, false, [](Desk& d) { d.bench.show.transparent = !d.bench.show.transparent; }},
      {"View", "Frames of bodies", GLFW_KEY_F6, 0, true, false, [](Desk& d) { flip(d, d.bench.show.frames, "Frames"); }},
      {"View", "Names of bodies", GLFW_KEY_F7, 0, true, false, [](Desk& d) { flip(d, d.bench.show.labels, "Names"); }},
      {"View", "Sites", 0, 0, true, false, [](Desk& d) { flip(d, d.bench.show.sites, "Sites"); }},
      {"View", "Cameras", 0, 0, true, false, [](Desk& d) { flip(d, d.bench.show.cameras, "Cameras"); }},
      {"View", "Lights", 0, 0, true, false, [](Desk& d) { flip(d, d.bench.show.lights, "Lights"); }},
      {"View", "Points of lidars", 0, 0, true, false, [](Desk& d) { flip(d, d.clouds, "Points of lidars"); }},
      {"View", "Shadows", 0, 0, true, false, [](Desk& d) { flip(d, d.style.shadows, "Shadows"); }},
      {"View", "Grid", 0, 0, true, false, [](Desk& d) { flip(d, d.style.grid, "Grid"); }},
      {"Window", "All keys", GLFW_KEY_F1, 0, false, false,
       [](Desk& d) { d.dialog = d.dialog == Dialog::keys ? Dialog::none : Dialog::keys; d.event("keys"); }},
      {"Window", "Find a command", 'K', ctrl, false, false, [](Desk& d) { d.dialog = Dialog::commands; d.dialog_text.clear(); }},
      {"Window", "Left panel", GLFW_KEY_TAB, 0, false, false, [](Desk& d) { d.left = !d.left; }},
      {"Window", "Right panel", GLFW_KEY_TAB, shift, false, false, [](Desk& d) { d.right = !d.right; }},
      {"Window", "Bottom panel", 'B', ctrl, false, false, [](Desk& d) { d.bottom = !d.bottom; }},
      {"Window", "Larger letters", '=', ctrl, false, true, [](Desk& d) { set_letters(d, 1.1f); }},
      {"Window", "Smaller letters", '-', ctrl, false, true, [](Desk& d) { set_letters(d, 1 / 1.1f); }},
      {"Window", "Letters as they were", '0', ctrl, false, false, [](Desk& d) { set_letters(d, 0); }},
      {"Window", "Dark or light", 0, 0, false, false,
       [](Desk& d) { d.light = !d.light; d.restyle = true; d.event(d.light ? "light" : "dark"); }},
      {"Window", "Quit", 'Q', ctrl, false, false, [](Desk& d) { d.quit = true; }},
  };
  for (int group = 0; group < 6; ++group) {
    static constexpr const char* group_names[] =
        {"Geom group 0", "Geom group 1", "Geom group 2", "Geom group 3", "Geom group 4", "Geom group 5"};
    all.push_back({"View", group_names[group], '0' + group, 0, true, false, [group](Desk& d) { show_group(d, group); }});
  }
  return all;
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> all = make_commands();
  return all;
}

std::string key_name(const Command& command) {
  if (command.key == 0) return "";
  std::string name = command.modifiers & with_control ? "Ctrl+" : "";
  if (command.modifiers & with_shift) name += "Shift+";
  switch (command.key) {
    case GLFW_KEY_SPACE: return name + "Space";
    case GLFW_KEY_RIGHT: return name + "Right";
    case GLFW_KEY_LEFT: return name + "Left";
    case GLFW_KEY_BACKSPACE: return name + "Backspace";
    case GLFW_KEY_PAGE_UP: return name + "PgUp";
    case GLFW_KEY_ESCAPE: return name + "Esc";
    case GLFW_KEY_TAB: return name + "Tab";
    default: break;
  }
  if (command.key >= GLFW_KEY_F1 && command.key <= GLFW_KEY_F12) return name + "F" + std::to_string(command.key - GLFW_KEY_F1 + 1);
  return name + char(command.key);
}

namespace {

// 0: the text is whole words of the name, 1: words of it begin so, 2: it is in it, 3: its letters are, in this order; 4: they are not.
int unlikeliness(const Command& command, const std::string& typed) {
  auto small = [](const std::string& text) {
    std::string out;
    for (const char letter : text) out += char(std::tolower(static_cast<unsigned char>(letter)));
    return out;
  };
  const std::string part = small(typed), all = small(command.group) + " " + small(command.name), ended = all + " ";
  if (ended.find(" " + part + " ") != std::string::npos) return 0;
  if (all.find(" " + part) != std::string::npos) return 1;
  if (all.find(part) != std::string::npos) return 2;
  size_t next = 0;
  for (const char letter : part) {
    if (letter == ' ') continue;
    next = all.find(letter, next);
    if (next == std::string::npos) return 4;
    ++next;
  }
  return 3;
}

}  // namespace

std::vector<const Command*> find_commands(Desk& desk, const std::string& typed) {
  std::vector<std::pair<int, const Command*>> found;
  for (const Command& command : commands())
    if (const int rank = unlikeliness(command, typed); rank < 4 && (!command.needs_scene || desk.has_scene()))
      found.push_back({rank, &command});
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const Command*> out;
  for (const auto& [rank, command] : found) out.push_back(command);
  return out;
}

void handle_key(Desk& desk, const KeyPress& press) {
  const int modifiers = press.modifiers & (with_control | with_shift);
  for (const Command& command : commands())
    if (command.key == press.key && command.modifiers == modifiers) {
      if (command.needs_scene && !desk.has_scene()) return;
      if (press.repeated && !command.repeats) return;
      return command.act(desk);
    }
}

}  // namespace nuri::editor
