// What had to be adjusted or guessed while the scene was read, a line each. A click goes to the thing that it speaks of.
#include <imgui/imgui.h>
#include <algorithm>
#include "tools/editor/panels.h"
#include "tools/editor/tell.h"
#include "tools/editor/theme.h"

namespace nuri::editor {
namespace {

void copy(Desk& desk, const std::string& text, const char* what) {
  ImGui::SetClipboardText(text.c_str());
  desk.notify(std::string("Copied ") + what);
}

void go_to(Desk& desk, const Diagnostic& finding) {
  const auto thing = thing_of(desk.model(), desk.bench.placements(), finding);
  if (!thing) return desk.notify("It speaks of nothing that can be selected");
  desk.left = true;
  desk.select(*thing);
}

// The file's name and line: the whole path is in the tip.
std::string short_place(const Place& place) {
  const std::string whole = place_text(place);
  return whole.substr(whole.find_last_of('/') + 1);
}

void row(Desk& desk, const Diagnostic& finding) {
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  const float letter = ImGui::GetFontSize();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  static constexpr theme::Icon icons[] = {theme::Icon::note, theme::Icon::warning, theme::Icon::error};
  const theme::Icon icon = icons[int(finding.severity)];
  ImGui::Dummy({letter, letter});
  theme::icon(*ImGui::GetWindowDrawList(), icon, {at.x + letter / 2, at.y + ImGui::GetTextLineHeight() / 2}, 0.9f * letter,
              theme::colour(theme::colour_of(finding.severity)));
  ImGui::TableNextColumn();
  const bool clicked = ImGui::Selectable(finding.message.c_str());
  tell_item(desk, "finding " + short_place(finding.place));
  if (clicked) go_to(desk, finding);
  theme::tip((to_string(finding) + "\nA click selects what it speaks of; right-click to copy.").c_str());
  if (ImGui::BeginPopupContextItem("finding")) {
    if (ImGui::MenuItem("Copy")) copy(desk, to_string(finding), "the finding");
    if (ImGui::MenuItem("Copy its place", nullptr, false, !finding.place.file.empty())) copy(desk, place_text(finding.place), "the place");
    if (ImGui::MenuItem("Copy all")) {
      std::string all;
      for (const Diagnostic& one : desk.bench.session().loaded().report) all += to_string(one) + "\n";
      copy(desk, all, "the report");
    }
    ImGui::EndPopup();
  }
  ImGui::TableNextColumn();
  if (finding.place.file.empty()) return;
  ImGui::PushStyleColor(ImGuiCol_Text, theme::palette().quiet);
  if (ImGui::Selectable(short_place(finding.place).c_str())) copy(desk, place_text(finding.place), "the place");
  ImGui::PopStyleColor();
  theme::tip((place_text(finding.place) + "\nA click copies it.").c_str());
}

}  // namespace

void report_tab(Desk& desk) {
  const auto& report = desk.bench.session().loaded().report;
  if (report.empty()) return theme::quiet_text("The scene was taken as it is: nothing had to be adjusted.");
  if (!ImGui::BeginTable("findings", 3, ImGuiTableFlags_ScrollY | ImGuiTableFlags_SizingFixedFit)) return;
  std::string longest;
  for (const Diagnostic& one : report)
    if (std::string place = short_place(one.place); place.size() > longest.size()) longest = std::move(place);
  ImGui::TableSetupColumn("severity", ImGuiTableColumnFlags_WidthFixed, ImGui::GetFontSize());
  ImGui::TableSetupColumn("finding", ImGuiTableColumnFlags_WidthStretch);
  const float place_width = std::min(0.3f * ImGui::GetContentRegionAvail().x, ImGui::CalcTextSize(longest.c_str()).x);
  ImGui::TableSetupColumn("place", ImGuiTableColumnFlags_WidthFixed, place_width);
  ImGuiListClipper clipper;
  clipper.Begin(int(report.size()));
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      ImGui::PushID(i);
      row(desk, report[size_t(i)]);
      ImGui::PopID();
    }
  ImGui::EndTable();
}

}  // namespace nuri::editor
