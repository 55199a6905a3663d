// Where a site is, how joints move it and what holds them up, in double on the host: what a controller knows of its robot.
//
// A controller runs once per control step for one chain, so it needs neither kernels nor scratch; it needs double, because a
// float setpoint jitters. Plain arithmetic and our own trigonometry: the same bits on every machine. Tests compare with
// the World's poses and bias forces and with finite differences.
//
// A controller knows the model, not the numbers that an environment overrides (`vary`): a robot whose links differ
// from its drawings is followed as well as its servos can. Poses are the site's in the world; angles in rad.
#pragma once
#include <vector>
#include "engine/model/model.h"
#include "engine/shape/rigid.h"

namespace nuri::session {

using shape::Rot;
using shape::Vec;

struct Pose {
  Vec position{0, 0, 0};                         // m
  Rot orientation{1, 0, 0, 0};
};

// What chains read of one environment; laid out as the state.
struct Posture {
  std::vector<double> qpos, qvel, mocap_pos, mocap_quat;
  explicit Posture(const model::Model& model);   // the initial state
};

struct Chain {
  const model::Model* model = nullptr;
  int site = 0;
  std::vector<int> bodies;                       // from the first that may move to the site's
  std::vector<int> joints;                       // hinges and slides that the controller moves, from the world on
  Pose base;                                     // of the parent of the first body
  std::vector<int> carried;                      // bodies that these joints carry, ascending
  std::vector<int> qpos_read, dof_read, mocap_read;   // what it needs of the state

  int size() const { return int(joints.size()); }
};

// The hinges and slides that move a site, from the world on.
std::vector<int> joints_of(const model::Model& model, int site);
Chain make_chain(const model::Model& model, int site, std::vector<int> joints);

// Pose of the site. `jacobian`, if not null, receives 6 rows of chain.size(): linear velocity (m/s) and angular velocity (rad/s,
// world axes) of the site per unit speed of each joint.
Pose site_pose(const Chain& chain, const Posture& posture, double* jacobian = nullptr);

// Joint forces that hold the chain against its weight and springs, N or N m; with `moving` also against the velocity forces of
// the carried bodies. What the chain hangs from is taken to stand still.
//   tau = S' sum (f),  f = m (a - (1 - gravcomp) g) at the centre of mass and I w' + w x I w about it, for zero joint acceleration
// Featherstone, Rigid Body Dynamics Algorithms, table 5.1, in world axes about the world's origin.
void holding_forces(const Chain& chain, const Posture& posture, bool moving, double* out_forces);

// The rotation vector (world axes, at most pi long) that turns `from` into `to`.
Vec rotation_between(const Rot& from, const Rot& to);
Rot turn(const Vec& axis, double angle, double length = 1);   // rad, about an axis of that length; none about one without
double arc_tangent(double y, double x);

}  // namespace nuri::session
