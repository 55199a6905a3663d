// Plots of numbers over simulated time: lines with a grid, the values under the mouse, own because Debian 12 has no ImPlot. A series keeps
// its last hundred thousand samples; a world that goes back and on again overwrites what it had said of that time.
#pragma once
#include <imgui/imgui.h>
#include <deque>
#include <span>
#include <string>
#include "physics/bucket.h"

namespace nuri::editor {

struct Sample { double time; float value; };

struct Series {
  std::string name, unit;
  StateField field{};
  int item = 0;
  bool shown = true;
  std::deque<Sample> samples;                      // times ascend
  void add(double time, float value);
};

// What is dragged from a row of numbers onto the plots.
struct Plotted { StateField field; int item; char name[96], unit[24]; };
constexpr const char* plotted_payload = "NURI_PLOTTED";

// The series of one unit in a rectangle, from `from` to `to` s; a line stands at `now`.
void draw_plot(const char* id, ImVec2 size, std::span<const Series* const> series, std::span<const ImU32> colours, double from, double to,
               double now);
// A step of 1, 2 or 5 times a power of ten, at least `least`.
double round_step(double least);

}  // namespace nuri::editor
