#include "engine/model/derive_actuators.h"

#include <cmath>

#include "engine/scene/scene.h"

namespace nuri::model {
using namespace nuri::shape;
using scene::Gain;
using scene::Transmission;
namespace {

struct Pin { int body; Vec pos; Mat axes; };
Pin pin_at(const Model& m, const Initial& s, int site) {
  const int b = m.site_body[site];
  return {b, add(s.pos[b], rotate(s.quat[b], vec(&m.site_pos[3 * site]))), matrix(mul(s.quat[b], unit(rot(&m.site_quat[4 * site]))))};
}
Vec axis_of(const Mat& axes, int k) { return {axes[k], axes[3 + k], axes[6 + k]}; }

// What a dof's unit speed does to a point that it moves.
Vec speed_at(const Model& m, const Initial& s, int dof, const Vec& at) {
  const Motion& u = s.motion[dof];
  return add(u.v, cross(u.w, sub(at, s.reference[m.dof_body[dof]])));
}

bool moves(const Model& m, int dof, int body) {
  for (int i = m.body_last_dof[body]; i >= 0; i = m.dof_parent[i]) if (i == dof) return true;
  return false;
}

void on_joint(const Model& m, int a, std::vector<double>& out) {
  const int j = m.actuator_target[a], dof = m.joint_dof[j], type = m.joint_type[j];
  const double* const gear = &m.actuator_gear[6 * a];
  const int count = type == int(scene::JointType::free) ? 6 : type == int(scene::JointType::ball) ? 3 : 1;
  for (int k = 0; k < count; ++k) out[dof + k] = gear[k];
  if (count == 1 || m.actuator_transmission[a] == int(Transmission::joint)) return;
  const int turn_at = count - 3;                             // the rotational gear is in the parent's frame
  put(&out[dof + turn_at], transposed_mul(matrix(unit(rot(&m.qpos0[m.joint_qpos[j] + turn_at]))), vec(gear + turn_at)));
}

// The slope of a slider-crank's length by the crank's pin, and by the slider's axis.
void crank_slopes(const Vec& v, const Vec& axis, double rod, Vec& out_arm, Vec& out_axis) {
  const double along = dot(v, axis), square = along * along + rod * rod - dot(v, v), root = square > 0 ? std::sqrt(square) : 1;
  const double share = square > 0 ? 1 - along / root : 1;
  out_arm = add(scale(axis, share), scale(v, square > 0 ? 1 / root : 0));
  out_axis = scale(v, share);
}

double on_site(const Model& m, const Initial& s, int o, int dof) {
  const int a = m.output_actuator[o], reference = m.actuator_reference[a], kind = m.actuator_transmission[a];
  if (kind == int(Transmission::so3) && reference < 0) return 1;
  const Pin pin = pin_at(m, s, m.actuator_target[a]), from = pin_at(m, s, reference < 0 ? m.actuator_target[a] : reference);
  const bool moved = moves(m, dof, pin.body);
  const double sign = moved ? 1 : -1;
  const Vec w = s.motion[dof].w;
  if (kind == int(Transmission::so3)) return sign * dot(axis_of(pin.axes, o - m.actuator_output_adr[a]), w);
  const Vec speed = speed_at(m, s, dof, moved ? pin.pos : from.pos);
  const double* const gear = &m.actuator_gear[6 * a];
  if (kind == int(Transmission::slidercrank)) {
    Vec by_arm, by_axis;
    const Vec line = axis_of(from.axes, 2);
    crank_slopes(sub(pin.pos, from.pos), line, m.actuator_cranklength[a], by_arm, by_axis);
    return gear[0] * (sign * dot(by_arm, speed) + (moved ? 0 : dot(by_axis, cross(w, line))));
  }
  return sign * (dot(mul(from.axes, vec(gear)), speed) + dot(mul(from.axes, vec(gear + 3)), w));
}

bool is_muscle(const Model& m, int a) {
  return m.actuator_gain[a] == int(Gain::muscle) || m.actuator_bias[a] == int(scene::Bias::muscle);
}
}  // namespace

std::vector<double> initial_moment(const Model& m, const Initial& s, int o) {
  std::vector<double> out(m.dof_count, 0);
  const int a = m.output_actuator[o], target = m.actuator_target[a];
  switch (Transmission(m.actuator_transmission[a])) {
    case Transmission::joint: case Transmission::joint_in_parent: on_joint(m, a, out); break;
    case Transmission::tendon:
      for (int k = m.term_adr[target]; k < m.term_adr[target + 1]; ++k) out[m.term_dof[k]] += m.actuator_gear[6 * a] * s.tendon_arm[k];
      break;
    case Transmission::body: break;
    default: for (int k = m.moment_adr[o]; k < m.moment_adr[o + 1]; ++k) out[m.moment_dof[k]] = on_site(m, s, o, m.moment_dof[k]);
  }
  return out;
}

// acc0 = |inv(M) moment'|: what the force of a muscle is scaled by.
void derive_actuators(Model& m, const Initial& s) {
  for (int a = 0; a < m.actuator_count; ++a) {
    m.actuator_acc0[a] = 0;
    if (!is_muscle(m, a)) continue;
    std::vector<double> x = initial_moment(m, s, m.actuator_output_adr[a]);
    solve(m, s, x);
    double square = 0;
    for (double v : x) square += v * v;
    m.actuator_acc0[a] = std::sqrt(square);
  }
}

}  // namespace nuri::model
