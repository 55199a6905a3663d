// What lies over everything: the path of a file, all keys, a command by name.
#include <imgui/imgui.h>
#include <imgui/imgui_stdlib.h>
#include <algorithm>
#include <filesystem>
#include "tools/editor/input.h"
#include "tools/editor/panels.h"
#include "tools/editor/tell.h"
#include "tools/editor/theme.h"

namespace nuri::editor {
namespace {

namespace fs = std::filesystem;
constexpr size_t most_listed = 200;

bool begin_dialog(const char* name, float width, float height, float wanted) {
  const float letter = ImGui::GetFontSize();
  ImGui::SetNextWindowPos({width / 2, height * 0.14f}, ImGuiCond_Always, {0.5f, 0});
  ImGui::SetNextWindowSize({std::min(wanted * letter, width - 2 * letter), 0});
  ImGui::SetNextWindowSizeConstraints({0, 0}, {width - 2 * letter, height * 0.8f});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {letter, 0.9f * letter});
  constexpr ImGuiWindowFlags fixed = ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoMove |
                                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoScrollbar;   // lists within it scroll
  const bool open = ImGui::BeginPopupModal(name, nullptr, fixed);
  ImGui::PopStyleVar();
  return open;
}

bool opens(const fs::path& path) {
  const std::string end = path.extension().string();
  for (const char* known : {".yaml", ".yml", ".xml", ".mjcf", ".urdf", ".model", ".policy", ".h5", ".hdf5"})
    if (end == known) return true;
  return false;
}

// Folders and files that the typed path may go on with.
std::vector<std::string> continuations(const std::string& typed) {
  std::vector<std::string> found;
  std::error_code error;
  const size_t slash = typed.find_last_of('/');
  const std::string folder = slash == std::string::npos ? "" : typed.substr(0, slash + 1),
      begin = typed.substr(slash == std::string::npos ? 0 : slash + 1);
  for (fs::directory_iterator entry(folder.empty() ? "." : folder, fs::directory_options::skip_permission_denied, error), end;
       !error && entry != end && found.size() < most_listed; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.rfind(begin, 0) != 0 || (name[0] == '.' && begin.empty())) continue;
    std::error_code ignored;
    if (entry->is_directory(ignored)) found.push_back(folder + name + "/");
    else if (opens(entry->path())) found.push_back(folder + name);
  }
  std::sort(found.begin(), found.end());
  return found;
}

void path_dialog(Desk& desk, float width, float height, bool saves) {
  if (!begin_dialog("path", width, height, 44)) return;
  const bool compiled = desk.has_scene() && fs::path(desk.bench.path()).extension() == ".model";
  if (!saves) theme::quiet_text("Open a scene, a robot or a compiled model");
  else theme::quiet_text(compiled ? "Save the compiled model as .model: a scene file cannot hold it" : "Save the scene as");
  if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
  ImGui::SetNextItemWidth(-1);
  const char* const hint = !saves ? "path" : compiled ? "path.model" : "path.yaml";
  bool done = ImGui::InputTextWithHint("##path", hint, &desk.dialog_text, ImGuiInputTextFlags_EnterReturnsTrue);
  const float room = std::max(5 * ImGui::GetFontSize(), height * (saves ? 0.2f : 0.45f));
  if (ImGui::BeginChild("files", {0, room}, false, ImGuiWindowFlags_NoNav)) {
    auto choose = [&](const std::string& path, const std::string& shown) {
      const bool clicked = ImGui::Selectable((shown + "##" + path).c_str());
      tell_item(desk, "path " + path);
      if (!clicked) return;
      desk.dialog_text = path;
      done = !saves && path.back() != '/';
    };
    for (const std::string& path : continuations(desk.dialog_text)) choose(path, path);
    const auto recent = saves ? std::vector<std::string>{} : recent_files();
    if (!recent.empty()) {
      ImGui::Spacing();
      theme::quiet_text("Opened before");
      for (const std::string& path : recent) choose(path, path);
    }
  }
  ImGui::EndChild();
  ImGui::Spacing();
  if (ImGui::Button(saves ? "Save" : "Open")) done = true;
  ImGui::SameLine();
  if (ImGui::Button("Cancel")) desk.dialog = Dialog::none;
  if (done && !desk.dialog_text.empty()) {
    desk.dialog = Dialog::none;
    if (saves) desk.save(desk.dialog_text);
    else desk.open(desk.dialog_text);
  }
  if (desk.dialog == Dialog::none) ImGui::CloseCurrentPopup();
  ImGui::EndPopup();
}

void keys_dialog(Desk& desk, float width, float height) {
  if (!begin_dialog("keys", width, height, 58)) return;
  const char* mouse[][2] = {{"Left drag", "orbit"},
                            {"Right drag", "pan (Shift: along the ground)"},
                            {"Wheel, middle drag", "zoom"},
                            {"Double click", "select"},
                            {"Double right click", "centre"},
                            {"Ctrl + drag", "pull with a spring"},
                            {"Handle of W, E", "Ctrl: in steps; a number typed is the whole way; Enter, Esc"}};
  const int columns = ImGui::GetContentRegionAvail().x > 46 * ImGui::GetFontSize() ? 3 : 2;
  if (ImGui::BeginChild("all keys", {0, height * 0.62f}, false, ImGuiWindowFlags_NoNav) &&
      ImGui::BeginTable("columns", columns, ImGuiTableFlags_SizingStretchSame)) {
    auto row = [](const std::string& key, const char* name) {
      ImGui::TextColored(theme::palette().accent, "%s", key.c_str());
      const float letter = ImGui::GetFontSize();
      ImGui::SameLine(std::max(6.5f * letter, ImGui::CalcTextSize(key.c_str()).x + 0.6f * letter));
      ImGui::TextWrapped("%s", name);
    };
    ImGui::TableNextColumn();
    for (const std::string group : {"Time", "Selection", "Camera", "View", "Mouse", "Scene", "Window"}) {
      if (group == "View" || (group == "Scene" && columns == 3)) ImGui::TableNextColumn();
      theme::quiet_text("%s", group.c_str());
      for (const Command& command : commands()) {
        const bool numbered = std::string(command.name).starts_with("Geom group");   // one line for all of them
        if (command.group != group || !command.key || (numbered && command.key != '0')) continue;
        row(numbered ? "0 .. 5" : key_name(command), numbered ? "Geom groups" : command.name);
      }
      if (group == "Mouse")
        for (const auto& line : mouse) row(line[0], line[1]);
      ImGui::Spacing();
    }
    ImGui::EndTable();
  }
  ImGui::EndChild();
  if (ImGui::Button("Close")) desk.dialog = Dialog::none;
  tell_item(desk, "close keys");
  if (desk.dialog == Dialog::none) ImGui::CloseCurrentPopup();
  ImGui::EndPopup();
}

void command_dialog(Desk& desk, float width, float height) {
  if (!begin_dialog("commands", width, height, 32)) return;
  if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
  ImGui::SetNextItemWidth(-1);
  const bool enter = ImGui::InputTextWithHint("##command", "A command", &desk.dialog_text, ImGuiInputTextFlags_EnterReturnsTrue);
  const Command* chosen = nullptr;
  if (ImGui::BeginChild("list", {0, height * 0.45f}, false, ImGuiWindowFlags_NoNav))
    for (const Command* command : find_commands(desk, desk.dialog_text)) {
      const bool first = enter && !chosen;
      if (ImGui::Selectable(command->name) || first) chosen = command;
      tell_item(desk, std::string("command ") + command->name);
      const std::string key = key_name(*command);
      ImGui::SameLine(ImGui::GetContentRegionMax().x - ImGui::CalcTextSize(key.c_str()).x);
      theme::quiet_text("%s", key.c_str());
    }
  ImGui::EndChild();
  if (chosen) {
    desk.dialog = Dialog::none;
    desk.event(std::string("command ") + chosen->name);
    chosen->act(desk);
  }
  if (desk.dialog != Dialog::commands) ImGui::CloseCurrentPopup();
  ImGui::EndPopup();
}

}  // namespace

void ask_for_path(Desk& desk, Dialog what) {
  desk.dialog = what;
  desk.dialog_text.clear();
  if (what != Dialog::save || !desk.has_scene()) return;
  const fs::path path(desk.bench.path());
  desk.dialog_text =
      (path.parent_path() / (path.stem().string() + (path.extension() == ".model" ? "_changed.model" : "_scene.yaml"))).string();
}

void dialogs(Desk& desk, float width, float height) {
  static constexpr const char* names[] = {"", "path", "path", "keys", "commands"};
  if (desk.dialog == Dialog::none) {               // closed by a key: its popup notices
    for (const char* name : {"path", "keys", "commands"})
      if (ImGui::IsPopupOpen(name) && begin_dialog(name, width, height, 10)) {
        ImGui::CloseCurrentPopup();
        ImGui::EndPopup();
      }
    return;
  }
  if (!ImGui::IsPopupOpen(names[int(desk.dialog)])) ImGui::OpenPopup(names[int(desk.dialog)]);
  if (desk.dialog == Dialog::keys) keys_dialog(desk, width, height);
  else if (desk.dialog == Dialog::commands) command_dialog(desk, width, height);
  else path_dialog(desk, width, height, desk.dialog == Dialog::save);
}

}  // namespace nuri::editor
