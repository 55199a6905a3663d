// Actuators at qpos0: which dofs an output pushes, as physics/kernel/transmission.h has it for any pose.
#pragma once
#include <vector>
#include "engine/model/derive_initial.h"

namespace nuri::model {

// d(length)/d(position) of an output by all dofs; of actuators on bodies, which push what they touch, 0.
std::vector<double> initial_moment(const Model& model, const Initial& initial, int output);

void derive_actuators(Model& model, const Initial& initial);

}  // namespace nuri::model
