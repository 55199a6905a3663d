// All environments as a field of cells, which of them are shown, and those that stand out.
#include <imgui/imgui.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include "tools/editor/panels.h"
#include "tools/editor/theme.h"

namespace nuri::editor {
namespace {

constexpr double look_again = 0.25;                // s between looks for outliers: they go through all environments
constexpr int most_outliers = 50;

void focus_on(Desk& desk, int environment) {
  desk.bench.focus = std::clamp(environment, 0, desk.world().environments() - 1);
  desk.bench.show.selected_environment = uint32_t(desk.bench.focus);
  desk.bench.selected.environment = desk.bench.focus;
  desk.show_all();
  for (Series& one : desk.plots) one.samples.clear();   // of another environment
  desk.event("focus " + std::to_string(desk.bench.focus));
}

// One cell per environment: brighter with more contacts, red if it stands still.
void cells(Desk& desk, ImVec2 size) {
  const theme::Palette& p = theme::palette();
  World& world = desk.world();
  const int count = world.environments();
  const float letter = ImGui::GetFontSize();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::InvisibleButton("cells", {std::max(1.0f, size.x), std::max(1.0f, size.y)});
  float side = std::floor(std::sqrt(size.x * size.y / float(count)));
  side = std::clamp(side, 2.0f, 1.4f * letter);
  while (side > 2 && std::ceil(float(count) / std::floor(size.x / side)) * side > size.y) side -= 1;
  const int columns = std::max(1, int(size.x / side)), rows = std::max(1, int(size.y / side)), drawn = std::min(count, columns * rows);
  int most = 1;
  for (int i = 0; i < drawn; ++i) most = std::max(most, world.contacts(i));
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const float inset = side > 5 ? 1 : 0;
  for (int i = 0; i < drawn; ++i) {
    const ImVec2 low{at.x + float(i % columns) * side, at.y + float(i / columns) * side}, high{low.x + side - inset, low.y + side - inset};
    const float share = float(world.contacts(i)) / float(most);
    list.AddRectFilled(low, high, world.fault(i) ? theme::colour(p.bad) : theme::colour(p.quiet, 0.2f + 0.6f * share), side > 8 ? 2 : 0);
    if (i == desk.bench.focus) list.AddRect({low.x - 1, low.y - 1}, {high.x + 1, high.y + 1}, theme::colour(p.accent), 2, 0, 2);
  }
  if (!ImGui::IsItemHovered()) return;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const int column = int((mouse.x - at.x) / side), row = int((mouse.y - at.y) / side), under = row * columns + column;
  if (column >= columns || under < 0 || under >= drawn) return;
  ImGui::SetTooltip("environment %d: %d contacts%s", under, world.contacts(under), world.fault(under) ? ", stands still" : "");
  if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) focus_on(desk, under);
}

}  // namespace

void environments_tab(Desk& desk) {
  World& world = desk.world();
  const int count = world.environments();
  const float letter = ImGui::GetFontSize();
  const float right = std::min(ImGui::GetContentRegionAvail().x * 0.4f, 20 * letter);
  ImGui::BeginChild("field", {ImGui::GetContentRegionAvail().x - right - letter, 0}, false,
                    ImGuiWindowFlags_NoNav | ImGuiWindowFlags_NoScrollbar);
  ImGui::AlignTextToFramePadding();
  theme::quiet_text("Shown");
  ImGui::SameLine();
  int shown = desk.bench.shown, focus = desk.bench.focus;
  ImGui::SetNextItemWidth(5 * letter);
  if (ImGui::DragInt("##shown", &shown, 0.1f, 1, std::min(count, 1024), "%d", ImGuiSliderFlags_AlwaysClamp))
    desk.bench.shown = std::clamp(shown, 1, count), desk.show_all();
  theme::tip("How many environments the picture shows, in a grid around the focused one. Drag, or double-click and type.");
  ImGui::SameLine(0, letter);
  theme::quiet_text("Focus");
  ImGui::SameLine();
  ImGui::SetNextItemWidth(5 * letter);
  if (ImGui::DragInt("##focus", &focus, 0.1f, 0, count - 1, "%d", ImGuiSliderFlags_AlwaysClamp)) focus_on(desk, focus);
  theme::tip("The environment that all panels speak of. A click on a cell below chooses it.");
  ImGui::SameLine(0, letter);
  if (ImGui::Button("All")) desk.bench.shown = std::min(count, 1024), desk.show_all();
  ImGui::SameLine();
  if (ImGui::Button("One")) desk.bench.shown = 1, desk.show_all();
  ImGui::Spacing();
  cells(desk, ImGui::GetContentRegionAvail());
  ImGui::EndChild();
  ImGui::SameLine(0, letter);

  // those that stand out
  ImGui::BeginChild("outliers", {0, 0}, false, ImGuiWindowFlags_NoNav);
  static int worst = 0;
  static std::vector<Workbench::Outlier> found;
  static double looked = -1;
  static int looked_for = -1;
  static uint64_t generation = 0;
  static constexpr const char* names[] = {"Stand still", "Deepest contact", "Largest contact force", "Slowest to solve"};
  static constexpr const char* units[] = {"", "mm", "N", "rounds"};
  ImGui::SetNextItemWidth(-1);
  ImGui::Combo("##worst", &worst, names, IM_ARRAYSIZE(names));
  if (worst != looked_for || generation != desk.bench.generation() || ImGui::GetTime() > looked + look_again) {
    found = desk.bench.outliers(Workbench::Worst(worst), most_outliers);
    looked = ImGui::GetTime();
    looked_for = worst;
    generation = desk.bench.generation();
  }
  if (found.empty()) theme::quiet_text(worst == 0 ? "None: all go on." : "None.");
  for (const Workbench::Outlier& one : found) {
    char text[64];
    std::snprintf(text, sizeof text, "environment %d", one.environment);
    if (ImGui::Selectable(text, one.environment == desk.bench.focus)) focus_on(desk, one.environment);
    if (worst == 0) continue;
    std::snprintf(text, sizeof text, "%.4g %s", worst == 1 ? one.value * 1000 : one.value, units[worst]);
    ImGui::SameLine(ImGui::GetContentRegionMax().x - ImGui::CalcTextSize(text).x);
    theme::quiet_text("%s", text);
  }
  ImGui::EndChild();
}

}  // namespace nuri::editor
