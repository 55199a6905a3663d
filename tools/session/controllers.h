// Controllers: from the pose that a site should have to the controls of actuators, at every control step, on the host.
//
//   pose               servos: inverse kinematics gives joint positions q, the control is what makes a servo rest at q under the
//                      chain's own weight
//   operational_space  motors: tau = J' (K e - D J v) + (1 - J' inv(J J') J) (k (q_rest - q) - d v) + bias
// (O. Khatib, A unified approach for motion and force control, IEEE J. Robotics and Automation 3, 1987, without its inertia: a
// stiffness is then the same in every posture, which is what a person sets.) The null space is that of J itself, so at
// rest the two terms do not disturb each other, whatever the masses.
#pragma once
#include <vector>
#include "engine/core/result.h"
#include "engine/scene/yaml.h"
#include "tools/session/fit.h"
#include "tools/session/inverse_kinematics.h"

namespace nuri::session {

// Between a joint's force and its actuator's control: force = gear (gain u + constant + per_length gear q).
struct Drive {
  int actuator = 0, qpos = 0, dof = 0;
  double gear = 1, gain = 1, constant = 0, per_length = 0;
  bool limited = false;
  double low = 0, high = 0;
  double control(double position, double force) const;
};

struct Controller {
  scene::Controller settings;
  Chain chain;
  std::vector<Drive> drives;                     // one per joint of the chain
  std::vector<double> rest;                      // empty: where the environment begins
};

// What one environment's controller remembers.
struct ControllerState {
  std::vector<double> joints, rest;              // commanded positions, rest posture
  Pose setpoint, origin;                         // origin: the setpoint when its last move began
  int followed = -1;                             // action whose target the setpoint keeps to until the next move
};

// The controllers that fit the model. Joints without a servo (motor) that were asked for are errors, and so are actuators with two
// controllers.
std::vector<Controller> make_controllers(const model::Model& model, const scene::Settings& settings, Fit& fit);

// The site should be where it is.
void begin(const Controller& controller, const Posture& posture, ControllerState& out);
// Controls of the drives for the setpoint. `posture` is what is measured; it is the same again afterwards.
void drive(const Controller& controller, double period, Posture& posture, ControllerState& state, double* out_controls);

// "did you mean 'arm/grip'?": names of the model near to one that it lacks.

}  // namespace nuri::session
