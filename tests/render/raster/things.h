// Shapes, instances and frames made by hand, and a drawing of them: for tests of the raster.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>
#include "render/raster/raster.h"

namespace things {

using namespace nuri;

inline view::Shape unit_plane() {
  view::Shape s;
  for (int k = 0; k < 4; ++k) {
    float x = k & 1 ? 1.0f : -1.0f, y = k & 2 ? 1.0f : -1.0f;
    s.vertices.push_back({{x, y, 0}, {0, 0, 1}, {0.5f + 0.5f * x, 0.5f + 0.5f * y}, 0});
  }
  s.corners = {0, 1, 3, 0, 3, 2}, s.radius = std::sqrt(2.0f);
  return s;
}

// Rings from the south to the north pole. A capsule's two halves are pulled apart by Vertex::cap.
inline view::Shape unit_sphere(int rings, int around, bool capsule = false) {
  view::Shape s;
  for (int r = 0; r <= rings; ++r)
    for (int half = 0; half < (capsule && 2 * r == rings ? 2 : 1); ++half)
      for (int k = 0; k <= around; ++k) {
        float polar = float(M_PI) * float(r) / float(rings), turn = 2 * float(M_PI) * float(k) / float(around);
        float x = std::sin(polar) * std::cos(turn), y = std::sin(polar) * std::sin(turn), z = -std::cos(polar);
        float cap = !capsule ? 0.0f : 2 * r < rings || (2 * r == rings && !half) ? -1.0f : 1.0f;
        s.vertices.push_back({{x, y, z}, {x, y, z}, {turn / (2 * float(M_PI)), polar / float(M_PI)}, cap});
      }
  uint32_t row = uint32_t(around) + 1, rows = uint32_t(s.vertices.size()) / row;
  for (uint32_t r = 0; r + 1 < rows; ++r)
    for (uint32_t k = 0; k + 1 < row; ++k) {
      uint32_t a = r * row + k;
      for (uint32_t c : {a, a + 1, a + row + 1, a, a + row + 1, a + row}) s.corners.push_back(c);
    }
  s.radius = 1;
  return s;
}

inline view::Shape unit_cylinder(int around) {
  view::Shape s;
  for (int k = 0; k <= around; ++k) {
    float turn = 2 * float(M_PI) * float(k) / float(around), x = std::cos(turn), y = std::sin(turn), u = float(k) / float(around);
    s.vertices.push_back({{x, y, -1}, {x, y, 0}, {u, 0}, 0});
    s.vertices.push_back({{x, y, 1}, {x, y, 0}, {u, 1}, 0});
    s.vertices.push_back({{x, y, -1}, {0, 0, -1}, {0.5f + 0.5f * x, 0.5f + 0.5f * y}, 0});
    s.vertices.push_back({{x, y, 1}, {0, 0, 1}, {0.5f + 0.5f * x, 0.5f + 0.5f * y}, 0});
  }
  for (uint32_t k = 0; k < uint32_t(around); ++k) {
    uint32_t a = 4 * k, b = a + 4;
    for (uint32_t c : {a, b, b + 1, a, b + 1, a + 1}) s.corners.push_back(c);
    if (k > 0 && k + 1 < uint32_t(around))
      for (uint32_t c : {2u, b + 2, a + 2, 3u, a + 3, b + 3}) s.corners.push_back(c);
  }
  s.radius = std::sqrt(2.0f);
  return s;
}

inline view::Shape unit_box() {
  view::Shape s;
  for (int axis = 0; axis < 3; ++axis)
    for (float side : {-1.0f, 1.0f}) {
      uint32_t first = uint32_t(s.vertices.size());
      for (int k = 0; k < 4; ++k) {
        view::Vertex v{};
        int b = (axis + 1) % 3, c = (axis + 2) % 3;
        v.position[axis] = side, v.position[b] = k & 1 ? 1.0f : -1.0f, v.position[c] = k & 2 ? 1.0f : -1.0f;
        v.normal[axis] = side, v.uv[0] = 0.5f + 0.5f * v.position[b], v.uv[1] = 0.5f + 0.5f * v.position[c];
        s.vertices.push_back(v);
      }
      if (side > 0)
        for (uint32_t k : {0u, 1u, 3u, 0u, 3u, 2u}) s.corners.push_back(first + k);
      else
        for (uint32_t k : {0u, 3u, 1u, 0u, 2u, 3u}) s.corners.push_back(first + k);
    }
  s.radius = std::sqrt(3.0f);
  return s;
}

// In the order of view::shape::Unit, without the arrow.
inline view::Scenery scenery(int rings = 32) {
  view::Scenery s;
  s.shapes = {unit_plane(), unit_sphere(rings, 2 * rings), unit_sphere(rings, 2 * rings, true), unit_cylinder(2 * rings), unit_box()};
  s.materials.resize(1);
  return s;
}

inline view::Instance instance(std::array<float, 3> at, std::array<float, 3> scale, std::array<float, 4> rgba, uint32_t id = 0, float stretch = 0) {
  view::Instance i{};
  i.world[0] = i.world[5] = i.world[10] = 1;
  for (int k = 0; k < 3; ++k) i.world[4 * k + 3] = at[size_t(k)], i.scale[k] = scale[size_t(k)];
  i.stretch = stretch;
  std::copy(rgba.begin(), rgba.end(), i.rgba);
  i.id = id;
  return i;
}

inline void add(view::Frame& frame, uint32_t shape, const view::Instance& i) {
  frame.solid.push_back({shape, i.material, uint32_t(frame.instances.size()), 1});
  frame.instances.push_back(i);
}

inline view::Frame lit(view::Vec3f direction = {-0.45f, 0.35f, -0.9f}, float radius = 2) {
  view::Frame f;
  f.lamps.push_back({{0, 0, 0}, direction, {3.0f, 2.9f, 2.7f}, true, true});
  f.radius = radius;
  return f;
}

inline view::Eye look(view::Vec3f from, view::Vec3f at, float fovy = 0.7853982f) {
  auto unit = [](view::Vec3f a) {
    float l = std::sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2]);
    return view::Vec3f{a[0] / l, a[1] / l, a[2] / l};
  };
  view::Vec3f z = unit({from[0] - at[0], from[1] - at[1], from[2] - at[2]}), x = unit({-z[1], z[0], 0});
  view::Vec3f y{z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0]};
  view::Eye e;
  e.position = from, e.fovy = fovy;
  e.axes = {x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]};
  return e;
}

inline raster::Pixels drawn(vulkan::Device& device, raster::Raster& raster, raster::Picture& picture, const view::Frame& frame, const view::Eye& eye,
                            const raster::Style& style = {}, bool ids = false) {
  device.run([&](VkCommandBuffer commands) { raster.draw(commands, picture, frame, eye, style, ids); });
  return raster.read(picture, ids);
}

}  // namespace things
