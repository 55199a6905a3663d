// Which policy drives, whether it does, and what it is told to do.
#include <imgui/imgui.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include "tools/editor/panels.h"
#include "tools/editor/tell.h"
#include "tools/editor/theme.h"

namespace nuri::editor {
namespace {

// One number of the command; its slider reaches twice as far as what it was trained with, 1 at least.
void command_row(Desk& desk, int item) {
  session::Policy& policy = *desk.bench.policy();
  const std::string name = "command " + std::to_string(item);
  const double trained = double(policy.file().command[size_t(item)]), high = std::max(1.0, 2 * std::fabs(trained)), low = -high;
  double value = double(policy.port().command()[size_t(desk.bench.focus * policy.port().commands() + item)]);
  ImGui::PushID(item);
  ImGui::AlignTextToFramePadding();
  theme::quiet_text("%s", name.c_str());
  ImGui::SameLine(6 * ImGui::GetFontSize());
  ImGui::SetNextItemWidth(std::min(ImGui::GetContentRegionAvail().x, 20 * ImGui::GetFontSize()));
  if (ImGui::SliderScalar("##value", ImGuiDataType_Double, &value, &low, &high, "%.3f")) desk.bench.set_command(item, value);
  tell_item(desk, name);
  if (ImGui::IsItemDeactivatedAfterEdit()) desk.bench.end_gesture(), desk.event("told " + name);
  char text[96];
  std::snprintf(text, sizeof text, "Of all environments; %g is in the file. Ctrl and a click: type a number", trained);
  if (!ImGui::IsItemActive()) theme::tip(text);
  ImGui::PopID();
}

}  // namespace

void policy_tab(Desk& desk) {
  session::Policy* const policy = desk.bench.policy();
  if (!policy) return theme::quiet_text("No policy drives. Drop a .policy file into the window, or open one (Ctrl+O): python -m nuri.train writes them.");
  const session::PolicyFile& file = policy->file();
  bool on = policy->on();
  if (ImGui::Checkbox("Drives", &on)) {
    desk.bench.set_policy_on(on);
    desk.event(on ? "policy on" : "policy off");
  }
  tell_item(desk, "policy drives");
  theme::tip("Switched off, controls stay as they are, and can be set by hand");
  ImGui::SameLine(0, ImGui::GetFontSize());
  ImGui::TextUnformatted(file.path.substr(file.path.find_last_of('/') + 1).c_str());
  theme::tip(file.path.c_str());
  ImGui::SameLine(0, ImGui::GetFontSize());
  if (ImGui::SmallButton("Remove")) return desk.open_policy("");
  tell_item(desk, "remove policy");
  theme::tip("The scene goes on without a policy");
  std::string shape = std::to_string(file.mean.size());
  for (const auto& layer : file.layers) shape += " \xe2\x86\x92 " + std::to_string(layer.outputs);
  theme::quiet_text("%s%s%s, every %d substeps", file.task.c_str(), file.task.empty() ? "" : ", ", shape.c_str(), file.substeps);
  for (int item = 0; item < policy->port().commands(); ++item) command_row(desk, item);
}

}  // namespace nuri::editor
