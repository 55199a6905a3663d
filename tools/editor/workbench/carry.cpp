#include "tools/editor/workbench/carry.h"

#include <algorithm>
#include <numeric>
#include "engine/scene/scene.h"

namespace nuri::editor {
namespace {
using scene::JointType;

int positions(int type) { return type == int(JointType::free) ? 7 : type == int(JointType::ball) ? 4 : 1; }
int speeds(int type) { return type == int(JointType::free) ? 6 : type == int(JointType::ball) ? 3 : 1; }

void carry_by_name(World& from, World& to, int e) {
  const model::Model &a = from.model(e), &b = to.model(e);
  auto copy = [&](StateField field, int at, int to_at, int count) {
    for (int k = 0; k < count; ++k) to.set(field, e, to_at + k, from.get(field, e, at + k));
  };
  for (int j = 0; j < a.joint_count; ++j) {
    const int i = carry_index(j, a.joint_name, b.joint_name), type = a.joint_type[j];
    if (i < 0 || b.joint_type[i] != type) continue;
    copy(StateField::qpos, a.joint_qpos[j], b.joint_qpos[i], positions(type));
    copy(StateField::qvel, a.joint_dof[j], b.joint_dof[i], speeds(type));
    if (type == int(JointType::free)) copy(StateField::qpos_residual, 3 * a.joint_free[j], 3 * b.joint_free[i], 3);
  }
  for (int u = 0; u < a.actuator_count; ++u) {
    const int i = carry_index(u, a.actuator_name, b.actuator_name);
    if (i < 0) continue;
    auto carry = [&](StateField field, const std::vector<int32_t>& adr, const std::vector<int32_t>& to_adr) {
      const int count = adr[u + 1] - adr[u];
      if (count == to_adr[i + 1] - to_adr[i]) copy(field, adr[u], to_adr[i], count);
    };
    carry(StateField::ctrl, a.actuator_control_adr, b.actuator_control_adr);
    carry(StateField::act, a.actuator_act_adr, b.actuator_act_adr);
  }
}

}  // namespace

bool same_layout(const World& a, const World& b) {
  if (a.environments() != b.environments() || a.buckets() != b.buckets() || a.options().precision != b.options().precision) return false;
  for (int e = 0; e < a.environments(); ++e)
    if (a.place(e).bucket != b.place(e).bucket || a.place(e).index != b.place(e).index) return false;
  for (int i = 0; i < a.buckets(); ++i) {
    const model::Model &m = a.bucket(i).model(), &n = b.bucket(i).model();
    for (int f = 0; f < state_field_count; ++f)
      if (columns(m, StateField(f)) != columns(n, StateField(f))) return false;
    if (m.body_name != n.body_name || m.joint_name != n.joint_name || m.joint_type != n.joint_type || m.actuator_name != n.actuator_name ||
        m.actuator_control_adr != n.actuator_control_adr || m.actuator_act_adr != n.actuator_act_adr || m.sensor_name != n.sensor_name || m.sensor_adr != n.sensor_adr ||
        m.body_mocap != n.body_mocap || m.timestep != n.timestep)
      return false;
  }
  return true;
}

int carry_index(int index, const std::vector<std::string>& from, const std::vector<std::string>& to) {
  if (index < 0 || index >= int(from.size())) return -1;
  if (from[index].empty()) return from.size() == to.size() && to[index].empty() ? index : -1;
  const auto found = std::find(to.begin(), to.end(), from[index]);
  return found == to.end() ? -1 : int(found - to.begin());
}

bool carry_state(session::Session& from, session::Session& to) {
  std::vector<int> everyone(size_t(std::min(from.environments(), to.environments())));
  std::iota(everyone.begin(), everyone.end(), 0);
  if (same_layout(from.world(), to.world()) && from.settings().substeps == to.settings().substeps && to.restore(from.save(everyone)))
    return true;
  for (const int e : everyone) carry_by_name(from.world(), to.world(), e);
  to.resume(everyone);
  return false;
}

}  // namespace nuri::editor
