// Shapes are closed, turned outwards, of the volume that their polygons have, and lit by normals that fit them.
#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include "models.h"
#include "render/view/shapes.h"

namespace nuri::view {
namespace {

using Vec = std::array<double, 3>;

constexpr double float_error = 2e-5;               // relative, of sums over hundreds of triangles with float corners

Vec minus(const Vec& a, const Vec& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
Vec across(const Vec& a, const Vec& b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }
double times(const Vec& a, const Vec& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

struct Measured {
  double volume = 0, area = 0;
  int open_edges = 0;
  double worst_normal = 1;                         // smallest cosine between a triangle and the normals at its corners
  double worst_length = 0;                         // of normals, away from 1
};

// Volume by the divergence theorem: the sum of tetrahedra between triangles and the origin.
Measured measure(const Shape& shape, double stretch = 0) {
  Measured out;
  const auto point = [&](uint32_t v) {
    const Vertex& x = shape.vertices[v];
    return Vec{x.position[0], x.position[1], x.position[2] + stretch * double(x.cap)};
  };
  const auto rounded = [&](uint32_t v) {
    const Vec p = point(v);
    return std::array<long, 3>{std::lround(p[0] * 1e5), std::lround(p[1] * 1e5), std::lround(p[2] * 1e5)};
  };
  std::map<std::array<std::array<long, 3>, 2>, int> edges;
  for (size_t i = 0; i + 2 < shape.corners.size(); i += 3) {
    const uint32_t* c = &shape.corners[i];
    const Vec a = point(c[0]), b = point(c[1]), d = point(c[2]), n = across(minus(b, a), minus(d, a));
    const double twice = std::sqrt(times(n, n));
    out.volume += times(a, across(b, d)) / 6, out.area += twice / 2;
    for (int k = 0; k < 3; ++k) {
      const auto from = rounded(c[k]), to = rounded(c[(k + 1) % 3]);
      if (from != to) ++edges[{from, to}], --edges[{to, from}];
      const float* normal = shape.vertices[c[k]].normal;
      const Vec m{normal[0], normal[1], normal[2]};
      out.worst_length = std::max(out.worst_length, std::abs(std::sqrt(times(m, m)) - 1));
      if (twice > 1e-9) out.worst_normal = std::min(out.worst_normal, times(m, n) / twice);
    }
  }
  for (const auto& [edge, sum] : edges) out.open_edges += sum != 0;
  return out;
}

double polygon(int n, double radius) { return 0.5 * n * std::sin(2 * std::numbers::pi / n) * radius * radius; }   // area
double frustum(double height, double lower, double upper) { return height / 3 * (lower + upper + std::sqrt(lower * upper)); }

// A ball of rings, as the header of unit shapes says: frusta of polygons.
double ball_volume(int slices, int stacks) {
  double sum = 0;
  for (int i = 0; i < stacks; ++i) {
    const double low = std::numbers::pi * (double(i) / stacks - 0.5), high = low + std::numbers::pi / stacks;
    sum += frustum(std::sin(high) - std::sin(low), polygon(slices, std::cos(low)), polygon(slices, std::cos(high)));
  }
  return sum;
}

void check_solid(const Measured& m, double volume, double cosine) {
  CHECK(m.open_edges == 0);
  CHECK(m.volume == doctest::Approx(volume).epsilon(float_error));
  CHECK(m.worst_length < 1e-6);
  CHECK(m.worst_normal > cosine);
}

TEST_CASE("unit shapes are closed, and have the volume of their polygons") {
  const double ball = ball_volume(32, 16);
  CHECK(ball == doctest::Approx(4.0 / 3 * std::numbers::pi).epsilon(0.02));   // and look like what they stand for
  const double slope = std::cos(1.5 * std::numbers::pi / 32);   // half a slice and half a stack
  check_solid(measure(unit_shape(shape::sphere)), ball, slope);
  check_solid(measure(unit_shape(shape::capsule)), ball, slope);
  check_solid(measure(unit_shape(shape::capsule), 2.5), ball + 5 * polygon(32, 1), slope);
  check_solid(measure(unit_shape(shape::cylinder)), 2 * polygon(48, 1), std::cos(std::numbers::pi / 47));
  check_solid(measure(unit_shape(shape::box)), 8, 0.99999);
  const double head = frustum(0.32, polygon(16, 0.13), 0);
  check_solid(measure(unit_shape(shape::arrow)), 0.68 * polygon(16, 0.05) + head, std::cos(std::numbers::pi / 15));
  check_solid(measure(unit_shape(shape::arrow), 3), 3.68 * polygon(16, 0.05) + head, std::cos(std::numbers::pi / 15));
}

TEST_CASE("the plane is a square of half size 1 that looks up") {
  const Shape plane = unit_shape(shape::plane);
  const Measured m = measure(plane);
  CHECK(m.area == doctest::Approx(4));
  CHECK(m.worst_normal > 0.99999);
  for (const Vertex& v : plane.vertices) {
    CHECK(v.normal[2] == 1);
    CHECK(v.uv[0] == doctest::Approx(0.5f + 0.5f * v.position[0]));
    CHECK(v.uv[1] == doctest::Approx(0.5f + 0.5f * v.position[1]));
  }
}

TEST_CASE("unit shapes wear whole images, and know how large they are") {
  for (uint32_t u = 0; u < shape::count; ++u) {
    CAPTURE(u);
    const Shape s = unit_shape(shape::Unit(u));
    float low[2] = {1, 1}, high[2] = {0, 0};
    for (const Vertex& v : s.vertices) {
      double square = 0;
      for (size_t k = 0; k < 3; ++k) square += std::pow(double(v.position[k]) - double(s.centre[k]), 2);
      CHECK(std::sqrt(square) <= double(s.radius) * 1.00001);
      for (int k = 0; k < 2; ++k) low[k] = std::min(low[k], v.uv[k]), high[k] = std::max(high[k], v.uv[k]);
    }
    for (int k = 0; k < 2; ++k) {
      CHECK(low[k] == doctest::Approx(0));
      CHECK(high[k] == doctest::Approx(1));
    }
    CHECK(s.half[0] == doctest::Approx(u == shape::arrow ? 0.13 : 1));
    CHECK(s.half[2] == doctest::Approx(u == shape::plane ? 0 : u == shape::arrow ? 0.5 : 1));
  }
}

TEST_CASE("every face of the box has u and v along its two axes") {
  for (const Vertex& v : unit_shape(shape::box).vertices) {
    const int k = v.normal[0] != 0 ? 0 : v.normal[1] != 0 ? 1 : 2, a = k == 0 ? 1 : 0, b = k == 2 ? 1 : 2;
    // seen from outside, v grows upwards or along y; u to the right
    const Vec n{v.normal[0], v.normal[1], v.normal[2]};
    CHECK(std::abs(v.position[a]) == 1);
    CHECK(std::abs(2 * v.uv[0] - 1) == 1);
    Vec right{0, 0, 0}, up{0, 0, 0};
    right[size_t(a)] = v.position[a] * (2 * v.uv[0] - 1), up[size_t(b)] = v.position[b] * (2 * v.uv[1] - 1);
    CHECK(times(across(right, up), n) == doctest::Approx(1));   // images are not mirrored
    CHECK(up[size_t(b)] == 1);
  }
}

TEST_CASE("hulls have flat faces and the volume of their mesh") {
  const auto m = model_of(R"(<asset><mesh name="wedge" vertex="0 0 0  0.3 0 0  0 0.2 0  0.3 0.2 0  0 0 0.1  0 0.2 0.1"/></asset>
    <worldbody><body><freejoint/><geom type="mesh" mesh="wedge" density="1000"/></body><geom type="plane" size="1 1 1"/></worldbody>)");
  REQUIRE(m->mesh_count == 1);
  const Shape hull = hull_shape(*m, 0);
  check_solid(measure(hull), 0.3 * 0.2 * 0.1 / 2, 0.99999);
  CHECK(hull.vertices.size() == 4 * 3 + 3 * 2);    // three rectangles and two triangles, none sharing corners
}

TEST_CASE("a height field is a closed body whose ground has the slope of its heights") {
  const auto m = model_of(R"(<asset><hfield name="ramp" nrow="3" ncol="5" size="2 1 0.5 0.25"
      elevation="0 0.25 0.5 0.75 1  0 0.25 0.5 0.75 1  0 0.25 0.5 0.75 1"/></asset>
    <worldbody><geom type="hfield" hfield="ramp"/><body pos="0 0 2"><freejoint/><geom size="0.1"/></body></worldbody>)");
  REQUIRE(m->height_field_count == 1);
  const Shape field = field_shape(*m, 0);
  check_solid(measure(field), 4 * 2 * (0.25 + 0.25), 0.99999);   // base, and half of the height
  const double length = std::hypot(0.5, 4);        // rises 0.5 m over 4 m
  for (size_t v = 0; v < 15; ++v) {
    CHECK(double(field.vertices[v].normal[0]) == doctest::Approx(-0.5 / length));
    CHECK(double(field.vertices[v].normal[2]) == doctest::Approx(4 / length));
  }
  CHECK(field.centre[2] == doctest::Approx(0.125));
}

TEST_CASE("large height fields are drawn from fewer points, to their very edges") {
  const auto m = std::make_shared<model::Model>();
  m->height_field_count = 1;
  m->height_field_rows = {3}, m->height_field_columns = {2500};
  m->height_field_adr = {0, 7500};
  m->height_field_size = {5, 1, 1, 0.5};
  m->height_field_elevation.assign(7500, 1);
  const Shape field = field_shape(*m, 0);
  check_solid(measure(field), 10 * 2 * 1.5, 0.99999);
  CHECK(field.vertices.size() < 10'000);            // of 3 * 2500 on the ground alone, and three times 5000 around it
}

TEST_CASE("meshes: normals are made where there are none, and triangles without vertices are left out") {
  model::Look::Mesh mesh;
  mesh.position = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1};
  mesh.corner = {0, 2, 1, 0, 1, 3, 1, 2, 3, 2, 0, 3, 0, 1, 7};
  const Shape s = mesh_shape(mesh);
  CHECK(s.corners.size() == 12);
  const Measured m = measure(s);
  CHECK(m.open_edges == 0);
  CHECK(m.volume == doctest::Approx(1.0 / 6));
  CHECK(m.worst_length < 1e-6);
  for (int k = 0; k < 3; ++k) {                    // (weighted by area)
    CHECK(s.vertices[0].normal[k] == doctest::Approx(-1 / std::sqrt(3.0f)));   // three equal faces meet there
    CHECK(s.vertices[1].normal[k] == doctest::Approx(k == 0 ? 1.0f : 0.0f));   // -y, -z and x + y + z
  }

  mesh.normal = {0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1};
  mesh.uv = {0, 0, 1, 0, 0, 1, 0.5f, 0.5f};
  mesh.position[0] = std::nanf("");
  const Shape given = mesh_shape(mesh);
  CHECK(given.vertices[3].normal[2] == 1);
  CHECK(given.vertices[3].uv[1] == 0.5f);
  CHECK(std::isfinite(given.radius));
}

}  // namespace
}  // namespace nuri::view
