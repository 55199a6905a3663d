// What the environments of a world look like to a renderer.
#pragma once
#include "physics/world.h"
#include "render/view/frame.h"

namespace nuri::session {

// All models of a world, in the order of its buckets.
view::Scenery scenery_of(const World& world);
// Where the bodies of one environment are, as the last step or reset published them.
view::Poses poses_of(World& world, int environment, const view::Vec3f& offset = {});
// Places for `count` environments on a square grid around the origin, `spacing` metres apart, the first at the lower left.
std::vector<view::Vec3f> grid_places(int count, float spacing);

}  // namespace nuri::session
