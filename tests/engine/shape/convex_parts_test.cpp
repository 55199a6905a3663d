// Meshes as convex parts: closed forms, and that nothing is lost and no hollow filled.
#include <doctest/doctest.h>

#include <algorithm>

#include "engine/shape/convex_parts.h"
#include "tests/engine/shape/mesh_maker.h"

using namespace nuri;
using namespace nuri::shape;
using namespace nuri::shape::test;

namespace {

// A profile (radius, height) turned about z; first and last point lie on the axis, or the profile is closed (a ring).
Mesh lathe(const std::vector<std::array<double, 2>>& profile, int sides, bool ring = false) {
  Mesh m;
  const int n = int(profile.size());
  auto at = [&](int k, int i) { return (k % n) * sides + i % sides; };
  for (const auto& p : profile)
    for (int i = 0; i < sides; ++i) m.vertices.push_back({p[0] * std::cos(2 * M_PI * i / sides), p[0] * std::sin(2 * M_PI * i / sides), p[1]});
  for (int k = 0; k + (ring ? 0 : 1) < n; ++k)
    for (int i = 0; i < sides; ++i) m.faces.push_back({at(k, i), at(k, i + 1), at(k + 1, i + 1)}), m.faces.push_back({at(k, i), at(k + 1, i + 1), at(k + 1, i)});
  Result<Mesh> out = finished(m);
  REQUIRE_MESSAGE(out, "");
  return std::move(*out);
}
Mesh cup(int sides) { return lathe({{0, 0}, {0.04, 0}, {0.04, 0.1}, {0.035, 0.1}, {0.035, 0.006}, {0, 0.006}}, sides); }

bool holds(const std::vector<Vec>& corners, const Vec& p, double tolerance) {
  const Result<Hull> hull = convex_hull(corners);
  REQUIRE(hull);
  for (std::size_t i = 0; i < hull->polygons.size(); ++i)
    if (dot(hull->normals[i], sub(p, hull->vertices[hull->polygons[i][0]])) > tolerance) return false;
  return true;
}
bool holds(const ConvexParts& parts, const Vec& p, double tolerance) {
  return std::any_of(parts.parts.begin(), parts.parts.end(), [&](const auto& part) { return holds(part, p, tolerance); });
}

ConvexParts decomposed(const Mesh& mesh, const PartsRule& rule) {
  Result<ConvexParts> parts = convex_parts(mesh, rule);
  REQUIRE(parts);
  CHECK(int(parts->parts.size()) <= rule.most);
  double size = 0;
  for (const Vec& v : mesh.vertices) size = std::max(size, std::sqrt(dot(v, v)));
  for (const Vec& v : mesh.vertices) CHECK(holds(*parts, v, 1e-6 * size));   // the surface is in the parts
  return std::move(*parts);
}

}  // namespace

TEST_CASE("what is convex is one part") {
  for (const Mesh& mesh : {box(0.5), icosphere(2, 1)}) {
    const ConvexParts parts = decomposed(mesh, {});
    CHECK(parts.parts.size() == 1);
    CHECK(parts.hulls == doctest::Approx(parts.solid).epsilon(1e-6));
  }
}

TEST_CASE("an L is two boxes, a cross of beams three or more, all without a gap") {
  const ConvexParts two = decomposed(angle(), {});
  CHECK(two.parts.size() == 2);
  CHECK(two.solid == doctest::Approx(3));
  CHECK(two.hulls == doctest::Approx(3));
  const ConvexParts turned = decomposed(moved(angle(), {3, 1, -2}, {0.9, 0.1, 0.2, 0.3}), {});   // no plane of an axis fits: hulls may add a little
  CHECK(turned.hulls <= turned.solid * 1.02 + 1e-9);
  CHECK(turned.solid == doctest::Approx(3));
}

TEST_CASE("a cup stays open, whatever its number of sides") {
  for (int sides : {8, 24, 61}) {
    CAPTURE(sides);
    const Mesh mesh = cup(sides);
    const ConvexParts parts = decomposed(mesh, {.most = 32, .excess = sides == 8 ? 0.005 : 0.05});
    const double area = 0.5 * sides * std::sin(2 * M_PI / sides);
    CHECK(parts.solid == doctest::Approx(area * (0.04 * 0.04 * 0.1 - 0.035 * 0.035 * 0.094)).epsilon(1e-6));
    CHECK(parts.hulls <= parts.solid * 1.35);
    MESSAGE(sides << " sides: " << parts.parts.size() << " parts, " << parts.hulls / parts.solid);
    for (double height : {0.01, 0.05, 0.099})
      for (double radius : {0.0, 0.01, 0.02, 0.028})
        for (int turn = 0; turn < 12; ++turn) CHECK_FALSE(holds(parts, {radius * std::cos(turn), radius * std::sin(turn), height}, 0));
    CHECK(holds(parts, {0.01, 0.01, 0.003}, 0));
    CHECK(holds(parts, {0.0375 * std::cos(M_PI / sides), 0.0375 * std::sin(M_PI / sides), 0.05}, 1e-3));
  }
}

TEST_CASE("a ring keeps its hole, a limit is a limit, and the same mesh gives the same parts") {
  const Mesh ring = lathe({{0.3, -0.1}, {0.5, -0.1}, {0.5, 0.1}, {0.3, 0.1}}, 32, true);
  const ConvexParts parts = decomposed(ring, {.most = 24});
  CHECK_FALSE(holds(parts, {0, 0, 0}, 0));
  CHECK_FALSE(holds(parts, {0.2, 0, 0.05}, 0));
  CHECK(decomposed(ring, {.most = 5}).parts.size() <= 5);
  CHECK(convex_parts(ring, {.most = 24})->parts == parts.parts);
}

TEST_CASE("two bodies in one mesh are two parts at least") {
  const ConvexParts parts = decomposed(joined(box({0, 0, 0}, {1, 1, 1}), box({3, 0, 0}, {4, 1, 1})), {});
  CHECK(parts.parts.size() == 2);
  CHECK(parts.hulls == doctest::Approx(2));
  CHECK_FALSE(holds(parts, {2, 0.5, 0.5}, 0));
}

TEST_CASE("what cannot be taken apart is refused") {
  Mesh open = box(1);
  open.faces.pop_back();
  CHECK(code(convex_parts(open, {})) == "open-mesh");
  CHECK(code(convex_parts(reversed(box(1)), {})) == "no-volume");
  CHECK(code(convex_parts(Mesh{{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}, {{0, 1, 2}, {2, 1, 0}}, {}, {}, {}}, {})) == "no-volume");
  CHECK(code(convex_parts(Mesh{}, {})) == "open-mesh");
}
