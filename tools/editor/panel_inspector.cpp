// Numbers of what is selected, from the model's own list of fields; and joints and actuators of the whole robot as sliders.
#include <imgui/imgui.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>
#include "engine/scene/scene.h"
#include "tools/editor/panels.h"
#include "tools/editor/tell.h"
#include "tools/editor/theme.h"

namespace nuri::editor {
namespace {

constexpr double pi = 3.14159265358979323846;

// A field's name is a prefix, which tells whose it is, and the rest. `per`: how many of its numbers belong to one of them.
struct FieldOf { Thing first; int per = 1; std::string rest; };

FieldOf field_of(const model::Model& model, const std::string& field) {
  static constexpr struct { const char* prefix; Kind kind; } prefixes[] = {
      {"body_", Kind::body}, {"joint_", Kind::joint}, {"dof_", Kind::joint},         {"qpos", Kind::joint},
      {"geom_", Kind::geom}, {"site_", Kind::site},   {"actuator_", Kind::actuator}, {"sensor_", Kind::sensor}};
  size_t size = 0;
#define NURI_REAL(name, count, unit, doc) \
  if (field == #name) size = model.name.size();
#include "engine/model/model_fields.inl"
  FieldOf found{{Kind::body, -1}, std::max(1, int(size)), field};   // of the whole model, unless a prefix says otherwise
  for (const auto& one : prefixes) {
    if (field.rfind(one.prefix, 0) != 0) continue;
    const int counts[] =
        {model.body_count, model.joint_count, model.geom_count, model.site_count, model.actuator_count, model.sensor_count};
    int count = counts[int(one.kind)];
    if (field[0] == 'd') count = model.dof_count;
    if (field[0] == 'q') count = model.qpos_count;
    found.first = {one.kind, 0};
    found.per = 1;
    if (count > 0) found.per = std::max(1, int(size) / count);
    if (field[0] != 'q') found.rest = field.substr(std::strlen(one.prefix));
    break;
  }
  std::replace(found.rest.begin(), found.rest.end(), '_', ' ');
  return found;
}

// Whose number it is.
Thing owner_of(const model::Model& model, const std::string& field, const FieldOf& of, int item) {
  if (of.first.index < 0) return {Kind::body, -1};
  const int index = item / of.per;
  if (field[0] == 'd' && index < model.dof_count) return {Kind::joint, model.dof_joint[index]};
  if (field[0] == 'q') {
    const auto after = std::upper_bound(model.joint_qpos.begin(), model.joint_qpos.end(), index);
    return {Kind::joint, int(after - model.joint_qpos.begin()) - 1};
  }
  return {of.first.kind, index};
}

bool same(double a, double b) { return a == b || std::isnan(a) && std::isnan(b); }

// One line: name, its numbers, unit; a way back if they were changed.
void number_row(Desk& desk, const Workbench::Number* numbers, int count, const FieldOf& of) {
  const theme::Palette& p = theme::palette();
  const float letter = ImGui::GetFontSize(), side = ImGui::GetFrameHeight();
  bool changed = false;
  for (int i = 0; i < count; ++i) changed |= !same(numbers[i].value, numbers[i].at_first);
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::AlignTextToFramePadding();
  if (changed) ImGui::TextColored(p.accent, "%s", of.rest.c_str());
  else theme::quiet_text("%s", of.rest.c_str());
  if (ImGui::IsItemHovered()) {
    std::string first;
    for (int i = 0; i < count; ++i) {
      char text[32];
      std::snprintf(text, sizeof text, "%s%.6g", i ? " " : "", numbers[i].at_first);
      first += text;
    }
    theme::tip((numbers[0].item.field + (numbers[0].unit.empty() ? "" : " [" + numbers[0].unit + "]") + "\n" + numbers[0].doc +
                "\nAt first: " + first).c_str());
  }
  ImGui::TableNextColumn();
  const int in_line = count == 4 ? 2 : std::min(count, 3);
  const float room = ImGui::GetContentRegionAvail().x - (changed ? side : 0), space = ImGui::GetStyle().ItemInnerSpacing.x * 0.5f;
  const float each = std::max(2 * letter, (room - space * float(in_line - 1)) / float(in_line));
  for (int i = 0; i < count; ++i) {
    if (i % in_line) ImGui::SameLine(0, space);
    ImGui::PushID(i);
    double value = numbers[i].value;
    const float speed = float(std::max(1e-4, std::fabs(numbers[i].at_first) * 0.005));
    ImGui::SetNextItemWidth(each);
    const bool with_unit = count == 1 && !numbers[i].unit.empty() && numbers[i].unit != "1";
    const std::string format = with_unit ? "%.5g " + numbers[i].unit : in_line == 3 ? "%.3g" : "%.5g";
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {in_line > 1 ? 2 : ImGui::GetStyle().FramePadding.x, ImGui::GetStyle().FramePadding.y});
    const bool moved = ImGui::DragScalar("##value", ImGuiDataType_Double, &value, speed, nullptr, nullptr, format.c_str());
    ImGui::PopStyleVar();
    tell_item(desk, "number " + numbers[i].item.field + " " + std::to_string(numbers[i].item.item));
    if (moved && std::isfinite(value)) desk.bench.set_field(numbers[i].item, value);
    if (ImGui::IsItemDeactivatedAfterEdit()) {
      desk.bench.end_gesture();
      desk.event("changed " + numbers[i].item.field);
    }
    ImGui::PopID();
    if (changed && (i == in_line - 1 || (i == count - 1 && i < in_line))) {
      ImGui::SameLine(0, space);
      if (theme::icon_button("first", theme::Icon::undo, "As it was at first")) {
        for (int k = 0; k < count; ++k)
          if (!same(numbers[k].value, numbers[k].at_first)) desk.bench.set_field(numbers[k].item, numbers[k].at_first);
        desk.bench.end_gesture();
      }
    }
  }
}

// Numbers of the same field and item stand in one line, lines of the same thing under one heading, in the order in which things first come.
struct NumberLine { size_t first, count; FieldOf of; Thing owner; };
std::vector<std::vector<NumberLine>> lines_of(const model::Model& model, const std::vector<Workbench::Number>& numbers) {
  std::vector<std::vector<NumberLine>> out;
  for (size_t i = 0, end; i < numbers.size(); i = end) {
    const FieldOf of = field_of(model, numbers[i].item.field);
    end = i + 1;
    while (end < numbers.size() && numbers[end].item.field == numbers[i].item.field &&
           numbers[end].item.item / of.per == numbers[i].item.item / of.per) ++end;
    const Thing owner = owner_of(model, numbers[i].item.field, of, numbers[i].item.item);
    auto group = std::find_if(out.begin(), out.end(), [&](const auto& lines) { return lines.front().owner == owner; });
    if (group == out.end()) group = out.insert(out.end(), std::vector<NumberLine>{});
    group->push_back({i, end - i, of, owner});
  }
  return out;
}

// "Body  torso", "Geom 15"
std::string heading_of(const model::Model& model, const Thing& owner) {
  if (owner.index < 0) return "Options";
  const std::string kind = word(owner.kind), name = name_of(model, owner);
  std::string out = name == kind + ' ' + std::to_string(owner.index) ? name : kind + "  " + name;
  out[0] = char(std::toupper(static_cast<unsigned char>(out[0])));
  return out;
}

void number_tables(Desk& desk) {
  const model::Model& model = desk.model();
  const std::vector<Workbench::Number> numbers = desk.bench.numbers(desk.bench.selected);
  for (const std::vector<NumberLine>& lines : lines_of(model, numbers)) {
    const Thing& owner = lines.front().owner;
    const bool first = owner == desk.chosen || owner.kind == Kind::body;
    const std::string id = std::to_string(int(owner.kind)) + "." + std::to_string(owner.index);
    const bool open = ImGui::CollapsingHeader((heading_of(model, owner) + "##" + id).c_str(), first ? ImGuiTreeNodeFlags_DefaultOpen : 0);
    tell_item(desk, "heading " + heading_of(model, owner));
    if (!open) continue;
    if (!ImGui::BeginTable(("numbers" + id).c_str(), 2, ImGuiTableFlags_SizingStretchProp)) continue;
    ImGui::TableSetupColumn("name", 0, 0.3f);
    ImGui::TableSetupColumn("value", 0, 0.7f);
    for (const NumberLine& line : lines) {
      ImGui::PushID(int(line.first));
      number_row(desk, &numbers[line.first], int(line.count), line.of);
      ImGui::PopID();
    }
    ImGui::EndTable();
  }
}

// Whether the mesh of the selected geom collides as its hull or as convex parts.
void parts_row(Desk& desk) {
  const std::optional<Workbench::Parts> now = desk.bench.parts_of(desk.bench.selected);
  if (!now) return;
  bool on = now->on;
  ImGui::BeginDisabled(!now->closed && !on);
  const bool clicked = ImGui::Checkbox("Convex parts", &on);
  tell_item(desk, "convex parts");
  ImGui::EndDisabled();
  theme::tip(now->closed ? "The mesh collides as convex parts instead of as its hull: a cup is hollow. Found when the scene is loaded, within "
                           "seconds for a mesh of many faces; how many and how close is said by 'decompose' in the scene file"
                         : "The mesh is not closed, so it has no inside to take apart: it collides as its hull");
  ImGui::SameLine(0, ImGui::GetFontSize());
  if (now->count > 0) theme::quiet_text("%d of mesh %s", now->count, now->mesh.c_str());
  else theme::quiet_text(now->on ? "mesh %s is one" : "hull of mesh %s", now->mesh.c_str());
  if (!clicked) return;
  desk.bench.set_parts(desk.bench.selected, on);
  if (!desk.bench.errors().empty()) return;
  desk.follow_selection();
  for (const Diagnostic& one : desk.bench.session().loaded().report)
    if (one.severity != Severity::note) desk.remark(one.severity, to_string(one));
  desk.event((on ? "convex parts of " : "hull of ") + now->mesh);
}

void properties(Desk& desk) {
  const model::Model& model = desk.model();
  if (desk.chosen.index < 0) {
    theme::quiet_text("Nothing is selected.");
    ImGui::Spacing();
    ImGui::TextWrapped("Click a name on the left, or double-click a part in the picture.");
    ImGui::Spacing();
    ImGui::Separator();
    ImGui::Spacing();
    const std::pair<const char*, int> counts[] = {
        {"Bodies", model.body_count - 1}, {"Joints", model.joint_count},       {"Degrees of freedom", model.dof_count},
        {"Geoms", model.geom_count},      {"Actuators", model.actuator_count}, {"Sensors", model.sensor_count},
        {"Candidate pairs", model.pair_count}};
    if (ImGui::BeginTable("counts", 2)) {
      ImGui::TableSetupColumn("name", ImGuiTableColumnFlags_WidthFixed, ImGui::CalcTextSize("Degrees of freedom").x);
      ImGui::TableSetupColumn("value", ImGuiTableColumnFlags_WidthStretch);
      auto row = [](const char* name, const std::string& value) {
        ImGui::TableNextColumn();
        theme::quiet_text("%s", name);
        ImGui::TableNextColumn();
        ImGui::TextWrapped("%s", value.c_str());
      };
      for (const auto& [name, count] : counts) row(name, std::to_string(count));
      char text[64];
      std::snprintf(text, sizeof text, "%.4g kg", model.body_subtree_mass.empty() ? 0.0 : model.body_subtree_mass[0]);
      row("Mass", text);
      std::snprintf(text, sizeof text, "%.4g ms", model.timestep[0] * 1000);
      row("Timestep", text);
      row("Computed by", desk.world().describe());
      row("Drawn by", desk.device);
      ImGui::EndTable();
    }
    ImGui::Spacing();
    return number_tables(desk);
  }
  ImGui::PushStyleColor(ImGuiCol_Text, theme::palette().accent);
  ImGui::TextWrapped("%s", name_of(model, desk.chosen).c_str());
  ImGui::PopStyleColor();
  const int body = body_of(model, desk.chosen);
  theme::quiet_text(body > 0 && desk.chosen.kind == Kind::body ? "%s, below %s" : "%s", word(desk.chosen.kind),
                    body > 0 ? name_of(model, {Kind::body, model.body_parent[body]}).c_str() : "");
  if (body >= 0) {
    World& world = desk.world();
    char text[96];
    const int focus = desk.bench.focus;
    auto at = [&](int i) { return world.get(StateField::xpos, focus, 3 * body + i); };
    std::snprintf(text, sizeof text, "%.4f  %.4f  %.4f m", at(0), at(1), at(2));
    ImGui::Spacing();
    for (int i = 0; i < 3; ++i) {
      if (i) ImGui::SameLine();
      std::snprintf(text, sizeof text, "%c %.4f", "xyz"[i], at(i));
      ImGui::Selectable(text, false, 0, {ImGui::GetContentRegionAvail().x / float(3 - i) - ImGui::GetStyle().ItemSpacing.x, 0});
      plottable(desk, StateField::xpos, 3 * body + i, name_of(model, {Kind::body, body}) + " " + "xyz"[i], "m");
      theme::tip("Where it is in the world, m. Drag it onto the plots, or right-click.");
    }
  }
  ImGui::Spacing();

  placement_rows(desk);
  parts_row(desk);
  number_tables(desk);
}

// One joint: a slider within its limits; a free or ball joint has numbers.
void joint_row(Desk& desk, const model::Model& model, int joint) {
  World& world = desk.world();
  const auto type = scene::JointType(model.joint_type[joint]);
  const int at = model.joint_qpos[joint];
  const std::string name = name_of(model, {Kind::joint, joint});
  ImGui::PushID(joint);
  const bool chosen = desk.chosen == Thing{Kind::joint, joint};
  if (chosen) ImGui::PushStyleColor(ImGuiCol_Text, theme::palette().accent);
  const bool clicked = ImGui::Selectable(name.c_str());
  if (chosen) ImGui::PopStyleColor();
  plottable(desk, StateField::qpos, at, name, type == scene::JointType::hinge ? "rad" : "m");
  if (clicked) desk.select(Thing{Kind::joint, joint});
  const bool turns = type == scene::JointType::hinge;
  if (turns || type == scene::JointType::slide) {
    double value = world.get(StateField::qpos, desk.bench.focus, at);
    double low = turns ? -pi : -1, high = -low;
    if (model.joint_limited[joint]) low = model.joint_range[2 * joint], high = model.joint_range[2 * joint + 1];
    ImGui::SetNextItemWidth(-1);
    if (ImGui::SliderScalar("##value", ImGuiDataType_Double, &value, &low, &high, turns ? "%.3f rad" : "%.4f m"))
      desk.bench.set_joint(joint, 0, value);
    tell_item(desk, "joint " + name);
    if (ImGui::IsItemDeactivatedAfterEdit()) desk.bench.end_gesture(), desk.event("moved " + name);
    char text[128];
    if (turns)
      std::snprintf(text, sizeof text, "%.1f\xc2\xb0, %s %.1f\xc2\xb0 to %.1f\xc2\xb0", value * 180 / pi,
                    model.joint_limited[joint] ? "limits" : "no limits; the slider goes from", low * 180 / pi, high * 180 / pi);
    else std::snprintf(text, sizeof text, "%.4g m, %s %.4g m to %.4g m", value,
                       model.joint_limited[joint] ? "limits" : "no limits; the slider goes from", low, high);
    if (!ImGui::IsItemActive()) theme::tip(text);
  } else {
    const int count = type == scene::JointType::free ? 3 : 4, first = 0;
    const float space = ImGui::GetStyle().ItemInnerSpacing.x * 0.5f,
        each = (ImGui::GetContentRegionAvail().x - space * float(count - 1)) / float(count);
    for (int i = first; i < count; ++i) {
      if (i) ImGui::SameLine(0, space);
      ImGui::PushID(i);
      double value = world.get(StateField::qpos, desk.bench.focus, at + i);
      ImGui::SetNextItemWidth(each);
      if (ImGui::DragScalar("##value", ImGuiDataType_Double, &value, 0.005f, nullptr, nullptr, "%.4f") && std::isfinite(value))
        desk.bench.set_joint(joint, i, value);
      if (ImGui::IsItemDeactivatedAfterEdit()) desk.bench.end_gesture(), desk.event("moved " + name);
      ImGui::PopID();
    }
  }
  ImGui::PopID();
}

void joints(Desk& desk) {
  const model::Model& model = desk.model();
  if (model.joint_count == 0) return theme::quiet_text("This model has no joints.");
  if (model.key_count > 0) {
    ImGui::SetNextItemWidth(-1);
    if (ImGui::BeginCombo("##key", "Keyframes")) {
      for (int key = 0; key < model.key_count; ++key) {
        const bool named = key < int(model.key_name.size()) && !model.key_name[key].empty();
        const std::string name = named ? model.key_name[key] : std::to_string(key);
        ImGui::PushID(key);
        if (ImGui::Selectable(name.c_str())) desk.bench.reset_to_key(key), desk.bench.end_gesture(), desk.event("keyframe " + name);
        ImGui::PopID();
      }
      ImGui::EndCombo();
    }
    ImGui::Spacing();
  }
  if (desk.bench.running) theme::quiet_text("Pause (Space) to set joints and keep them.");
  const float height = 2 * ImGui::GetFrameHeightWithSpacing();
  ImGuiListClipper clipper;
  clipper.Begin(model.joint_count, height);
  while (clipper.Step())
    for (int joint = clipper.DisplayStart; joint < clipper.DisplayEnd; ++joint) {
      const float y = ImGui::GetCursorPosY();
      joint_row(desk, model, joint);
      ImGui::SetCursorPosY(y + height);
    }
}

void actuators(Desk& desk) {
  const model::Model& model = desk.model();
  World& world = desk.world();
  if (model.control_count == 0) return theme::quiet_text("This model has no actuators that can be controlled.");
  const float height = 2 * ImGui::GetFrameHeightWithSpacing();
  ImGuiListClipper clipper;
  clipper.Begin(model.control_count, height);
  while (clipper.Step())
    for (int control = clipper.DisplayStart; control < clipper.DisplayEnd; ++control) {
      const float y = ImGui::GetCursorPosY();
      ImGui::PushID(control);
      const int actuator = model.control_actuator[control];
      const std::string name = model.control_name[control].empty() ? name_of(model, {Kind::actuator, actuator}) : model.control_name[control];
      if (ImGui::Selectable(name.c_str(), desk.chosen == Thing{Kind::actuator, actuator})) desk.select(Thing{Kind::actuator, actuator});
      plottable(desk, StateField::ctrl, control, name, "");
      double value = world.get(StateField::ctrl, desk.bench.focus, control), low = -1, high = 1;
      const bool limited = model.control_limited[control];
      if (limited) low = model.actuator_ctrlrange[2 * control], high = model.actuator_ctrlrange[2 * control + 1];
      ImGui::SetNextItemWidth(-1);
      if (ImGui::SliderScalar("##value", ImGuiDataType_Double, &value, &low, &high, "%.4g")) desk.bench.set_control(control, value);
      tell_item(desk, "control " + name);
      if (ImGui::IsItemDeactivatedAfterEdit()) desk.bench.end_gesture(), desk.event("controlled " + name);
      char text[96];
      std::snprintf(text, sizeof text, limited ? "Control, limits %.4g to %.4g" : "Control, no limits; the slider goes from %.4g to %.4g",
                    low, high);
      if (!ImGui::IsItemActive()) theme::tip(text);
      ImGui::PopID();
      ImGui::SetCursorPosY(y + height);
    }
}

void sensors(Desk& desk) {
  const model::Model& model = desk.model();
  if (model.sensor_count == 0) return theme::quiet_text("This model has no sensors.");
  if (!ImGui::BeginTable("sensors", 2, ImGuiTableFlags_SizingStretchProp)) return;
  ImGuiListClipper clipper;
  clipper.Begin(model.sensor_value_count);
  while (clipper.Step())
    for (int value = clipper.DisplayStart; value < clipper.DisplayEnd; ++value) {
      const auto after = std::upper_bound(model.sensor_adr.begin(), model.sensor_adr.end(), value);
      const int sensor = int(after - model.sensor_adr.begin()) - 1, component = value - model.sensor_adr[sensor];
      const bool several = model.sensor_adr[sensor + 1] - model.sensor_adr[sensor] > 1;
      const std::string name = name_of(model, {Kind::sensor, sensor}) + (several ? "[" + std::to_string(component) + "]" : "");
      ImGui::TableNextColumn();
      ImGui::PushID(value);
      if (ImGui::Selectable(name.c_str(), desk.chosen == Thing{Kind::sensor, sensor})) desk.select(Thing{Kind::sensor, sensor});
      plottable(desk, StateField::sensordata, value, name, "");
      ImGui::TableNextColumn();
      ImGui::Text("%.5g", desk.world().get(StateField::sensordata, desk.bench.focus, value));
      ImGui::PopID();
    }
  ImGui::EndTable();
}

}  // namespace

void inspector(Desk& desk) {
  if (!desk.has_scene()) return theme::quiet_text("No scene is open.");
  const ImVec2 padding = ImGui::GetStyle().FramePadding;
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {padding.x * 0.4f, padding.y});   // four names side by side in a narrow panel
  const bool open = ImGui::BeginTabBar("inspector", ImGuiTabBarFlags_FittingPolicyScroll);
  if (!open) return ImGui::PopStyleVar();
  struct Tab { const char* name; void (*draw)(Desk&); };
  static constexpr Tab all[] = {{"Details", properties}, {"Joints", joints}, {"Actuators", actuators}, {"Sensors", sensors}};
  for (const Tab& tab : all) {
    const bool shown = ImGui::BeginTabItem(tab.name);
    tell_item(desk, std::string("inspector ") + tab.name);
    if (!shown) continue;
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, padding);
    if (ImGui::BeginChild(tab.name, {0, 0}, false, ImGuiWindowFlags_NoNav)) tab.draw(desk);
    ImGui::EndChild();
    ImGui::PopStyleVar();
    ImGui::EndTabItem();
  }
  ImGui::EndTabBar();
  ImGui::PopStyleVar();
}

}  // namespace nuri::editor
