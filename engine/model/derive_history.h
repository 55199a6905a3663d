// Delays and intervals in steps.
#pragma once
#include "engine/model/model.h"

namespace nuri::model {

inline constexpr double most_lag = 1e9, most_period = 1 << 22;   // steps
inline constexpr int most_parts = 4096;                          // that a step is cut into

// track_lag and track_beat from actuator_delay, sensor_delay, sensor_interval and the timestep.
void derive_history(Model& model);

}  // namespace nuri::model
