// What a sensor gives and what it can be attached to.
#pragma once
#include "engine/model/model.h"
#include "engine/scene/scene.h"

namespace nuri::model {

// Numbers per reading.
int sensor_values(scene::SensorType type);

// Whether a sensor of this type may sit on this object; `index` is valid for `object`.
bool sensor_suits(const Model& model, scene::SensorType type, scene::ObjectType object, int index);

}  // namespace nuri::model
