#include <imgui/imgui.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <string>
#include "tools/editor/panels.h"
#include "tools/editor/tell.h"
#include "tools/editor/theme.h"

namespace nuri::editor {
namespace {

constexpr const char* stage_names[] = {
#define NURI_STAGE_NAME(name) #name,
#include "physics/stage.inl"
#undef NURI_STAGE_NAME
};

// A name, a bar, a number.
void bar_row(const char* name, float share, const char* value, const ImVec4& colour) {
  const float letter = ImGui::GetFontSize();
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  theme::quiet_text("%s", name);
  ImGui::TableNextColumn();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  ImGui::Dummy({width, letter});
  ImGui::GetWindowDrawList()->AddRectFilled({at.x, at.y + 0.25f * letter},
                                            {at.x + std::max(1.0f, width * std::clamp(share, 0.0f, 1.0f)), at.y + 0.85f * letter},
                                                theme::colour(colour, 0.8f), 2);
  ImGui::TableNextColumn();
  ImGui::TextUnformatted(value);
}

bool begin_bars(const char* id) {
  if (!ImGui::BeginTable(id, 3, ImGuiTableFlags_SizingFixedFit)) return false;
  ImGui::TableSetupColumn("name", ImGuiTableColumnFlags_WidthFixed);
  ImGui::TableSetupColumn("bar", ImGuiTableColumnFlags_WidthStretch);
  ImGui::TableSetupColumn("value", ImGuiTableColumnFlags_WidthFixed);
  return true;
}

}  // namespace

void contacts_tab(Desk& desk) {
  std::vector<view::Touch> touches = desk.bench.touches();
  if (touches.empty()) return theme::quiet_text("Environment %d touches nothing.", desk.bench.focus);
  const ImGuiTableFlags flags = ImGuiTableFlags_ScrollY | ImGuiTableFlags_RowBg | ImGuiTableFlags_SizingStretchProp;
  if (!ImGui::BeginTable("contacts", 6, flags)) return;
  ImGui::TableSetupScrollFreeze(0, 1);
  for (const char* name : {"#", "Place, m", "Normal force, N", "Tangential force, N", "Depth, mm", "Friction"})
    ImGui::TableSetupColumn(name);
  ImGui::TableHeadersRow();
  ImGuiListClipper clipper;
  clipper.Begin(int(touches.size()));
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const view::Touch& touch = touches[i];
      const float normal = dot(touch.force, touch.normal), tangential = length(touch.force - normal * touch.normal);
      ImGui::TableNextColumn();
      theme::quiet_text("%d", i);
      ImGui::TableNextColumn();
      const auto place = [&](size_t k) { return std::fabs(touch.position[k]) < 5e-4f ? 0.0 : double(touch.position[k]); };   // no -0.000
      ImGui::Text("%.3f  %.3f  %.3f", place(0), place(1), place(2));
      ImGui::TableNextColumn();
      ImGui::Text("%.4g", double(normal));
      ImGui::TableNextColumn();
      ImGui::Text("%.4g", double(tangential));
      ImGui::TableNextColumn();
      ImGui::Text("%.4g", double(touch.depth) * 1000);
      ImGui::TableNextColumn();
      if (touch.slips) ImGui::TextColored(theme::palette().warning, "slips");
      else theme::quiet_text("sticks");
    }
  ImGui::EndTable();
}

void profiler_tab(Desk& desk) {
  const float letter = ImGui::GetFontSize(), half = (ImGui::GetContentRegionAvail().x - letter) / 2;
  const theme::Palette& p = theme::palette();
  char text[64];

  ImGui::BeginChild("frames", {half, 0}, false, ImGuiWindowFlags_NoNav);
  double mean = 0, most = 0;
  for (double time : desk.frame_times) mean += time / double(desk.frame_times.size()), most = std::max(most, time);
  theme::quiet_text("Picture: %.1f ms a frame, %.0f a second", mean, mean > 0 ? 1000 / mean : 0.0);
  if (begin_bars("passes")) {
    const auto passes = desk.pass_times();
    float longest = 1e-3f;
    for (const raster::PassTime& pass : passes) longest = std::max(longest, pass.milliseconds);
    for (const raster::PassTime& pass : passes) {
      std::snprintf(text, sizeof text, "%.2f ms", double(pass.milliseconds));
      bar_row(pass.name.c_str(), pass.milliseconds / longest, text, p.accent);
    }
    ImGui::EndTable();
  }
  ImGui::EndChild();
  ImGui::SameLine(0, letter);

  ImGui::BeginChild("stages", {0, 0}, false, ImGuiWindowFlags_NoNav);
  static Statistics statistics;
  static double looked = -1;
  if (ImGui::GetTime() > looked + 0.25) statistics = desk.world().statistics(), looked = ImGui::GetTime();
  const double steps = double(std::max<uint64_t>(1, statistics.steps)), wall = desk.bench.session().seconds_in_world();
  theme::quiet_text("Physics: %.0f steps a second", wall > 0 ? double(statistics.steps) / wall : 0.0);
  theme::quiet_text("%.1f contacts, %.1f rows, %.2f iterations a step", statistics.contacts / steps, statistics.rows / steps,
                    statistics.iterations / steps);
  const uint64_t all = std::accumulate(statistics.cycles.begin(), statistics.cycles.end(), uint64_t{0});
  if (all == 0) theme::quiet_text("Times of stages: start with --profile.");
  else if (begin_bars("stages")) {
    const uint64_t largest = *std::max_element(statistics.cycles.begin(), statistics.cycles.end());
    for (size_t i = 0; i < statistics.cycles.size() && i < std::size(stage_names); ++i) {
      if (statistics.cycles[i] == 0) continue;
      std::snprintf(text, sizeof text, "%.1f %%", 100 * double(statistics.cycles[i]) / double(all));
      bar_row(stage_names[i], float(statistics.cycles[i]) / float(largest), text, {0.36f, 0.61f, 0.96f, 1});
    }
    ImGui::EndTable();
  }
  ImGui::EndChild();
}

void console_tab(Desk& desk) {
  if (desk.console.empty()) return theme::quiet_text("Nothing to say.");
  static size_t seen = 0;
  for (size_t i = 0; i < desk.console.size(); ++i) {
    const Remark& remark = desk.console[i];
    ImGui::PushID(int(i));
    ImGui::PushStyleColor(ImGuiCol_Text, remark.severity == Severity::note ? theme::palette().text : theme::colour_of(remark.severity));
    ImGui::TextWrapped("%s", remark.text.c_str());
    ImGui::PopStyleColor();
    if (ImGui::BeginPopupContextItem("remark")) {
      if (ImGui::MenuItem("Copy")) ImGui::SetClipboardText(remark.text.c_str());
      if (ImGui::MenuItem("Copy all")) {
        std::string all;
        for (const Remark& one : desk.console) all += one.text + "\n";
        ImGui::SetClipboardText(all.c_str());
      }
      ImGui::EndPopup();
    }
    ImGui::PopID();
  }
  if (seen != desk.console.size()) ImGui::SetScrollHereY(1);
  seen = desk.console.size();
}

// A click goes to just after that change: everything after it is undone, everything up to it done.
void history_tab(Desk& desk) {
  const std::vector<Workbench::Entry> entries = desk.bench.entries();
  int done = 0, target = -1;
  for (const Workbench::Entry& entry : entries) done += entry.done;
  if (ImGui::Selectable("As it was opened", done == 0)) target = 0;
  tell_item(desk, "history 0");
  for (int i = 0; i < int(entries.size()); ++i) {
    ImGui::PushID(i);
    if (!entries[i].done) ImGui::PushStyleColor(ImGuiCol_Text, theme::palette().quiet);
    if (ImGui::Selectable(entries[i].what.c_str(), i + 1 == done)) target = i + 1;
    tell_item(desk, "history " + std::to_string(i + 1));
    if (!entries[i].done) ImGui::PopStyleColor();
    ImGui::PopID();
  }
  if (target < 0) return;
  for (; done > target && desk.bench.undo(); --done) {}
  for (; done < target && desk.bench.redo(); ++done) {}
  desk.follow_selection();
  desk.event("history " + std::to_string(done));
}

}  // namespace nuri::editor
