// Where the panels stand. The packaged Dear ImGui has no docking: places are fixed, their sizes are shares of the window with lower bounds
// in letters, and the borders between them can be dragged.
#include "tools/editor/panels.h"
#include <imgui/imgui.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include "tools/editor/tell.h"
#include "tools/editor/theme.h"

namespace nuri::editor {
namespace {

constexpr ImGuiWindowFlags fixed =
    ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoCollapse |
                                   ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoNav;
constexpr float gap_letters = 0.3f;                // between panels
constexpr float least_viewport = 12;               // letters, of its width

template <class Content> void panel(const char* name, const Rectangle& place, ImGuiWindowFlags flags, const Content& content) {
  ImGui::SetNextWindowPos({place.x, place.y});
  ImGui::SetNextWindowSize({place.width, place.height});
  if (ImGui::Begin(name, nullptr, fixed | flags)) content();
  ImGui::End();
}

// The gap between two panels, to be dragged: `share` of `whole` pixels grows as the mouse moves in the direction of `sign`.
void border(const char* name, const Rectangle& place, float& share, float whole, float sign, bool upright) {
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, {1, 1});
  panel(name, place, ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoScrollbar, [&] {
    ImGui::InvisibleButton("border", {place.width, place.height});
    if (ImGui::IsItemHovered() || ImGui::IsItemActive()) {
      ImGui::SetMouseCursor(upright ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
      ImGui::GetWindowDrawList()->AddRectFilled({place.x + 1, place.y + 1}, {place.x + place.width - 1, place.y + place.height - 1},
                                                theme::colour(theme::palette().accent, 0.5f), 2);
    }
    if (ImGui::IsItemActive())
      share += sign * (upright ? ImGui::GetIO().MouseDelta.x : ImGui::GetIO().MouseDelta.y) / std::max(1.0f, whole);
  });
  ImGui::PopStyleVar(2);
}

// For whoever drives the window from outside: where things are.
void tell_places(Desk& desk, const std::map<std::string, Rectangle>& places) {
  static std::map<std::string, Rectangle> told;
  if (!desk.speaks) return;
  for (const auto& [name, place] : places) {
    if (const auto former = told.find(name); former != told.end() && former->second == place) continue;
    char line[128];
    std::snprintf(line, sizeof line, "place %s %.0f %.0f %.0f %.0f", name.c_str(), place.x, place.y, place.width, place.height);
    desk.event(line);
  }
  told = places;
}

}  // namespace

void draw_panels(Desk& desk, float width, float height) {
  follow_streams(desk);
  const float letter = ImGui::GetFontSize(), gap = std::round(gap_letters * letter);
  const float bar = ImGui::GetFrameHeight() + 2 * std::round(0.4f * letter);
  // sides give way before the viewport does
  const float room = std::max(0.0f, width - 4 * gap - least_viewport * letter);
  float left = desk.left ? std::clamp(desk.left_share * width, 11 * letter, 26 * letter) : 0,
      right = desk.right ? std::clamp(desk.right_share * width, 15 * letter, 34 * letter) : 0;
  if (left + right > room) {
    const float shrink = room / (left + right);
    left *= shrink, right *= shrink;
  }
  left = std::round(left), right = std::round(right);
  const float below = height - bar - 3 * gap;
  const float strip = ImGui::GetFrameHeight() + 2 * std::round(0.35f * letter);
  const float bottom = desk.bottom ? std::round(std::clamp(desk.bottom_share * height, 8 * letter, std::max(8 * letter, 0.6f * below))) : 0;

  std::map<std::string, Rectangle> places;
  const Rectangle top{gap, gap, width - 2 * gap, bar};
  const float x = desk.left ? 2 * gap + left : gap, inner = width - x - (desk.right ? 2 * gap + right : gap);
  const float y = bar + 2 * gap;
  float view_height = height - y - gap - strip - gap - (desk.bottom ? bottom + gap : 0);
  view_height = std::max(view_height, 4 * letter);
  const Rectangle view{x, y, inner, view_height}, line{x, y + view_height + gap, inner, strip};
  places["top"] = top, places["viewport"] = view, places["timeline"] = line;

  const ImVec2 narrow{std::round(0.5f * letter), std::round(0.4f * letter)};
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, narrow);
  panel("top", top, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse, [&] { top_bar(desk); });
  ImGui::PopStyleVar();
  if (desk.left) {
    const Rectangle place{gap, y, left, height - y - gap};
    places["outliner"] = place;
    panel("outliner", place, 0, [&] { outliner(desk); });
    border("left border", {gap + left, y, gap, place.height}, desk.left_share, width, 1, true);
    desk.left_share = std::clamp(desk.left_share, 0.08f, 0.4f);
  }
  if (desk.right) {
    const Rectangle place{width - gap - right, y, right, height - y - gap};
    places["inspector"] = place;
    panel("inspector", place, 0, [&] { inspector(desk); });
    border("right border", {place.x - gap, y, gap, place.height}, desk.right_share, width, -1, true);
    desk.right_share = std::clamp(desk.right_share, 0.08f, 0.45f);
  }
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  panel("viewport", view, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoBackground,
        [&] { viewport(desk, view); });
  ImGui::PopStyleVar();
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {narrow.x, std::round(0.35f * letter)});
  panel("timeline", line, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse, [&] { timeline(desk); });
  ImGui::PopStyleVar();
  if (desk.bottom) {
    const Rectangle place{x, line.y + strip + gap, inner, bottom};
    places["tabs"] = place;
    panel("tabs", place, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse, [&] { tabs(desk); });
    border("bottom border", {x, place.y - gap, inner, gap}, desk.bottom_share, height, -1, false);
    desk.bottom_share = std::clamp(desk.bottom_share, 0.1f, 0.6f);
  }
  overlays(desk, view);
  dialogs(desk, width, height);
  tell_places(desk, places);
  tell_gone(desk);
}

void tabs(Desk& desk) {
  if (!ImGui::BeginTabBar("tabs", ImGuiTabBarFlags_FittingPolicyScroll)) return;
  struct Tab { const char* name; void (*draw)(Desk&); bool needs_scene; };
  static constexpr Tab all[] = {
      {"Environments", environments_tab, true}, {"Sensors", sensors_tab, true},        {"Policy", policy_tab, true},
      {"Recording", recording_tab, true},       {"Plots", plots_tab, true},
      {"Contacts", contacts_tab, true},         {"Profiler", profiler_tab, true},      {"Import report", report_tab, true},
      {"Console", console_tab, false},          {"History", history_tab, true}};
  for (const Tab& tab : all) {
    const bool shown = ImGui::BeginTabItem(tab.name);
    tell_item(desk, std::string("tab ") + tab.name);
    if (!shown) continue;
    if (ImGui::BeginChild(tab.name, {0, 0}, false, ImGuiWindowFlags_NoNav)) {
      if (desk.has_scene() || !tab.needs_scene) tab.draw(desk);
      else theme::quiet_text("No scene is open.");
    }
    ImGui::EndChild();
    ImGui::EndTabItem();
  }
  ImGui::EndTabBar();
}

void plottable(Desk& desk, StateField field, int item, const std::string& name, const std::string& unit) {
  tell_item(desk, "plottable " + name);
  if (ImGui::BeginDragDropSource(ImGuiDragDropFlags_SourceAllowNullID)) {
    Plotted plotted{field, item, {}, {}};
    std::snprintf(plotted.name, sizeof plotted.name, "%s", name.c_str());
    std::snprintf(plotted.unit, sizeof plotted.unit, "%s", unit.c_str());
    ImGui::SetDragDropPayload(plotted_payload, &plotted, sizeof plotted);
    ImGui::TextUnformatted(name.c_str());
    ImGui::EndDragDropSource();
  }
  ImGui::PushID(int(field) * 100003 + item);
  if (ImGui::BeginPopupContextItem("number")) {
    if (ImGui::MenuItem("Plot")) desk.add_plot(field, item, name, unit);
    ImGui::EndPopup();
  }
  ImGui::PopID();
}

}  // namespace nuri::editor
