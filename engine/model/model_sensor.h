// What a sensor gives and what it can be attached to.
#pragma once
#include "engine/model/model.h"
#include "engine/scene/scene.h"

namespace nuri::model {

// Numbers per reading; `data` says which of a rangefinder or contact sensor.
int sensor_values(scene::SensorType type, int data);

// Whether a sensor of this type may sit on this object; `index` is valid for `object`.
bool sensor_suits(const Model& model, scene::SensorType type, scene::ObjectType object, int index);

// The same for what a sensor refers to; frames may have a reference or none.
bool sensor_refers(scene::SensorType type, scene::ObjectType reference);

// Whether the signed distance of two geoms is known; types as scene::GeomType, in any order.
bool distance_known(int type1, int type2);

}  // namespace nuri::model
