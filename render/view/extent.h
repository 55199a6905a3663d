// Sizes and extents of geoms: how an instance scales its shape, and the box around what is drawn.
#pragma once
#include <algorithm>
#include "engine/model/pairs.h"
#include "render/view/place.h"

namespace nuri::view {

// What renderers know of a geom; a model that holds no pictures is grey.
inline model::Look::Part part_of(const model::Model& m, int geom) {
  return size_t(geom) < m.look.parts.size() ? m.look.parts[size_t(geom)] : model::Look::Part{};
}

struct Scale { float s[3]{1, 1, 1}, stretch = 0; };

// A shape of `type` at the sizes of MJCF; planes without end get 1 there.
inline Scale scale_of(int type, const double* size) {
  const auto x = float(size[0]), y = float(size[1]), z = float(size[2]);
  switch (type) {
    case model::geom_plane: return {{x > 0 ? x : 1, y > 0 ? y : 1, 1}};
    case model::geom_sphere: return {{x, x, x}};
    case model::geom_capsule: return {{x, x, x}, y};
    case model::geom_cylinder: return {{x, x, y}};
    case model::geom_ellipsoid: case model::geom_box: return {{x, y, z}};
  }
  return {};
}
// In its body.
inline Place geom_place(const model::Model& m, int geom) { return place(&m.geom_pos[3 * size_t(geom)], &m.geom_quat[4 * size_t(geom)]); }
inline Scale scale_of(const model::Model& m, int geom) { return scale_of(m.geom_type[geom], &m.geom_size[3 * size_t(geom)]); }

// Radius of a ball about the scaled shape's centre.
inline float reach(const Shape& shape, const Scale& s) { return shape.radius * std::max({s.s[0], s.s[1], s.s[2]}) + s.stretch; }
inline Vec3f middle(const Shape& shape, const Scale& s) { return {shape.centre[0] * s.s[0], shape.centre[1] * s.s[1], shape.centre[2] * s.s[2]}; }

// Grows around balls and boxes; what is not known is left out.
struct Extent {
  Vec3f low{1e30f, 1e30f, 1e30f}, high{-1e30f, -1e30f, -1e30f};

  void include(const Vec3f& at, const Vec3f& half) {
    if (!finite(at) || !finite(half)) return;
    for (size_t k = 0; k < 3; ++k) low[k] = std::min(low[k], at[k] - half[k]), high[k] = std::max(high[k], at[k] + half[k]);
  }
  // The box around a shape in its own axes, as the world sees it; of a ball, the ball.
  void include(const Shape& shape, const Place& p, const Scale& s) {
    if (!known(p)) return;
    float half[3];
    for (int k = 0; k < 3; ++k) half[k] = shape.half[size_t(k)] * s.s[k];
    half[2] += s.stretch;
    Vec3f around;
    for (size_t i = 0; i < 3; ++i) {
      const float* row = &p.m[4 * i];
      around[i] = std::min(reach(shape, s), std::abs(row[0]) * half[0] + std::abs(row[1]) * half[1] + std::abs(row[2]) * half[2]);
    }
    include(at(p, middle(shape, s)), around);
  }
  bool empty() const { return low[0] > high[0]; }
  Vec3f centre() const { return empty() ? Vec3f{} : 0.5f * (low + high); }
  float radius() const { return empty() ? 1 : std::max(1e-3f, 0.5f * length(high - low)); }
};

}  // namespace nuri::view
