#include "tools/editor/keep.h"
#include <algorithm>

namespace nuri::editor {
namespace {

// The thing of the same kind and name; index -1: there is none.
Thing same_thing(const model::Model& before, const model::Model& now, const Thing& thing) {
  if (thing.index < 0) return {};
  const int counts[] = {now.body_count, now.joint_count, now.geom_count, now.site_count, now.actuator_count, now.sensor_count};
  const std::string name = name_of(before, thing);
  for (int i = 0; i < counts[int(thing.kind)]; ++i)
    if (name_of(now, {thing.kind, i}) == name) return {thing.kind, i};
  return {};
}

// Whose number a plotted one is, and which of them.
struct Owned { Thing of; int first, count; };
Owned numbers_of(const model::Model& m, StateField field, const Thing& thing) {
  const int i = thing.index;
  switch (field) {
    case StateField::qpos: return {thing, m.joint_qpos[i], (i + 1 < m.joint_count ? m.joint_qpos[i + 1] : m.qpos_count) - m.joint_qpos[i]};
    case StateField::qvel: return {thing, m.joint_dof[i], (i + 1 < m.joint_count ? m.joint_dof[i + 1] : m.dof_count) - m.joint_dof[i]};
    case StateField::ctrl: return {thing, m.actuator_control_adr[i], m.actuator_control_adr[i + 1] - m.actuator_control_adr[i]};
    case StateField::sensordata: return {thing, m.sensor_adr[i], m.sensor_adr[i + 1] - m.sensor_adr[i]};
    case StateField::xpos: return {thing, 3 * i, 3};
    default: return {thing, i, 1};
  }
}

// -1: it is no number of a thing with a name.
int same_number(const model::Model& before, const model::Model& now, StateField field, int item) {
  Kind kind = Kind::body;
  int count = before.body_count;
  if (field == StateField::qpos || field == StateField::qvel) kind = Kind::joint, count = before.joint_count;
  else if (field == StateField::ctrl) kind = Kind::actuator, count = before.actuator_count;
  else if (field == StateField::sensordata) kind = Kind::sensor, count = before.sensor_count;
  else if (field != StateField::xpos) return -1;
  for (int i = 0; i < count; ++i) {
    const Owned was = numbers_of(before, field, {kind, i});
    if (item < was.first || item >= was.first + was.count) continue;
    const Thing thing = same_thing(before, now, was.of);
    if (thing.index < 0) return -1;
    const Owned is = numbers_of(now, field, thing);
    return item - was.first < is.count ? is.first + item - was.first : -1;
  }
  return -1;
}

}  // namespace

std::shared_ptr<const model::Model> hold_model(Desk& desk) {
  if (!desk.has_scene()) return {};
  for (const auto& one : desk.bench.session().loaded().models)
    if (one.get() == &desk.model()) return one;
  return {};
}

void keep_by_name(Desk& desk, const model::Model& before) {
  const model::Model& now = desk.model();
  desk.chosen = same_thing(before, now, desk.chosen);
  if (desk.chosen.index < 0) desk.gizmo = Gizmo::none;
  desk.bench.show.selected_body = desk.bench.selected.body;   // the workbench has kept that by name

  for (Series& one : desk.plots) one.item = same_number(before, now, one.field, one.item);
  std::erase_if(desk.plots, [](const Series& one) { return one.item < 0; });

  int& camera = desk.camera.of_model;
  if (camera < 0) return;
  const auto& cameras = now.look.cameras;
  const std::string& name = before.look.cameras[camera].name;
  const auto found = std::find_if(cameras.begin(), cameras.end(), [&](const auto& one) { return one.name == name; });
  if (found != cameras.end()) camera = int(found - cameras.begin());
  else camera = -1;
}

}  // namespace nuri::editor
