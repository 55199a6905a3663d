// Pick: what a ray meets first. Exact: closed forms for primitives, triangles for meshes, hulls' and height fields' shapes. For where pictures with
// names of pixels (Instance::id) are not at hand. A loop over all geoms with a bounding test: 100,000 geoms take a few milliseconds.
//
// What pictures show is what rays meet: surfaces from outside and planes from above, of the groups shown; nothing that is wholly transparent. A
// shape that the ray begins in is passed through.
#pragma once
#include <optional>
#include <span>
#include "render/view/frame.h"

namespace nuri::view {

struct Ray { Vec3f from, direction; };             // direction is unit

// Through a place in a picture, in pixels from its top left corner: the middle of the first pixel is (0.5, 0.5).
Ray pixel_ray(const Eye& eye, float x, float y, uint32_t width, uint32_t height);

struct Pick {
  size_t of = 0;                                   // which of `poses`
  uint32_t environment = 0;
  int body = 0, geom = 0;
  Vec3f point{}, normal{};                         // in the world, out of the geom
  float distance = 0;                              // m along the ray
};
std::optional<Pick> pick(const Scenery& scenery, std::span<const Poses> poses, const Show& show, const Ray& ray);

}  // namespace nuri::view
