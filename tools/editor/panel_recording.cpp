// What the open recording is of, which of its environments is shown, its episodes, and where the bits part from the recorded ones.
#include <imgui/imgui.h>
#include <algorithm>
#include <cstdio>
#include "tools/editor/panels.h"
#include "tools/editor/tell.h"
#include "tools/editor/theme.h"
#include "tools/record/replay.h"

namespace nuri::editor {
namespace {

// A click goes to an episode's beginning.
void episode_row(Desk& desk, const record::EpisodeInfo& e, double begins, double ends, bool present, bool differs) {
  char text[160];
  std::snprintf(text, sizeof text, "episode %llu: %.3f to %.3f s, %s%s%s", static_cast<unsigned long long>(e.number), begins, ends,
                e.ended.c_str(), e.success ? ", success" : "", e.fault ? ", fault" : "");
  if (differs) ImGui::PushStyleColor(ImGuiCol_Text, theme::palette().warning);
  const bool clicked = ImGui::Selectable(text, present);
  if (differs) ImGui::PopStyleColor();
  tell_item(desk, "episode " + std::to_string(e.number));
  if (!clicked) return;
  desk.bench.running = false;
  desk.bench.go_to(begins);
  desk.event("episode " + std::to_string(e.number));
}

}  // namespace

void recording_tab(Desk& desk) {
  const record::Replay* const replay = desk.bench.replay();
  if (!replay)
    return theme::quiet_text(
        "No recording is open. nuri run SCENE --record FILE.h5 writes one; open it (Ctrl+O) or drop it into the window.");
  record::Recording& recording = desk.bench.replay()->recording();
  const record::Info& info = recording.info();
  const uint64_t open = desk.bench.recorded_environment();
  ImGui::AlignTextToFramePadding();
  ImGui::Text("%s, Nuri %s, environment", info.name.c_str(), info.version.c_str());
  theme::tip(recording.path().c_str());
  ImGui::SameLine();
  ImGui::SetNextItemWidth(7 * ImGui::GetFontSize());
  std::optional<uint64_t> chosen;
  if (ImGui::BeginCombo("##environment", std::to_string(open).c_str())) {
    for (const uint64_t id : desk.bench.recorded_environments())
      if (ImGui::Selectable(std::to_string(id).c_str(), id == open)) chosen = id;
    ImGui::EndCombo();
  }
  tell_item(desk, "recorded environment");
  if (chosen && *chosen != open) return desk.open_recorded(*chosen);

  const std::vector<record::Difference>& differences = replay->differences();
  if (differences.empty())
    theme::quiet_text("%llu stretches played, the same bits as recorded", static_cast<unsigned long long>(replay->compared()));
  for (const record::Difference& d : differences) {
    ImGui::PushStyleColor(ImGuiCol_Text, theme::palette().warning);
    ImGui::TextWrapped("%s", to_string(d, info.precision, info.timestep).c_str());
    ImGui::PopStyleColor();
  }
  for (const Diagnostic& error : desk.bench.errors()) {
    ImGui::PushStyleColor(ImGuiCol_Text, theme::colour_of(error.severity));
    ImGui::TextWrapped("%s", to_string(error).c_str());
    ImGui::PopStyleColor();
  }
  const double step = info.timestep;
  for (const int k : replay->episodes()) {
    const record::EpisodeInfo& e = recording.episode(k);
    const double begins = double(replay->beginning(k)) * step, ends = begins + double(e.substeps) * step, now = desk.bench.time();
    const bool differs = std::any_of(differences.begin(), differences.end(), [&](const record::Difference& d) { return d.demo == e.demo; });
    episode_row(desk, e, begins, ends, now >= begins && now < ends, differs);
  }
}

}  // namespace nuri::editor
