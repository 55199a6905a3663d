#include "tools/editor/tell.h"
#include <imgui/imgui.h>
#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <map>
#include "engine/core/hash.h"

namespace nuri::editor {
namespace {

struct Told { Rectangle place; bool here = false; };   // here: in this frame
std::map<std::string, Told> told;

}  // namespace

void tell_item(Desk& desk, const std::string& name) {
  if (!desk.speaks || !ImGui::IsItemVisible()) return;
  const ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImVec2 a = ImGui::GetItemRectMin(), b = ImGui::GetItemRectMax(), c = list.GetClipRectMin(), d = list.GetClipRectMax();
  const float x = std::max(a.x, c.x), y = std::max(a.y, c.y), width = std::min(b.x, d.x) - x, height = std::min(b.y, d.y) - y;
  if (width >= 1 && height >= 1) tell_place(desk, name, {x, y, width, height});
}

void tell_place(Desk& desk, const std::string& name, const Rectangle& place) {
  if (!desk.speaks) return;
  const Rectangle whole{std::round(place.x), std::round(place.y), std::round(place.width), std::round(place.height)};
  const auto [at, fresh] = told.try_emplace(name);
  const bool same = !fresh && at->second.place == whole;
  at->second = {whole, true};
  if (same) return;
  char line[64];
  std::snprintf(line, sizeof line, "item %.0f %.0f %.0f %.0f ", double(whole.x), double(whole.y), double(whole.width),
                double(whole.height));
  desk.event(line + name);
}

void tell_gone(Desk& desk) {
  for (auto at = told.begin(); at != told.end();) {
    const bool here = std::exchange(at->second.here, false);
    if (!here) desk.event("gone " + at->first);
    at = here ? std::next(at) : told.erase(at);
  }
}

void tell_state(Desk& desk) {
  static uint64_t told_text = 0, told_world = 0;
  if (!desk.speaks || !desk.has_scene() || desk.bench.running) return;
  const uint64_t text = Hash().add(std::string_view(desk.bench.text())).value(), world = desk.world().hash();
  if (text == told_text && world == told_world) return;
  told_text = text, told_world = world;
  char line[48];
  std::snprintf(line, sizeof line, "state %016" PRIx64 " %016" PRIx64, text, world);
  desk.event(line);
}

}  // namespace nuri::editor
