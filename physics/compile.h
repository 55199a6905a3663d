// model::compile() and what of a model needs the dynamics: how short and how long muscles can get.
//
// MuJoCo finds these lengths by simulation (mj_setLengthRange): at each step a force along the actuator's moment, that would accelerate all dofs by
// `accel`, while velocities decay; what the length settles at is its end. The same is done here, with the engine itself: an environment for
// each end of each muscle, in double. Contacts, friction, springs, dampers, gravity and actuators are off; limits and equalities are on, so that
// lengths lie a little beyond the limits that end them.
#pragma once
#include <vector>
#include "engine/model/compile.h"

namespace nuri {

Result<model::Model> compile(const scene::Scene& scene, std::vector<Diagnostic>* out_report = nullptr, std::vector<model::MeshFacts>* out_meshes = nullptr);

// Fills actuator_lengthrange of muscles that have none. Errors: lengths that nothing ends.
std::vector<Diagnostic> find_length_ranges(model::Model& model, const scene::Scene& scene);

}  // namespace nuri
