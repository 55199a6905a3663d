#include <algorithm>
#include "engine/model/model_flags.h"
#include "tools/compare/compare.h"

namespace nuri::compare {

std::vector<std::string> known_differences(const model::Model& m, const std::string& with) {
  std::vector<std::string> out;
  if (with != "bullet") return out;
  const bool touches = m.flags & model::flag_contact && m.pair_count > 0;
  if (touches) {
    out.push_back(
        "contacts: Nuri's are soft (solref, solimp: bodies rest a little sunk and creep under load), Bullet's hard (a linear "
        "complementarity problem by sweeps; 20 % of an overlap "
        "is taken back per step, and nothing bounces)");
    out.push_back(
        "contact points: Nuri finds all of a face at once, Bullet keeps up to four per pair of geoms from step to step, within 2 cm; so "
        "the moment of a first touch, and what an edge does, differ");
    out.push_back(
        "what bodies do after a hit is sensitive to both: expect poses to part at the first impact, and compare where they come to rest");
  }
  if (touches && !m.elliptic)
    out.push_back("friction: Nuri's pyramid (cone=pyramidal) lets more through along diagonals than Bullet's round cone");
  if (std::any_of(m.joint_limited.begin(), m.joint_limited.end(), [](int on) { return on != 0; }))
    out.push_back("limits: Nuri's are soft, Bullet's stop a joint at the bound");
  if (m.equality_count > 0) out.push_back("equalities: Nuri's are soft, Bullet's hold to the accuracy of its sweeps");
  if (std::any_of(m.dof_frictionloss.begin(), m.dof_frictionloss.end(), [](double f) { return f > 0; }))
    out.push_back("dry friction of joints: Nuri's creeps slowly where Bullet's holds");
  if (m.integrator == int(scene::Integrator::rk4)) out.push_back("integrator: Runge-Kutta in Nuri, semi-implicit Euler in Bullet");
  if (m.free_count > 0)
    out.push_back("free bodies: Nuri moves the body's origin, Bullet its centre of mass; the two differ by the square of the timestep");
  return out;
}

}  // namespace nuri::compare
