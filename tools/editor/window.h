// Window: what the system gives the editor (a window by GLFW, a picture chain by Vulkan, events) and the loop that draws a frame after the
// other. It draws when something happens or time runs, and otherwise sleeps; while time stands still and nobody does anything, it costs
// nothing.
#pragma once
#include <string>
#include "tools/editor/workbench/workbench.h"

namespace nuri::editor {

struct WindowOptions {
  Workbench::Options workbench;
  std::string scene, policy;                       // empty: an invitation to drop one; the scene alone drives
  int shown = 0;                                   // environments at first; 0: all of them, at most 16
  int width = 1280, height = 800;                  // pixels
  bool light = false, speaks = false, paused = false, validate = false;
  std::string screenshot;                          // a PNG of the whole window after `after` seconds, then the end
  double after = 2;
  std::string device;                              // part of its name; empty: the best
};

// Until the window is closed. The exit status: 0, or 1 after an explanation on standard error.
int run_window(const WindowOptions& options);

}  // namespace nuri::editor
