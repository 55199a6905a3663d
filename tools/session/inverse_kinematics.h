// Joint positions that bring a site to a pose: damped least squares, warm-started from where the joints are.
//
//   minimise |W (e - J dq)|^2 + mu^2 |dq|^2,   mu^2 = damping^2 + |W e|^2 / 2
// e: error of the site's pose (position, rotation vector), W weighs a radian as `lever` metres. The part of mu that grows with the
// error keeps far and unreachable targets from throwing joints about, and vanishes quickly enough for quadratic convergence
// (T. Sugihara, Solvability-unconcerned inverse kinematics by the Levenberg-Marquardt method, IEEE T-RO 27, 2011). A joint that
// would leave its range stops at the limit and the others share what it was to do. What the site does not need is
// pulled to the rest posture through the null space of J, once per solution.
//
// An analytic solution per robot would be exact and branchy; a solver over whole trajectories plans, which a controller need not.
#pragma once
#include <span>
#include "tools/session/kinematics.h"

namespace nuri::session {

struct InverseOptions {
  int iterations = 20;                           // at most
  double damping = 1e-4;                         // m; a controller's is larger: it has time, and joints should not rush past singular postures
  double rest_pull = 0;                          // share of the way to the rest posture
  double largest_step = 0.5;                     // rad or m per iteration and joint
};

struct InverseResult {
  double position_error = 0, angle_error = 0;    // m, rad; what remains
  int iterations = 0;
};

namespace inverse_limits {
constexpr int joints = 64;                       // of one chain
constexpr double lever = 0.3;                    // m: how far out an angle of the site counts like a distance
constexpr double position = 1e-8, angle = 1e-7;  // m, rad: close enough to stop
}  // namespace inverse_limits

// `posture` holds the chain's joints at the start of the search and receives them at its end; what else the pose depends on is read.
InverseResult solve_inverse(const Chain& chain, const Pose& target, std::span<const double> rest, const InverseOptions& options, Posture& posture);

// The same from the present posture and then from up to `starts` others, spread over the joints' ranges, until one arrives within
// `position` and `angle`; otherwise the nearest that was found. Says whether a pose can be reached: a single search may stop at a
// joint's limit (about 1 in 1000 does from 0.4 rad away). Never used to move: the postures have nothing to do with one another.
InverseResult search_inverse(const Chain& chain, const Pose& target, int starts, double position, double angle, Posture& posture);

// x of A x = b for a symmetric positive definite A (6x6, row major, lower half read; overwritten by its factor). False: it is not.
bool factor6(double* a);
void solve6(const double* factor, double* x);

}  // namespace nuri::session
