// One environment in a world of Bullet's: btMultiBodyDynamicsWorld, stepped by a substep at a time.
//
//   load(state)     the state as it stands; what Bullet remembers of contacts is forgotten
//   step(state)     one substep from there; controls and other inputs are read, positions, velocities and activations written
//
// A substep: Nuri's laws of force (smooth.h) become joint torques, the catalog's rows and every rotor and damper rows of Bullet's solver
// (rows.h); Bullet detects collisions, solves, and integrates by semi-implicit Euler. Which geoms may touch, and with what friction, is the
// model's list of candidate pairs. What of a model is not there: left_out.h.
#pragma once
#include <memory>
#include <vector>
#include "physics/bullet/smooth.h"
#include "physics/contact_record.h"

namespace nuri::bullet {

// The numbers of Bullet's solver, where its own choice is not kept.
namespace solving {
constexpr int iterations = 300;         // sweeps at most; Bullet's own 10 let a stack sink and its friction creep
constexpr double least_change = 1e-12;  // N s: sweeps end when no impulse changes by more
constexpr double share = 0.2;           // of an error that a step takes back: Bullet's own erp
}  // namespace solving

class Simulation {
 public:
  explicit Simulation(std::shared_ptr<const model::Model> model);  // of one environment, with its own numbers
  ~Simulation();
  void load(const Numbers& state);
  void step(Numbers& state);
  void poses(std::vector<double>& out_xpos, std::vector<double>& out_xquat) const;  // of all bodies, after load or step
  void contacts(std::vector<ContactRecord>& out) const;  // of the last step, nearest first within a pair; those that press or overlap
  int contact_count() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace nuri::bullet
