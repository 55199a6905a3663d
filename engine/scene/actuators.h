// How many numbers an actuator has: controls, forces, activations. Readers lay out keyframes by it, the compiler the model.
#pragma once
#include <string>
#include <vector>
#include "engine/scene/scene.h"

namespace nuri::scene {

// Its controls, by name; one without a name: what the gain makes of it.
std::vector<std::string> input_names(const Actuator& actuator);
inline int control_count(const Actuator& actuator) { return int(input_names(actuator).size()); }
inline int output_count(const Actuator& actuator) { return actuator.gain == Gain::so3 ? 3 : 1; }
// Controls at reset: the unit quaternion, else 0.
std::vector<double> neutral_controls(const Actuator& actuator);

// Which activations a pid or dcmotor has: bits of model::ActuatorState; of others 0.
int activation_states(const Actuator& actuator);
int activation_count(const Actuator& actuator);

}  // namespace nuri::scene
