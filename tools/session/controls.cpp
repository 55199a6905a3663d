// Settings to channels: which control drives which actuator, with the numbers of its range.
#include <algorithm>
#include <cmath>
#include "tools/session/session.h"

namespace nuri::session {

std::vector<Channel> make_channels(const model::Model& model, const scene::Settings& settings, Fit& fit) {
  using scene::ControlType;
  std::vector<Channel> channels(size_t(model.control_count));
  auto error = [&](const scene::Control& control, std::string code, std::string message, std::string hint = {}) {
    fit.add(&control, std::move(code), std::move(message), std::move(hint), control.place);
  };
  for (const scene::Control& control : settings.controls) {
    const int key = control.keyframe.empty() ? -1 : find_key(model, control.keyframe);
    if (!control.keyframe.empty() && key < 0) {
      fit.add(&control, "unknown-name", "the model has no keyframe '" + control.keyframe + "'", scene::name_hint(control.keyframe, model.key_name), control.keyframe_place);
      continue;
    }
    for (int u = 0; u < model.control_count; ++u) {
      if (!scene::matches(control.actuators, model.control_name[u])) continue;
      Channel& c = channels[u] = Channel{};
      c.actuator = u;
      c.type = control.type;
      c.limited = model.control_limited[u];
      c.low = c.limited ? model.actuator_ctrlrange[2 * u] : -1;
      c.high = c.limited ? model.actuator_ctrlrange[2 * u + 1] : 1;
      c.centre = 0.5 * (c.low + c.high);
      c.half = control.scale * 0.5 * (c.high - c.low);
      if (!std::isnan(control.centre)) c.centre = control.centre;
      if (!std::isnan(control.amplitude)) c.half = control.amplitude;
      c.value = key >= 0 ? model.key_ctrl[size_t(key) * model.control_count + u] : control.value;
      c.hold = control.hold;
      c.frequency = control.frequency, c.phase = control.phase;
      if (control.type != ControlType::target) continue;

      // torque = gear * gain * control, so the gains of the joint are divided by both
      const int a = model.control_actuator[u], joint = model.actuator_target[a];
      const bool simple = model.actuator_transmission[a] == int(scene::Transmission::joint) && model.actuator_gain[a] == int(scene::Gain::fixed) &&
                          model.actuator_bias[a] == int(scene::Bias::none) && model.actuator_dynamics[a] == int(scene::Dynamics::none);
      if (!simple || model.joint_type[joint] < int(scene::JointType::slide)) {
        error(control, "not-a-motor", "'target' drives motors of hinges and slides; '" + model.control_name[u] + "' is none",
              "a servo takes its target as its control: use 'hold'");
        continue;
      }
      const double torque = model.actuator_gear[6 * a] * model.actuator_gainprm[model::actuator_parameters * a];
      if (torque == 0) {
        error(control, "not-a-motor", "the actuator '" + model.control_name[u] + "' has no gear or gain");
        continue;
      }
      c.qpos = model.joint_qpos[joint], c.dof = model.joint_dof[joint];
      c.target = key >= 0 ? model.key_qpos[size_t(key) * model.qpos_count + c.qpos] : model.qpos0[c.qpos];
      c.stiffness = control.stiffness / torque, c.damping = control.damping / torque;
    }
    fit.fits(control.actuators, model.control_name, "actuator", control.names_places, control.place);
  }
  return channels;
}

}  // namespace nuri::session
