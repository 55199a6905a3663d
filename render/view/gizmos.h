// Lines and labels about one environment, and the lights of it.
#pragma once
#include "render/view/place.h"

namespace nuri::view {

// `bodies` are the places of `poses`.
void add_gizmos(Frame& frame, const Scenery::Of& of, const Poses& poses, const std::vector<Place>& bodies, const Show& show, bool labelled);

// Without those that are dark. Suns have no cone, attenuation or range.
std::vector<Lamp> lamps_of(const model::Model& model, const std::vector<Place>& bodies);
// What of a lamp's colour arrives at a distance from it on its axis.
float share(const Lamp& lamp, float metres);
// What lights a picture of things within `radius` of `centre`: at most 8 of the lights of all environments, and a sun if there is none.
std::vector<Lamp> lamps(const Scenery& scenery, std::span<const Poses> poses, const Vec3f& centre, float radius);

}  // namespace nuri::view
