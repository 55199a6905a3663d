#include <imgui/imgui.h>
#include <cstdio>
#include "tools/editor/input.h"
#include "tools/editor/panels.h"
#include "tools/editor/tell.h"
#include "tools/editor/theme.h"

namespace nuri::editor {
namespace {

// Everything by key and name, so that a button does what its key does.
void act(Desk& desk, const char* name) {
  for (const Command& command : commands())
    if (std::string(command.name) == name) return command.act(desk);
}

void file_menu(Desk& desk) {
  if (!ImGui::BeginPopup("file")) return;
  for (const Command& command : commands())
    if (std::string(command.group) == "Scene" &&
        ImGui::MenuItem(command.name, key_name(command).c_str(), false, desk.has_scene() || !command.needs_scene)) command.act(desk);
  const auto recent = recent_files();
  if (!recent.empty()) ImGui::Separator();
  for (const std::string& path : recent) {
    const size_t slash = path.find_last_of('/');
    if (ImGui::MenuItem((path.substr(slash + 1) + "##" + path).c_str())) desk.open(path);
    tell_item(desk, "recent " + path);
    theme::tip(path.c_str());
  }
  ImGui::Separator();
  if (ImGui::MenuItem("Quit", "Ctrl+Q")) desk.quit = true;
  ImGui::EndPopup();
}

void speed_menu(Desk& desk) {
  char text[48];
  std::snprintf(text, sizeof text, "%g\xc3\x97###speed", desk.bench.speed);
  if (ImGui::Button(text, {ImGui::GetFontSize() * 3.2f, 0})) ImGui::OpenPopup("speeds");
  theme::tip("Speed asked for, in simulated seconds per second (= faster, - slower)");
  if (!ImGui::BeginPopup("speeds")) return;
  for (double speed : {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0}) {
    std::snprintf(text, sizeof text, "%g\xc3\x97", speed);
    if (ImGui::MenuItem(text, nullptr, speed == desk.bench.speed)) desk.bench.speed = speed;
  }
  ImGui::EndPopup();
}

}  // namespace

void top_bar(Desk& desk) {
  const float letter = ImGui::GetFontSize(), width = ImGui::GetWindowWidth();
  const bool scene = desk.has_scene();

  // what is open
  std::string name = "Nuri";
  if (scene) {
    name = desk.bench.session().loaded().name;
    if (name.empty()) name = desk.bench.path().substr(desk.bench.path().find_last_of('/') + 1);
    if (desk.bench.changed()) name += " \xe2\x80\xa2";
  }
  if (ImGui::Button((name + "###file").c_str())) ImGui::OpenPopup("file");
  tell_item(desk, "file menu");
  if (scene) theme::tip((desk.bench.path() + (desk.bench.changed() ? "\nchanged, not saved" : "")).c_str());
  file_menu(desk);
  const float left_end = ImGui::GetItemRectMax().x - ImGui::GetWindowPos().x;

  // time: in the middle, if there is room
  const float side = ImGui::GetFrameHeight(), space = ImGui::GetStyle().ItemSpacing.x * 0.5f;
  const float group = 4 * side + 3 * space + 3.2f * letter + 2 * space;
  ImGui::SameLine(std::max(left_end + letter, (width - group) / 2));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {space, ImGui::GetStyle().ItemSpacing.y});
  ImGui::PushID("time");
  if (theme::icon_button("reset", theme::Icon::reset, "Back to the beginning (Backspace)", false, scene))
    act(desk, "Back to the beginning");
  ImGui::SameLine();
  if (theme::icon_button("back", theme::Icon::back, "One control step back (Left)", false, scene)) act(desk, "Step back");
  ImGui::SameLine();
  const bool runs = desk.bench.running && scene;
  if (theme::icon_button("play", runs ? theme::Icon::pause : theme::Icon::play, runs ? "Pause (Space)" : "Play (Space)", scene && !runs,
                         scene)) act(desk, "Play or pause");
  ImGui::SameLine();
  if (theme::icon_button("step", theme::Icon::step, "One control step forward (Right)", false, scene)) act(desk, "Step forward");
  ImGui::SameLine(0, 2 * space);
  ImGui::BeginDisabled(!scene);
  speed_menu(desk);
  ImGui::EndDisabled();
  ImGui::PopID();
  ImGui::PopStyleVar();
  const float middle_end = ImGui::GetItemRectMax().x - ImGui::GetWindowPos().x;

  // facts, at the right; the most important stay when there is little room
  if (!scene) {
    const float extent = ImGui::CalcTextSize("F1 keys").x;
    ImGui::SameLine(width - extent - letter);
    return theme::quiet_text("F1 keys");
  }
  char time[32], rate[48], count[128];
  std::snprintf(time, sizeof time, "%.3f s", desk.bench.time());
  std::snprintf(rate, sizeof rate, "%.2f\xc3\x97 real time", desk.bench.running ? desk.bench.real_time_factor() : 0.0);
  const int environments = desk.world().environments(), faults = desk.world().faults();
  std::snprintf(count, sizeof count, environments == 1 ? "1 environment" : "%d environments", environments);
  const float time_width = 6 * letter, rate_width = 7.2f * letter, count_width = ImGui::CalcTextSize(count).x + letter;
  float room = width - middle_end - letter;
  if (room > time_width) {
    float x = width - time_width;
    ImGui::SameLine(x);
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted(time);
    theme::tip("Simulated time");
    room -= time_width;
    if (room > rate_width) {
      ImGui::SameLine(x -= rate_width);
      theme::quiet_text("%s", rate);
      theme::tip("Simulated seconds per second, over the last half second");
      room -= rate_width;
    }
    if (room > count_width) {
      ImGui::SameLine(x - count_width);
      if (faults) ImGui::TextColored(theme::palette().bad, "%s", count);
      else theme::quiet_text("%s", count);
      if (faults) std::snprintf(count, sizeof count, "%d stand still: something was not finite, too fast, or touched itself in too many places", faults);
      theme::tip(faults ? count : "Stepped together");
    }
  }
}

}  // namespace nuri::editor
