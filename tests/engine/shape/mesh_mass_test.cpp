// Mass properties of meshes against closed forms and against MuJoCo 3.17.
#include <doctest/doctest.h>

#include "tests/engine/shape/mesh_maker.h"

using namespace nuri;
using namespace nuri::shape;
using namespace nuri::shape::test;

namespace {
const double rounding = 1e-12;   // relative; sums of a few hundred terms
const Rot turn{0.9, 0.1, -0.3, 0.2};

void check_tensor(const MassPart& got, const Rot& axes, const Vec& moments, double tolerance) {
  const auto a = rotate_diagonal(got.quat, got.inertia), b = rotate_diagonal(unit(axes), moments);
  const double largest = std::max({moments[0], moments[1], moments[2]});
  for (int k = 0; k < 6; ++k) CHECK(std::abs(a[k] - b[k]) <= tolerance * largest);
}
void check(const Result<MassPart>& result, double mass, const Vec& pos, const Vec& moments, const Rot& axes = {1, 0, 0, 0}, double tolerance = rounding) {
  REQUIRE(result);
  CHECK(result->mass == doctest::Approx(mass).epsilon(tolerance));
  for (int k = 0; k < 3; ++k) CHECK(std::abs(result->pos[k] - pos[k]) <= tolerance * (1 + std::abs(pos[k])));
  check_tensor(*result, axes, moments, tolerance);
}
// Random points whose coordinates float32 holds exactly, from a generator that is easily written in Python too.
Mesh cloud() {
  Mesh m;
  uint32_t s = 12345;
  auto next = [&] { s = (s * 1103515245u + 12345u) & 0x7fffffffu; return ((s >> 16) & 1023) / 512.0 - 1; };
  for (int i = 0; i < 40; ++i) {
    Vec p;
    for (double& x : p) x = next();
    m.vertices.push_back(p);
  }
  return *finished(m);
}
}  // namespace

TEST_CASE("solids and shells of boxes, wherever they are") {
  const Vec half{0.5, 1, 1.5}, by{10, -20, 30};
  const Mesh b = moved(box(scale(half, -1), half), by, turn);
  const double mass = 8 * 0.75 * 700;
  for (const MassRule rule : {MassRule::legacy, MassRule::convex, MassRule::exact}) {
    CAPTURE(static_cast<int>(rule));
    check(mesh_mass(b, rule, 700), mass, by, moments(solid_box, half, mass, false), turn, 1e-11);   // turned corners have lost digits at 30 m
  }
  const double area = extent(solid_box, half, true);
  check(mesh_mass(b, MassRule::shell, 700), area * 700, by, moments(solid_box, half, area * 700, true), turn, 1e-11);
}

TEST_CASE("a tetrahedron") {   // Tonon 2005: the corner of a cube of side 1
  Mesh t;
  t.vertices = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
  t.faces = {{0, 2, 1}, {0, 1, 3}, {0, 3, 2}, {1, 2, 3}};
  const auto part = mesh_mass(t, MassRule::exact, 1);
  REQUIRE(part);
  CHECK(part->mass == doctest::Approx(1.0 / 6));
  for (double x : part->pos) CHECK(x == doctest::Approx(0.25));
  // about its centre: xx = 1/60 - 1/96 + 1/60 - 1/96 = 1/80, xy = 1/120 - 1/96 = -1/480, so -xy = 1/480
  const auto full = rotate_diagonal(part->quat, part->inertia);
  for (int k = 0; k < 3; ++k) CHECK(full[k] == doctest::Approx(1.0 / 80));
  for (int k = 3; k < 6; ++k) CHECK(full[k] == doctest::Approx(1.0 / 480));
}

TEST_CASE("fine spheres come near the sphere") {
  const double r = 0.3, solid = 4 * M_PI * r * r * r / 3;
  const auto part = mesh_mass(moved(icosphere(5, r), {5, 5, 5}), MassRule::exact, 1);
  REQUIRE(part);
  const double facets = 1e-3;   // relative, of a sphere of 20480 triangles
  CHECK(part->mass == doctest::Approx(solid).epsilon(facets));
  for (double i : part->inertia) CHECK(i == doctest::Approx(0.4 * solid * r * r).epsilon(2 * facets));
  // the shell's ratio of moment to area is 2/3 r^2
  const auto shell = mesh_mass(icosphere(5, r), MassRule::shell, 1);
  for (double i : shell->inertia) CHECK(i / shell->mass == doctest::Approx(2 * r * r / 3).epsilon(2 * facets));
}

TEST_CASE("an angle and a box with a hole are sums of boxes") {
  const double block = 1, bar = 2;
  const MassPart sum = combine({{{1, 0.5, 0.5}, {1, 0, 0, 0}, bar, moments(solid_box, {1, 0.5, 0.5}, bar, false)},
                                {{0.5, 1.5, 0.5}, {1, 0, 0, 0}, block, moments(solid_box, {0.5, 0.5, 0.5}, block, false)}});
  check(mesh_mass(angle(), MassRule::exact, 1), sum.mass, sum.pos, sum.inertia, sum.quat);
  // 4 x 4 x 4 with 2 x 2 x 2 taken out
  const Mesh hollow = joined(box(2), reversed(box(1)));
  const Vec big = moments(solid_box, {2, 2, 2}, 64, false), hole = moments(solid_box, {1, 1, 1}, 8, false);
  check(mesh_mass(hollow, MassRule::exact, 1), 56, {0, 0, 0}, sub(big, hole));
  check(mesh_mass(hollow, MassRule::convex, 1), 64, {0, 0, 0}, big);
  check(mesh_mass(hollow, MassRule::legacy, 1), 72, {0, 0, 0}, add(big, hole));   // counts the hole as mass
}

TEST_CASE("mujoco 3.17 says the same") {
  const Mesh angles = moved(angle(), {3, -2, 1}), hollow = joined(box({-2, -2, -2}, {2, 3, 2}), reversed(box({-1, 0, -1}, {1, 1, 1}))), points = cloud();
  struct Case { const char* name; const Mesh* mesh; MassRule rule; double mass; Vec pos, inertia; };
  const Case cases[] = {
    {"angle", &angles, MassRule::legacy, 3000, {3.8333333333333326, -1.1666666666666667, 1.5}, {1833.333333333333, 1500.0000000000009, 833.33333333333348}},
    {"angle", &angles, MassRule::convex, 3500.0000000000009, {3.9047619047619047, -1.0952380952380953, 1.5000000000000002}, {2103.1746031746029, 1583.3333333333333, 1103.1746031746034}},
    {"angle", &angles, MassRule::exact, 3000, {3.8333333333333326, -1.1666666666666667, 1.5}, {1833.333333333333, 1500.0000000000009, 833.33333333333348}},
    {"angle", &angles, MassRule::shell, 14000, {3.8571428571428568, -1.1428571428571421, 1.5}, {12095.238095238094, 10000, 6428.5714285714312}},
    {"hollow", &hollow, MassRule::legacy, 83999.999999999942, {0, 0.50000000000000022, 0}, {275000.00000000012, 275000.00000000017, 215999.99999999997}},
    {"hollow", &hollow, MassRule::convex, 80000, {0, 0.5, 0}, {273333.33333333343, 273333.33333333343, 213333.33333333334}},
    {"hollow", &hollow, MassRule::exact, 76000.000000000073, {0, 0.49999999999999956, 0}, {271666.66666666657, 271666.66666666657, 210666.66666666674}},
    {"hollow", &hollow, MassRule::shell, 128000, {0, 0.5, 0}, {633333.33333333302, 633333.33333333302, 527999.99999999977}},
    {"cloud", &points, MassRule::legacy, 4243.4799186885357, {-0.025982978930618995, -0.06083773145478015, 0.042568676898684203}, {2123.6158593483524, 1813.4509391483214, 1594.0650262496674}},
    {"cloud", &points, MassRule::convex, 4243.4799186885357, {-0.025982978930618995, -0.06083773145478015, 0.042568676898684203}, {2123.6158593483524, 1813.4509391483214, 1594.0650262496674}},
    {"cloud", &points, MassRule::exact, 4243.4799186885357, {-0.025982978930618995, -0.06083773145478015, 0.042568676898684203}, {2123.6158593483524, 1813.4509391483214, 1594.0650262496674}},
    {"cloud", &points, MassRule::shell, 14360.207177727634, {-0.021904382913657799, -0.063170620299410563, 0.044190157361272263}, {11706.658200592743, 10214.437095502743, 8946.8712711602693}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CAPTURE(static_cast<int>(c.rule));
    const auto part = mesh_mass(*c.mesh, c.rule, 1000);
    REQUIRE(part);
    const double agree = 1e-12;   // relative
    CHECK(part->mass == doctest::Approx(c.mass).epsilon(agree));
    for (int k = 0; k < 3; ++k) CHECK(std::abs(part->pos[k] - c.pos[k]) <= agree * 4);
    for (int k = 0; k < 3; ++k) CHECK(part->inertia[k] == doctest::Approx(c.inertia[k]).epsilon(agree));
  }
}

TEST_CASE("meshes that bound nothing") {
  const Mesh good = box(1), inverted = reversed(good);
  Mesh turned = good, open = good, plate = good;
  std::swap(turned.faces[0][1], turned.faces[0][2]);
  open.faces.pop_back();
  plate.faces.resize(2);
  CHECK(code(mesh_mass(inverted, MassRule::exact, 1)) == "inverted-mesh");
  CHECK(code(mesh_mass(turned, MassRule::exact, 1)) == "inconsistent-faces");
  for (const Mesh* m : {&inverted, static_cast<const Mesh*>(&turned)}) {   // as mujoco 3.17
    CHECK(mesh_mass(*m, MassRule::convex, 1)->mass == doctest::Approx(8));
    CHECK(mesh_mass(*m, MassRule::legacy, 1)->mass == doctest::Approx(8));
    CHECK(mesh_mass(*m, MassRule::shell, 1)->mass == doctest::Approx(24));
  }
  check(mesh_mass(open, MassRule::exact, 1000), 7284.848484848485, {-0.07272727272727, 0.02424242424242, -0.02424242424242}, mesh_mass(open, MassRule::legacy, 1000)->inertia, mesh_mass(open, MassRule::legacy, 1000)->quat);
  CHECK(code(mesh_mass(plate, MassRule::exact, 1)) == "no-volume");
  CHECK(code(mesh_mass(plate, MassRule::legacy, 1)) == "no-volume");
  CHECK(mesh_mass(plate, MassRule::shell, 1)->mass == doctest::Approx(4));
  CHECK(code(mesh_mass(Mesh{}, MassRule::exact, 1)) == "empty-mesh");
  Mesh flat = good;
  for (Vec& p : flat.vertices) p[2] = 0;
  CHECK(code(mesh_mass(flat, MassRule::convex, 1)) == "flat-mesh");
}
