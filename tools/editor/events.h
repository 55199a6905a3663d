// Events: what mouse and keyboard did, told to Dear ImGui in its order. ImGui 1.86 looks at buttons, keys and the pointer's place once a
// frame: of two clicks within a slow frame it would see one, of a click and a move a click elsewhere, of Ctrl+A and a word typed after it
// neither. So events queue up, and a frame gets as many of them as it can tell apart; on a fast machine these are all, at once.
#pragma once
#include <array>
#include <deque>
#include <vector>
#include "tools/editor/input.h"

struct GLFWwindow;

namespace nuri::editor {

class Events {
 public:
  // From the window's callbacks.
  void moved(double x, double y) { x_ = float(x), y_ = float(y); }
  void button(int button, int action, int modifiers);
  void key(int key, int scancode, int action, int modifiers);
  void character(unsigned letter);

  // Between the backend's new frame and ImGui's.
  void hand_over(GLFWwindow* window);
  bool waiting() const { return !queue_.empty(); }
  std::vector<KeyPress> take_pressed();            // keys that went down, for commands

 private:
  enum class What { button, key, character };
  struct Event { What what; int code, scancode, action, modifiers; float x, y; };
  struct Frame { bool buttons = false, characters = false, strokes = false; std::vector<int> buttons_changed, keys_changed; };
  bool fits(const Event& event, const Frame& frame) const;
  void hand_over(GLFWwindow* window, const Event& event, Frame& frame);

  std::deque<Event> queue_;
  std::vector<KeyPress> pressed_;
  std::array<bool, 8> down_{};                     // buttons, as ImGui knows them
  float x_ = 0, y_ = 0, handed_x_ = 0, handed_y_ = 0;   // of the pointer: now, and at the last button event handed over
  int frame_ = 0, typing_from_ = 0;                // typing_from_: the frame when what was clicked or opened has the keyboard
};

}  // namespace nuri::editor
