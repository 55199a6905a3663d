// Mass properties against closed forms and against integration over points.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "engine/shape/inertia.h"

using namespace nuri::shape;

namespace {
const double pi = std::acos(-1.0);

// Moments and volume by a grid of points inside a box; error falls with the cell size.
MassPart integrate(const Vec& bound, const std::function<bool(Vec)>& inside, double& out_volume) {
  const int n = 90;
  MassPart out{{0, 0, 0}, {1, 0, 0, 0}, 1, {0, 0, 0}};
  double cell = 1;
  for (double b : bound) cell *= 2 * b / n;
  out_volume = 0;
  for (int i = 0; i < n * n * n; ++i) {
    const Vec p{bound[0] * (2 * (i % n + 0.5) / n - 1), bound[1] * (2 * (i / n % n + 0.5) / n - 1), bound[2] * (2 * (i / n / n + 0.5) / n - 1)};
    if (!inside(p)) continue;
    out_volume += cell;
    for (int k = 0; k < 3; ++k) out.inertia[k] += cell * (dot(p, p) - p[k] * p[k]);
  }
  for (double& x : out.inertia) x /= out_volume;
  return out;
}
}  // namespace

TEST_CASE("solids agree with integration over points") {
  struct Case { int kind; Vec size, bound; std::function<bool(Vec)> inside; };
  const Vec ball{0.3, 0, 0}, pill{0.2, 0.4, 0}, tin{0.3, 0.2, 0}, egg{0.1, 0.2, 0.3};
  const Case cases[] = {
    {solid_sphere, ball, {0.3, 0.3, 0.3}, [](Vec p) { return dot(p, p) < 0.09; }},
    {solid_capsule, pill, {0.2, 0.2, 0.6}, [](Vec p) { const double z = std::max(0.0, std::abs(p[2]) - 0.4); return p[0] * p[0] + p[1] * p[1] + z * z < 0.04; }},
    {solid_cylinder, tin, {0.3, 0.3, 0.2}, [](Vec p) { return p[0] * p[0] + p[1] * p[1] < 0.09; }},
    {solid_ellipsoid, egg, egg, [](Vec p) { return p[0] * p[0] / 0.01 + p[1] * p[1] / 0.04 + p[2] * p[2] / 0.09 < 1; }},
    {solid_box, egg, egg, [](Vec) { return true; }},
  };
  const double cell_error = 3e-3;   // 90 cells across: surface cells are in or out as a whole
  for (const Case& c : cases) {
    CAPTURE(c.kind);
    double volume = 0;
    const MassPart sum = integrate(c.bound, c.inside, volume);
    CHECK(extent(c.kind, c.size, false) == doctest::Approx(volume).epsilon(cell_error));
    for (int k = 0; k < 3; ++k) CHECK(moments(c.kind, c.size, 1, false)[k] == doctest::Approx(sum.inertia[k]).epsilon(cell_error));
  }
}

TEST_CASE("a shell is the derivative of the solid along its normals") {
  const Vec sizes[] = {{0.3, 0, 0}, {0.2, 0.4, 0}, {0.1, 0.2, 0.3}, {0.1, 0.2, 0.3}};
  const int kinds[] = {solid_sphere, solid_capsule, solid_ellipsoid, solid_box};
  for (int i = 0; i < 4; ++i) {
    CAPTURE(kinds[i]);
    const double h = 1e-6;
    Vec grown = sizes[i];
    for (int k = 0; k < 3; ++k) if (kinds[i] >= solid_ellipsoid || k == 0) grown[k] += h;
    if (kinds[i] == solid_sphere) grown[1] = grown[2] = 0;
    const double inner = extent(kinds[i], sizes[i], false), outer = extent(kinds[i], grown, false);
    const Vec shell = moments(kinds[i], sizes[i], 1, true), a = moments(kinds[i], sizes[i], inner, false), b = moments(kinds[i], grown, outer, false);
    for (int k = 0; k < 3; ++k) CHECK(shell[k] == doctest::Approx((b[k] - a[k]) / (outer - inner)).epsilon(1e-4));
    if (kinds[i] != solid_ellipsoid) CHECK(extent(kinds[i], sizes[i], true) == doctest::Approx((outer - inner) / h).epsilon(1e-4));   // ellipsoids: Thomsen
  }
  // a tin: side and two lids
  const double side = 2 * pi * 0.3 * 0.4, lid = pi * 0.09, total = side + 2 * lid;
  CHECK(extent(solid_cylinder, {0.3, 0.2, 0}, true) == doctest::Approx(total));
  CHECK(moments(solid_cylinder, {0.3, 0.2, 0}, 1, true)[2] == doctest::Approx((side * 0.09 + 2 * lid * 0.045) / total));
}

TEST_CASE("two halves make the whole") {
  const Vec half = moments(solid_box, {0.1, 0.2, 0.15}, 1, false), whole = moments(solid_box, {0.1, 0.2, 0.3}, 2, false);
  const Rot turn = unit({0.9, 0.1, -0.3, 0.2});
  auto at = [&](double z) { return MassPart{rotate(turn, {0, 0, z}), turn, 1, half}; };
  const MassPart sum = combine({at(-0.15), at(0.15)});
  CHECK(sum.mass == 2);
  CHECK(dot(sum.pos, sum.pos) < 1e-30);
  // descending moments, and the same tensor
  CHECK(sum.inertia[0] >= sum.inertia[1]);
  CHECK(sum.inertia[1] >= sum.inertia[2]);
  const auto got = rotate_diagonal(sum.quat, sum.inertia), want = rotate_diagonal(turn, whole);
  for (int k = 0; k < 6; ++k) CHECK(got[k] == doctest::Approx(want[k]).epsilon(1e-12));
}

TEST_CASE("one part keeps its own frame") {
  const MassPart part{{1, 2, 3}, unit({1, 1, 0, 0}), 2, {0.1, 0.3, 0.2}};
  const MassPart out = combine({part});
  CHECK(out.pos == part.pos);
  CHECK(out.quat == part.quat);
  CHECK(out.inertia == part.inertia);
}
