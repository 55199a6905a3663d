// What cameras and lights have in common: a place in a body, and five ways to follow bodies.
#pragma once
#include "render/view/place.h"

namespace nuri::view {

struct Tracked { Vec3f position; std::array<Vec3f, 3> axes; };   // x, y, z; it looks along -z

// `own` is in the body's frame.
Tracked track(const model::Model& model, const Tracked& own, int body, int target, model::Look::Track mode, const std::vector<Place>& bodies);

}  // namespace nuri::view
