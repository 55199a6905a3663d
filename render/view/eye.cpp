// Eyes: cameras of models, the free camera, projections, and framing what is there.
#include <algorithm>
#include <cmath>
#include "render/view/extent.h"
#include "render/view/tracked.h"

namespace nuri::view {

using model::Model;
using Track = model::Look::Track;

Tracked track(const Model& m, const Tracked& own, int body, int target, Track mode, const std::vector<Place>& bodies) {
  if (body < 0 || body >= m.body_count) body = 0;
  const auto in_body = [&](const std::vector<Place>& where) {
    const Place& p = where[size_t(body)];
    Tracked out{at(p, own.position), {}};
    for (size_t k = 0; k < 3; ++k) out.axes[k] = turned(p, own.axes[k]);
    return out;
  };
  Tracked out = in_body(bodies);
  switch (mode) {
    case Track::fixed: return out;
    case Track::track: case Track::trackcom: {     // in place only: as far from the body as at first, turned as at first
      const std::vector<Place> initial = body_places(m, initial_poses(m));
      const Tracked before = in_body(initial);
      const auto centre = [&](const std::vector<Place>& where) {
        return mode == Track::track ? origin(where[size_t(body)]) : centre_of_mass(m, where, body);
      };
      return {centre(bodies) + (before.position - centre(initial)), before.axes};
    }
    case Track::targetbody: case Track::targetbodycom: {
      if (target < 0 || target >= m.body_count) return out;
      const Vec3f goal = mode == Track::targetbody ? origin(bodies[size_t(target)]) : centre_of_mass(m, bodies, target);
      const Vec3f back = unit(out.position - goal, out.axes[2]);
      const Vec3f right = unit(cross({0, 0, 1}, back), out.axes[0]);   // straight up or down the camera's own x axis stays
      return {out.position, {right, unit(cross(back, right), out.axes[1]), back}};
    }
  }
  return out;
}

Eye camera_eye(const Model& m, int camera, const Poses& poses) {
  Eye eye;
  if (camera < 0 || size_t(camera) >= m.look.cameras.size()) return eye;
  const model::Look::Camera& c = m.look.cameras[size_t(camera)];
  const Place own = place(c.pos.data(), c.quat.data());
  const Tracked seen = track(m, {origin(own), {column(own, 0), column(own, 1), column(own, 2)}}, c.body, c.target, c.track, body_places(m, poses));
  eye.position = seen.position;
  for (size_t k = 0; k < 3; ++k)
    for (size_t i = 0; i < 3; ++i) eye.axes[3 * i + k] = seen.axes[k][i];
  if (c.fovy > 0 && c.fovy < 3.14) eye.fovy = float(c.fovy);
  return eye;
}

Eye orbit_eye(const Vec3f& around, float distance, float azimuth, float elevation, float fovy) {
  const float ca = std::cos(azimuth), sa = std::sin(azimuth), ce = std::cos(elevation), se = std::sin(elevation);
  Eye eye;
  const Vec3f back{-ca * ce, -sa * ce, -se};
  eye.position = around + distance * back;
  eye.axes = {sa, -ca * se, back[0], -ca, -sa * se, back[1], 0, ce, back[2]};
  eye.fovy = fovy;
  eye.near = std::clamp(0.005f * distance, 0.001f, 0.5f);
  eye.far = std::max(1000.0f, 20 * distance);
  return eye;
}

// Calls f(place, shape, scale) for every geom that is drawn, endless planes apart.
template <class F> static void each_geom(const Scenery& scenery, std::span<const Poses> poses, F f) {
  for (const Poses& p : poses) {
    if (p.model < 0 || size_t(p.model) >= scenery.models.size()) continue;
    const Scenery::Of& of = scenery.models[size_t(p.model)];
    const Model& m = *of.model;
    const std::vector<Place> bodies = body_places(m, p);
    for (int g = 0; g < m.geom_count; ++g) {
      const uint32_t which = of.geom_shape[size_t(g)];
      if (m.geom_type[g] == model::geom_plane || which == no_shape) continue;
      f(bodies[size_t(m.geom_body[g])] * geom_place(m, g), scenery.shapes[which], scale_of(m, g));
    }
  }
}

Orbit framing(const Scenery& scenery, std::span<const Poses> poses, float fovy, float aspect) {
  constexpr float azimuth = 2.3f, elevation = -0.4f;   // rad: from before and the right of a robot that looks along +x, from above
  constexpr float margin = 1.12f;
  Extent extent;
  each_geom(scenery, poses, [&](const Place& p, const Shape& shape, const Scale& s) { extent.include(shape, p, s); });
  if (extent.empty()) extent.include({0, 0, 0}, {1, 1, 0});

  // the nearest place from which every corner of the box is between the edges of the picture
  Orbit out{extent.centre(), 1.2f * extent.radius(), azimuth, elevation};
  const Eye eye = orbit_eye(out.at, 0, azimuth, elevation, fovy);
  const float up = std::tan(0.5f * fovy) / margin, side = up * aspect;
  for (int corner = 0; corner < 8; ++corner) {
    Vec3f v{};
    for (size_t k = 0; k < 3; ++k) v[k] = (corner >> k & 1 ? extent.high[k] : extent.low[k]) - out.at[k];
    const auto axis = [&](size_t k) { return eye.axes[k] * v[0] + eye.axes[3 + k] * v[1] + eye.axes[6 + k] * v[2]; };
    out.distance = std::max({out.distance, axis(2) + std::abs(axis(0)) / side, axis(2) + std::abs(axis(1)) / up});
  }
  return out;
}

// In the camera's axes (x right, y up, z back) a point v is between the edges if |v.x - c.x| <= side (c.z - v.z), and y alike. So
// c.z side + c.x is at least the greatest v.x + side v.z, and c.z side - c.x the greatest -v.x + side v.z: both sides of both axes give
// the nearest c.
Orbit filling(const Scenery& scenery, std::span<const Poses> poses, float fovy, float aspect, float azimuth, float elevation) {
  constexpr float margin = 1.25f;
  const std::array<float, 9> axes = orbit_eye({}, 0, azimuth, elevation, fovy).axes;
  const float up = std::tan(0.5f * fovy) / margin, slope[2] = {up * aspect, up};
  float reach[2][2] = {{-1e30f, -1e30f}, {-1e30f, -1e30f}}, nearest = -1e30f, farthest = 1e30f;
  const auto include = [&](const Vec3f& v) {
    const auto along = [&](size_t k) { return axes[k] * v[0] + axes[3 + k] * v[1] + axes[6 + k] * v[2]; };
    for (size_t k = 0; k < 2; ++k)
      for (int way = 0; way < 2; ++way) reach[k][way] = std::max(reach[k][way], (way ? -along(k) : along(k)) + slope[k] * along(2));
    nearest = std::max(nearest, along(2)), farthest = std::min(farthest, along(2));
  };
  each_geom(scenery, poses, [&](const Place& p, const Shape& shape, const Scale& s) {
    if (!known(p)) return;
    for (int corner = 0; corner < 8; ++corner) {
      Vec3f v = middle(shape, s);
      for (size_t k = 0; k < 3; ++k) v[k] += (corner >> k & 1 ? 1.0f : -1.0f) * (shape.half[k] * s.s[k] + (k == 2 ? s.stretch : 0));
      include(at(p, v));
    }
  });
  if (!(nearest > -1e30f)) return framing(scenery, poses, fovy, aspect);

  float c[3];
  for (int k = 0; k < 2; ++k) c[k] = 0.5f * (reach[k][0] - reach[k][1]);
  c[2] = std::max((reach[0][0] + reach[0][1]) / (2 * slope[0]), (reach[1][0] + reach[1][1]) / (2 * slope[1]));
  Orbit out{{}, std::max(1e-3f, c[2] - 0.5f * (nearest + farthest)), azimuth, elevation};
  for (size_t k = 0; k < 3; ++k) out.at[k] = axes[3 * k] * c[0] + axes[3 * k + 1] * c[1] + axes[3 * k + 2] * (c[2] - out.distance);
  return out;
}

std::array<float, 16> clip_from_world(const Eye& eye, float aspect) {
  const double focal = 1 / std::tan(0.5 * double(eye.fovy)), near = eye.near, far = eye.far, a = near / (far - near);
  const double rows[4][4] = {{focal / aspect, 0, 0, 0}, {0, -focal, 0, 0}, {0, 0, a, far * a}, {0, 0, -1, 0}};   // clip from eye
  double view[4][4] = {};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) {
      view[i][j] = eye.axes[3 * j + i];
      view[i][3] -= double(eye.axes[3 * j + i]) * double(eye.position[j]);
    }
  }
  view[3][3] = 1;
  std::array<float, 16> out;
  for (size_t i = 0; i < 4; ++i)
    for (size_t j = 0; j < 4; ++j) {
      double sum = 0;
      for (size_t k = 0; k < 4; ++k) sum += rows[i][k] * view[k][j];
      out[4 * i + j] = float(sum);
    }
  return out;
}

// depth = (near far / d - near) / (far - near)
float metres(float depth, const Eye& eye) {
  const double near = eye.near, far = eye.far;
  return float(near * far / (double(depth) * (far - near) + near));
}

}  // namespace nuri::view
