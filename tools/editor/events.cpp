#include "tools/editor/events.h"
#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <imgui/backends/imgui_impl_glfw.h>
#include <imgui/imgui.h>
#include <algorithm>
#include <cctype>
#include <utility>

namespace nuri::editor {
namespace {

// frames until a field that was clicked, or a dialogue that was opened by a key, takes letters
constexpr int after_click = 2, after_command = 3;

bool contains(const std::vector<int>& all, int one) { return std::find(all.begin(), all.end(), one) != all.end(); }

// A key that only writes a letter: ImGui does not look at it.
bool writes(int key, int modifiers) {
  return key >= GLFW_KEY_SPACE && key <= GLFW_KEY_GRAVE_ACCENT && !(modifiers & (GLFW_MOD_CONTROL | GLFW_MOD_ALT | GLFW_MOD_SUPER));
}

bool is_modifier(int key) { return key >= GLFW_KEY_LEFT_SHIFT && key <= GLFW_KEY_RIGHT_SUPER; }

// A key after which letters may mean something else: it opens or closes what takes them.
bool changes_focus(int key, int modifiers) {
  return modifiers & GLFW_MOD_CONTROL || (key >= GLFW_KEY_F1 && key <= GLFW_KEY_F12) || key == GLFW_KEY_ENTER || key == GLFW_KEY_KP_ENTER ||
      key == GLFW_KEY_ESCAPE || key == GLFW_KEY_TAB;
}

}  // namespace

void Events::button(int button, int action, int modifiers) {
  if (button >= 0 && button < int(down_.size())) queue_.push_back({What::button, button, 0, action, modifiers, x_, y_});
}
void Events::key(int key, int scancode, int action, int modifiers) {
  queue_.push_back({What::key, key, scancode, action, modifiers, x_, y_});
}
void Events::character(unsigned letter) { queue_.push_back({What::character, int(letter), 0, 0, 0, x_, y_}); }

std::vector<KeyPress> Events::take_pressed() { return std::exchange(pressed_, {}); }

bool Events::fits(const Event& event, const Frame& frame) const {
  const bool begins = event.what == What::character ||
      (event.what == What::key && event.action != GLFW_RELEASE && !is_modifier(event.code));
  if (begins && (frame.buttons || frame_ < typing_from_)) return false;
  switch (event.what) {
    case What::button: return frame.keys_changed.empty() && !frame.characters && !contains(frame.buttons_changed, event.code);
    case What::key:
      if (writes(event.code, event.modifiers)) return true;
      if (frame.buttons || frame.characters || contains(frame.keys_changed, event.code)) return false;
      // Ctrl neither ends nor begins in the frame of a key that it does or does not belong to
      return !is_modifier(event.code) || !frame.strokes;
    default: return true;
  }
}

void Events::hand_over(GLFWwindow* window, const Event& event, Frame& frame) {
  if (event.what == What::button) {
    down_[size_t(event.code)] = event.action == GLFW_PRESS;
    handed_x_ = event.x, handed_y_ = event.y;
    frame.buttons = true;
    frame.buttons_changed.push_back(event.code);
    if (event.action == GLFW_PRESS) typing_from_ = std::max(typing_from_, frame_ + after_click);
    return;
  }
  if (event.what == What::character) {
    ImGui_ImplGlfw_CharCallback(window, unsigned(event.code));
    frame.characters = true;
    return;
  }
  ImGui_ImplGlfw_KeyCallback(window, event.code, event.scancode, event.action, event.modifiers);
  const bool plain = writes(event.code, event.modifiers);
  if (!plain) frame.keys_changed.push_back(event.code);
  frame.strokes |= !plain && !is_modifier(event.code);
  if (event.action == GLFW_RELEASE) return;
  const char* name = glfwGetKeyName(event.code, event.scancode);   // what is printed on the key, wherever it is on the keyboard
  const bool letter = name && name[0] && !name[1];
  pressed_.push_back({letter ? std::toupper(static_cast<unsigned char>(name[0])) : event.code, event.modifiers,
                      event.action == GLFW_REPEAT});
  if (!is_modifier(event.code) && event.action == GLFW_PRESS && changes_focus(event.code, event.modifiers))
    typing_from_ = std::max(typing_from_, frame_ + after_command);
}

void Events::hand_over(GLFWwindow* window) {
  ++frame_;
  Frame frame;
  while (!queue_.empty() && fits(queue_.front(), frame)) {
    const Event event = queue_.front();
    queue_.pop_front();
    hand_over(window, event, frame);
  }
  ImGuiIO& io = ImGui::GetIO();
  for (size_t i = 0; i < 5; ++i) io.MouseDown[i] = down_[i];
  const bool clicks_wait = std::any_of(queue_.begin(), queue_.end(), [](const Event& event) { return event.what == What::button; });
  if (frame.buttons || clicks_wait) io.MousePos = {handed_x_, handed_y_};
}

}  // namespace nuri::editor
