#include "tools/session/controllers.h"

#include <algorithm>
#include <array>
#include "engine/scene/xml.h"
#include "tools/session/session.h"

namespace nuri::session {
namespace {

using Numbers = std::array<double, inverse_limits::joints>;

// A servo holds a length: force = gear (gain u + constant + per_length gear q), per_length < 0. A motor has no bias.
bool drives_joint(const model::Model& m, int actuator, int joint, bool servo) {
  const int transmission = m.actuator_transmission[actuator];
  const double *gain = &m.actuator_gainprm[model::actuator_parameters * actuator], *bias = &m.actuator_biasprm[model::actuator_parameters * actuator];
  if (transmission != int(scene::Transmission::joint) && transmission != int(scene::Transmission::joint_in_parent)) return false;
  if (m.actuator_target[actuator] != joint || m.actuator_gain[actuator] != int(scene::Gain::fixed) || gain[0] == 0 || m.actuator_gear[6 * actuator] == 0) return false;
  const bool affine = m.actuator_bias[actuator] == int(scene::Bias::affine), integrates = m.actuator_dynamics[actuator] == int(scene::Dynamics::integrator);
  return !integrates && (servo ? affine && bias[1] < 0 : !affine);
}

Drive drive_of(const model::Model& m, int control, int joint) {
  const int actuator = m.control_actuator[control];
  const double *gain = &m.actuator_gainprm[model::actuator_parameters * actuator], *bias = &m.actuator_biasprm[model::actuator_parameters * actuator];
  Drive d;
  d.actuator = control;
  d.qpos = m.joint_qpos[joint], d.dof = m.joint_dof[joint];
  d.gear = m.actuator_gear[6 * actuator];
  d.gain = gain[0];
  if (m.actuator_bias[actuator] == int(scene::Bias::affine)) d.constant = bias[0], d.per_length = bias[1];
  d.limited = m.control_limited[control];
  d.low = m.actuator_ctrlrange[2 * control], d.high = m.actuator_ctrlrange[2 * control + 1];
  return d;
}

// Joints of the chain with the actuators that drive them.
void find_drives(const model::Model& m, const scene::Controller& s, Controller& out, Fit& fit) {
  const bool servo = s.type == scene::ControllerType::pose;
  const std::vector<std::string>& patterns = servo ? s.joints : s.actuators;
  const std::vector<int> candidates = joints_of(m, out.chain.site);
  std::vector<int> joints;
  auto error = [&](std::string code, std::string message, std::string hint) {
    const bool of_names = code == "unknown-name" && !s.names_places.empty();
    fit.add(&s, std::move(code), std::move(message), std::move(hint), of_names ? s.names_places.front() : s.place);
    out.drives.clear();
  };
  for (const int j : candidates) {
    if (servo && !patterns.empty() && !scene::matches(patterns, m.joint_name[j])) continue;
    int found = -1, count = 0;
    for (int u = 0; u < m.control_count; ++u)
      if (drives_joint(m, m.control_actuator[u], j, servo) && (servo || patterns.empty() || scene::matches(patterns, m.control_name[u]))) found = u, ++count;
    if (count > 1) return error("two-drivers", "the joint '" + m.joint_name[j] + "' has several actuators that '" + s.name + "' could use", "name the actuators, or leave one out of the model");
    if (count == 0 && servo && !patterns.empty())
      return error("no-servo", "the joint '" + m.joint_name[j] + "' has no position servo", "a pose controller sets positions; 'operational_space' drives motors");
    if (count == 0) continue;
    joints.push_back(j);
    out.drives.push_back(drive_of(m, found, j));
  }
  if (joints.empty()) {
    std::vector<std::string> names;
    for (const int j : candidates) names.push_back(m.joint_name[j]);
    if (!servo) names = m.control_name;
    if (patterns.empty() || candidates.empty()) return error("no-servo", std::string("no joint that moves the site '") + s.site.text + "' has " + (servo ? "a position servo" : "a motor"),
                                                              std::string("in MJCF <actuator> holds them; a URDF gets them from its model's 'actuators: {type: ") + (servo ? "position, stiffness: .., damping: ..}'" : "motor}'"));
    return error("unknown-name", std::string(servo ? "no joint that moves the site fits '" : "no motor of a joint that moves the site fits '") + patterns.front() + "'", scene::name_hint(patterns.front(), names));
  }
  if (joints.size() > size_t(inverse_limits::joints)) return error("too-many-joints", "a controller moves at most " + std::to_string(inverse_limits::joints) + " joints", {});
  out.chain = make_chain(m, out.chain.site, joints);
}

void find_rest(const model::Model& m, const scene::Controller& s, Controller& out, Fit& fit) {
  auto error = [&](std::string code, std::string message, std::string hint) {
    fit.add(&s, std::move(code), std::move(message), std::move(hint), s.rest_place);
  };
  out.rest = s.rest;
  if (!s.rest.empty() && s.rest.size() != out.drives.size())
    return error("wrong-size", "'rest' has " + std::to_string(s.rest.size()) + " numbers for " + std::to_string(out.drives.size()) + " joints", {});
  if (s.keyframe.empty()) return;
  const int key = find_key(m, s.keyframe);
  if (key < 0) return error("unknown-name", "the model has no keyframe '" + s.keyframe + "'", scene::name_hint(s.keyframe, m.key_name));
  for (const Drive& d : out.drives) out.rest.push_back(m.key_qpos[size_t(key) * m.qpos_count + d.qpos]);
}

}  // namespace

double Drive::control(double position, double force) const {
  const double u = (force / gear - constant - per_length * gear * position) / gain;
  return limited ? std::clamp(u, low, high) : u;
}

std::vector<Controller> make_controllers(const model::Model& m, const scene::Settings& settings, Fit& fit) {
  std::vector<Controller> out;
  std::vector<const char*> driven(size_t(m.control_count));
  for (const scene::Controller& s : settings.controllers) {
    Controller c;
    c.settings = s;
    const auto site = std::find(m.site_name.begin(), m.site_name.end(), s.site.text);
    if (site == m.site_name.end()) {
      fit.add(&s, "unknown-name", "the model has no site '" + s.site.text + "'", scene::name_hint(s.site.text, m.site_name), s.site.place);
      continue;
    }
    c.chain.site = int(site - m.site_name.begin());
    find_drives(m, s, c, fit);
    if (c.drives.empty()) {
      fit.lacks(&s);
      continue;
    }
    find_rest(m, s, c, fit);
    for (const Drive& d : c.drives) {
      if (driven[d.actuator])
        fit.add(&s, "two-drivers", "'" + m.control_name[d.actuator] + "' is driven by '" + driven[d.actuator] + "' already", {}, s.place);
      driven[d.actuator] = s.name.c_str();
    }
    if (fit.acts(&s)) out.push_back(std::move(c));
  }
  return out;
}

void begin(const Controller& c, const Posture& posture, ControllerState& out) {
  out.joints.clear();
  for (const Drive& d : c.drives) out.joints.push_back(posture.qpos[d.qpos]);
  out.rest = c.rest.empty() ? out.joints : c.rest;
  out.setpoint = site_pose(c.chain, posture);
}

namespace {

void drive_pose(const Controller& c, double period, Posture& posture, ControllerState& state, double* out_controls) {
  const size_t n = c.drives.size();
  Numbers measured, forces{};
  for (size_t i = 0; i < n; ++i) measured[i] = posture.qpos[c.drives[i].qpos], posture.qpos[c.drives[i].qpos] = state.joints[i];
  InverseOptions options;
  options.damping = c.settings.damping;
  options.rest_pull = std::min(1.0, c.settings.rest_rate * period);
  solve_inverse(c.chain, state.setpoint, state.rest, options, posture);
  const double reach = c.settings.joint_speed * period;
  for (size_t i = 0; i < n; ++i) {
    double& q = posture.qpos[c.drives[i].qpos];
    state.joints[i] = q = std::clamp(q, state.joints[i] - reach, state.joints[i] + reach);
  }
  if (c.settings.compensation) holding_forces(c.chain, posture, false, forces.data());
  for (size_t i = 0; i < n; ++i) {
    out_controls[i] = c.drives[i].control(state.joints[i], forces[i]);
    posture.qpos[c.drives[i].qpos] = measured[i];
  }
}

void drive_operational_space(const Controller& c, Posture& posture, ControllerState& state, double* out_controls) {
  const scene::Controller& s = c.settings;
  const size_t n = c.drives.size();
  std::array<double, 6 * inverse_limits::joints> jacobian;
  const Pose now = site_pose(c.chain, posture, jacobian.data());
  const Vec away = shape::sub(state.setpoint.position, now.position), turned = rotation_between(now.orientation, state.setpoint.orientation);

  // wrench at the site; J J' and J times the pull to the rest posture for the null space
  double wrench[6], factor[36] = {}, held[6] = {}, trace = 0;
  Numbers pull, forces{};
  for (size_t i = 0; i < n; ++i) pull[i] = s.rest_stiffness * (state.rest[i] - posture.qpos[c.drives[i].qpos]) - s.rest_damping * posture.qvel[c.drives[i].dof];
  for (size_t r = 0; r < 6; ++r) {
    double speed = 0;
    for (size_t i = 0; i < n; ++i) {
      speed += jacobian[r * n + i] * posture.qvel[c.drives[i].dof];
      held[r] += jacobian[r * n + i] * pull[i];
    }
    wrench[r] = r < 3 ? s.linear_stiffness * away[r] - s.linear_damping * speed : s.angular_stiffness * turned[r - 3] - s.angular_damping * speed;
    for (size_t k = 0; k <= r; ++k)
      for (size_t i = 0; i < n; ++i) factor[6 * r + k] += jacobian[r * n + i] * jacobian[k * n + i];
    trace += factor[7 * r];
  }
  for (size_t r = 0; r < 6; ++r) factor[7 * r] += 1e-9 * trace + 1e-30;
  factor6(factor);
  solve6(factor, held);
  if (s.compensation) holding_forces(c.chain, posture, true, forces.data());
  for (size_t i = 0; i < n; ++i) {
    double force = forces[i] + pull[i];
    for (size_t r = 0; r < 6; ++r) force += jacobian[r * n + i] * (wrench[r] - held[r]);
    state.joints[i] = posture.qpos[c.drives[i].qpos];
    out_controls[i] = c.drives[i].control(state.joints[i], force);
  }
}

}  // namespace

void drive(const Controller& c, double period, Posture& posture, ControllerState& state, double* out_controls) {
  if (c.settings.type == scene::ControllerType::pose) drive_pose(c, period, posture, state, out_controls);
  else drive_operational_space(c, posture, state, out_controls);
}

}  // namespace nuri::session
