#include <imgui/imgui.h>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include "tools/editor/panels.h"
#include "tools/editor/tell.h"
#include "tools/editor/theme.h"

namespace nuri::editor {
namespace {

// A table with a column per series; a series has no value at times when it was not looked at.
bool write_csv(const std::vector<Series>& plots, const std::string& path) {
  std::vector<double> times;
  for (const Series& one : plots)
    for (const Sample& sample : one.samples) times.push_back(sample.time);
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  std::ofstream file(path);
  file << "time";
  for (const Series& one : plots) file << ",\"" << one.name << "\"";
  file << '\n';
  std::vector<size_t> next(plots.size(), 0);
  char number[40];
  for (double time : times) {
    std::snprintf(number, sizeof number, "%.9g", time);
    file << number;
    for (size_t i = 0; i < plots.size(); ++i) {
      file << ',';
      if (next[i] >= plots[i].samples.size() || plots[i].samples[next[i]].time != time) continue;
      std::snprintf(number, sizeof number, "%.9g", double(plots[i].samples[next[i]++].value));
      file << number;
    }
    file << '\n';
  }
  return bool(file.flush());
}

}  // namespace

void plots_tab(Desk& desk) {
  const float letter = ImGui::GetFontSize();
  static float seconds = 10;
  static const char* const csv = "nuri_plots.csv";

  // what is plotted
  const float side = std::min(13 * letter, ImGui::GetContentRegionAvail().x * 0.3f);
  ImGui::BeginChild("names", {side, 0}, false, ImGuiWindowFlags_NoNav);
  ImGui::SetNextItemWidth(-1);
  ImGui::DragFloat("##seconds", &seconds, 0.1f, 0.1f, 600, "last %.1f s", ImGuiSliderFlags_AlwaysClamp | ImGuiSliderFlags_Logarithmic);
  theme::tip("How much of the past is in sight. Drag, or double-click and type.");
  int gone = -1;
  for (size_t i = 0; i < desk.plots.size(); ++i) {
    Series& one = desk.plots[i];
    ImGui::PushID(int(i));
    if (theme::icon_button("remove", theme::Icon::cross, "Plot it no longer")) gone = int(i);
    ImGui::SameLine(0, 4);
    ImGui::AlignTextToFramePadding();
    const ImU32 colour = theme::series(int(i));
    ImGui::PushStyleColor(ImGuiCol_Text, one.shown ? colour : theme::colour(theme::palette().quiet));
    if (ImGui::Selectable(one.name.c_str())) one.shown = !one.shown;
    ImGui::PopStyleColor();
    theme::tip((one.name + (one.samples.empty() ? "" : " = " + std::to_string(one.samples.back().value)) + " " + one.unit +
                "\nA click hides it and shows it again.").c_str());
    ImGui::PopID();
  }
  if (gone >= 0) desk.plots.erase(desk.plots.begin() + gone);
  if (!desk.plots.empty()) {
    ImGui::Spacing();
    if (ImGui::Button("Write CSV")) {
      const bool written = write_csv(desk.plots, csv);
      desk.notify(written ? std::string("Written: ") + csv : std::string("Cannot write ") + csv);
      desk.remark(written ? Severity::note : Severity::error, desk.say_once);
    }
    theme::tip("All samples as a table, in nuri_plots.csv of the folder where the editor was started");
    ImGui::SameLine();
    if (ImGui::Button("Clear")) desk.plots.clear();
  }
  ImGui::EndChild();
  ImGui::SameLine();

  // lines of one unit share an axis; each unit has its own picture, below each other
  ImGui::BeginChild("lines", {0, 0}, false, ImGuiWindowFlags_NoNav);
  std::vector<std::string> units;
  for (const Series& one : desk.plots)
    if (one.shown && std::find(units.begin(), units.end(), one.unit) == units.end()) units.push_back(one.unit);
  const ImVec2 room = ImGui::GetContentRegionAvail();
  if (units.empty()) {
    ImGui::Dummy({room.x, std::max(0.0f, room.y / 2 - letter)});
    const char* hint = "Drag a joint, an actuator, a sensor or a position here, or right-click it.";
    ImGui::SetCursorPosX(std::max(0.0f, (room.x - ImGui::CalcTextSize(hint).x) / 2));
    theme::quiet_text("%s", hint);
  }
  const double now = desk.bench.time();
  double to = now;
  for (const Series& one : desk.plots)
    if (!one.samples.empty()) to = std::max(to, one.samples.back().time);
  to = std::max(to, 1e-3);
  const float space = ImGui::GetStyle().ItemSpacing.y,
      each = std::max(6 * letter, (room.y - space * float(units.size() - (units.empty() ? 0 : 1))) / std::max(1.0f, float(units.size())));
  for (const std::string& unit : units) {
    std::vector<const Series*> lines;
    std::vector<ImU32> colours;
    for (size_t i = 0; i < desk.plots.size(); ++i)
      if (desk.plots[i].shown && desk.plots[i].unit == unit) lines.push_back(&desk.plots[i]), colours.push_back(theme::series(int(i)));
    draw_plot(("plot of " + unit).c_str(), {room.x, each}, lines, colours, std::max(0.0, to - double(seconds)), to, now);
  }
  ImGui::EndChild();
  tell_item(desk, "plots");
  if (ImGui::BeginDragDropTarget()) {
    if (const ImGuiPayload* payload = ImGui::AcceptDragDropPayload(plotted_payload)) {
      const auto* plotted = static_cast<const Plotted*>(payload->Data);
      desk.add_plot(plotted->field, plotted->item, plotted->name, plotted->unit);
    }
    ImGui::EndDragDropTarget();
  }
}

}  // namespace nuri::editor
