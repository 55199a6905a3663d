// Unit shapes. Those that are round about z are swept profiles: points (radius, z) from the lowest to the highest, each with its normal.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include "render/view/shapes.h"

namespace nuri::view {
namespace {

constexpr int plane_sides = 8;                     // squares along a side
constexpr int slices = 32, stacks = 16;            // of a sphere; half as many stacks for each cap of a capsule
constexpr int wall_slices = 48;                    // of a cylinder, whose rim is seen as a polygon
constexpr float shaft_radius = 0.05f, head_radius = 0.13f, head_length = 0.32f;   // of an arrow 1 long

struct Point { double radius, z, normal_radius, normal_z, v; float cap; };

// A point on the axis gets one vertex per slice, so that u is right there too; triangles without area are left out.
void sweep(Shape& shape, std::span<const Point> profile, int around) {
  const auto first = uint32_t(shape.vertices.size()), row = uint32_t(around + 1);
  for (const Point& p : profile) {
    for (int k = 0; k <= around; ++k) {
      const double angle = 2 * std::numbers::pi * (k % around) / around, c = std::cos(angle), s = std::sin(angle);
      shape.vertices.push_back({{float(p.radius * c), float(p.radius * s), float(p.z)},
                                {float(p.normal_radius * c), float(p.normal_radius * s), float(p.normal_z)},
                                {float(k) / float(around), float(p.v)}, p.cap});
    }
  }
  for (size_t i = 0; i + 1 < profile.size(); ++i) {
    for (uint32_t k = 0; k < uint32_t(around); ++k) {
      const uint32_t a = first + uint32_t(i) * row + k, b = a + 1, c = a + row, d = c + 1;
      if (profile[i].radius > 0) shape.corners.insert(shape.corners.end(), {a, b, d});
      if (profile[i + 1].radius > 0) shape.corners.insert(shape.corners.end(), {a, d, c});
    }
  }
}

// A disc across the z axis whose uv are those of its square.
void disc(Shape& shape, float radius, float z, float side, float cap, int around) {
  const auto first = uint32_t(shape.vertices.size());
  shape.vertices.push_back({{0, 0, z}, {0, 0, side}, {0.5f, 0.5f}, cap});
  for (int k = 0; k < around; ++k) {
    const double angle = 2 * std::numbers::pi * k / around;
    const auto c = float(std::cos(angle)), s = float(std::sin(angle));
    shape.vertices.push_back({{radius * c, radius * s, z}, {0, 0, side}, {0.5f + 0.5f * c, 0.5f + 0.5f * s}, cap});
  }
  for (uint32_t k = 0; k < uint32_t(around); ++k) {
    const uint32_t a = first + 1 + k, b = first + 1 + (k + 1) % uint32_t(around);
    if (side > 0) shape.corners.insert(shape.corners.end(), {first, a, b});
    else shape.corners.insert(shape.corners.end(), {first, b, a});
  }
}

// A square of `n` x `n` cells: origin + u a + v b for u, v in -1 .. 1, seen from a x b.
void square(Shape& shape, const float (&origin)[3], const float (&a)[3], const float (&b)[3], int n) {
  const auto first = uint32_t(shape.vertices.size()), row = uint32_t(n + 1);
  const float normal[3] = {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
  for (int j = 0; j <= n; ++j) {
    for (int i = 0; i <= n; ++i) {
      const float u = float(i) / float(n), v = float(j) / float(n), s = 2 * u - 1, t = 2 * v - 1;
      shape.vertices.push_back({{origin[0] + s * a[0] + t * b[0], origin[1] + s * a[1] + t * b[1], origin[2] + s * a[2] + t * b[2]},
                                {normal[0], normal[1], normal[2]}, {u, v}, 0});
    }
  }
  for (uint32_t j = 0; j < uint32_t(n); ++j)
    for (uint32_t i = 0; i < uint32_t(n); ++i) {
      const uint32_t c = first + j * row + i;
      shape.corners.insert(shape.corners.end(), {c, c + 1, c + row + 1, c, c + row + 1, c + row});
    }
}

// Both caps of a ball that is cut at the equator and pulled apart, or a whole ball.
Shape ball(bool pulled) {
  std::vector<Point> profile;
  for (int i = 0; i <= stacks; ++i) {
    const double angle = std::numbers::pi * (double(i) / stacks - 0.5), c = i % stacks ? std::cos(angle) : 0, s = std::sin(angle);
    const double v = double(i) / stacks;
    if (!pulled) profile.push_back({c, s, c, s, v, 0});
    else if (2 * i < stacks) profile.push_back({c, s, c, s, v / 2, -1});
    else if (2 * i > stacks) profile.push_back({c, s, c, s, (1 + v) / 2, 1});
    else profile.insert(profile.end(), {{1, 0, 1, 0, 0.25, -1}, {1, 0, 1, 0, 0.75, 1}});   // the wall between them
  }
  Shape out;
  sweep(out, profile, slices);
  return out;
}

Shape cylinder() {
  Shape out;
  const Point wall[] = {{1, -1, 1, 0, 0, 0}, {1, 1, 1, 0, 1, 0}};
  sweep(out, wall, wall_slices);
  disc(out, 1, 1, 1, 0, wall_slices);
  disc(out, 1, -1, -1, 0, wall_slices);
  return out;
}

Shape box() {                                      // u and v along the two other axes, in their order
  Shape out;
  const float x[] = {1, 0, 0}, y[] = {0, 1, 0}, z[] = {0, 0, 1};
  const float back_x[] = {-1, 0, 0}, back_y[] = {0, -1, 0}, back_z[] = {0, 0, -1};
  square(out, x, y, z, 1), square(out, back_x, back_y, z, 1);
  square(out, back_y, x, z, 1), square(out, y, back_x, z, 1);
  square(out, z, x, y, 1), square(out, back_z, back_x, y, 1);
  return out;
}

// The head moves with Vertex::cap, and the shaft's upper end with it.
Shape arrow() {
  Shape out;
  const double neck = 1 - head_length, slope = std::hypot(head_length, head_radius), nr = head_length / slope, nz = head_radius / slope;
  const Point shaft[] = {{shaft_radius, 0, 1, 0, 0, 0}, {shaft_radius, neck, 1, 0, neck, 1}};
  const Point head[] = {{head_radius, neck, nr, nz, neck, 1}, {0, 1, nr, nz, 1, 1}};
  const Point brim[] = {{shaft_radius, neck, 0, -1, neck, 1}, {head_radius, neck, 0, -1, neck, 1}};
  sweep(out, shaft, slices / 2), sweep(out, brim, slices / 2), sweep(out, head, slices / 2);
  disc(out, shaft_radius, 0, -1, 0, slices / 2);
  return out;
}

}  // namespace

Shape unit_shape(shape::Unit unit) {
  Shape out;
  switch (unit) {
    case shape::plane: square(out, {0, 0, 0}, {1, 0, 0}, {0, 1, 0}, plane_sides); break;
    case shape::sphere: out = ball(false); break;
    case shape::capsule: out = ball(true); break;
    case shape::cylinder: out = cylinder(); break;
    case shape::box: out = box(); break;
    case shape::arrow: out = arrow(); break;
    case shape::count: break;
  }
  set_bounds(out);
  return out;
}

void set_bounds(Shape& shape) {
  std::array<float, 3> low{}, high{};
  for (size_t i = 0; i < shape.vertices.size(); ++i)
    for (size_t k = 0; k < 3; ++k) {
      const float x = shape.vertices[i].position[k];
      low[k] = i ? std::min(low[k], x) : x, high[k] = i ? std::max(high[k], x) : x;
    }
  for (size_t k = 0; k < 3; ++k) shape.centre[k] = 0.5f * (low[k] + high[k]), shape.half[k] = 0.5f * (high[k] - low[k]);
  float square = 0;
  for (const Vertex& v : shape.vertices) {
    float sum = 0;
    for (size_t k = 0; k < 3; ++k) sum += (v.position[k] - shape.centre[k]) * (v.position[k] - shape.centre[k]);
    square = std::max(square, sum);
  }
  shape.radius = std::sqrt(square);
}

}  // namespace nuri::view
