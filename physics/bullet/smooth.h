// What Nuri's own kernels know of an environment before anything is solved: the forces that follow from laws (springs, dampers, tendons,
// actuators, the medium) and the rows of constraints that are not contacts. Bullet has no such laws, so its backend asks for them here and
// does the rest itself: inertia, velocity forces, collision, contact, the solution of all constraints, integration.
//
// The stages run on one environment in double, with the text of physics/kernel, in an arena of their own.
#pragma once
#include <memory>
#include <vector>
#include "engine/model/model.h"

namespace nuri::bullet {

// The state of one environment in double, by the names of engine/model/state_fields.inl; outputs are left empty.
struct Numbers {
#define NURI_STATE(name, source, role, count, unit, doc) std::vector<double> name;
#include "engine/model/state_fields.inl"
  explicit Numbers(const model::Model& model);
};

// A row of the model's catalog (model::RowKind): J qvel, and what of it is not as it should be.
struct CatalogRow {
  int row = 0, kind = 0;
  double error = 0;  // m, rad: an equality's; a limit's distance (negative: beyond)
  double loss = 0;   // N, N m: dry friction
  std::vector<int> dof;
  std::vector<double> J;
};

// A force of -strength J qvel along J. With the integrators implicit and implicitfast Nuri counts it in at the new velocity: forces of
// actuators, where they fall with it, and damping of tendons.
struct Damper {
  int number = 0;  // of an output, or output_count and of a tendon: the same from step to step
  double strength = 0;
  std::vector<int> dof;
  std::vector<double> J;
};

struct Forces {
  std::vector<double> force;        // N, N m per dof: passive and actuation; damping of dofs and dampers included
  std::vector<double> act;          // activations after this step
  std::vector<double> xpos, xquat;  // poses of bodies, m and unit quaternions
  std::vector<CatalogRow> rows;
  std::vector<Damper> dampers;
};

class Smooth {
 public:
  // The model is of one environment, with its own numbers.
  explicit Smooth(std::shared_ptr<const model::Model> model);
  ~Smooth();
  void run(Numbers& state, Forces& out_forces);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace nuri::bullet
