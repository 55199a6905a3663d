// T04 over 1000 s: the pendulum's energy under semi-implicit Euler swings about a mean that does not move.
#include "tests/physics/scene_text.h"

using namespace nuri;
using namespace nuri::closed_forms;

TEST_CASE("T04 pendulum energy has no secular drift over 1000 s") {
  for (const Precision p : both_precisions)
    for (const double damping : {0.0, 1e-5}) {
      Twins w("<mujoco><option timestep='0.002'/><worldbody><body><joint type='hinge' axis='0 1 0' damping='" + number(damping) +
                  "'/><inertial pos='0 0 -1' mass='1' diaginertia='1e-12 1e-12 1e-12'/></body></worldbody></mujoco>", p, damping > 0 ? 0 : 33);
      w.set(StateField::qpos, 0, 1);
      double mean[2] = {};
      const int half = 250000;
      for (int i = 0; i < 2 * half; ++i) {
        w.step();
        mean[i / half] += (w.velocity(0) * w.velocity(0) / 2 / gravity - std::cos(w.position(0))) / half;
      }
      const double drift = std::fabs(mean[1] - mean[0]);           // of the mean of E / (m g L), first to second half
      if (damping > 0) rejects("a damping of 1e-5 N m s", drift, 1e-5);
      else {
        judge("T04 drift of the mean energy, 1000 s", p, drift, 1e-5);   // measured 1.8e-6, 3.4e-6
        CHECK(w.alike());
      }
    }
}
