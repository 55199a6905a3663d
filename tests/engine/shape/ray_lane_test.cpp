// Rays against primitives: the point lies on the surface and nothing of the ray before it does, by formulas of the shapes that
// the code under test does not use; from inside, along faces, past, with no direction; every width has the bits of width 1.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "engine/shape/ray.h"

NURI_KERNEL_BEGIN
namespace {

enum Kind { plane, sphere, capsule, cylinder, ellipsoid, box, kinds };
constexpr const char* names[] = {"plane", "sphere", "capsule", "cylinder", "ellipsoid", "box"};

template <class R> RayHit<R> cast(int kind, Vec3<R> x, Vec3<R> d, Vec3<R> size) {
  switch (kind) {
    case plane: return ray_plane(x, d, size);
    case sphere: return ray_sphere(x, d, size.x);
    case capsule: return ray_capsule(x, d, size.x, size.y);
    case cylinder: return ray_cylinder(x, d, size.x, size.y);
    case ellipsoid: return ray_ellipsoid(x, d, size);
    default: return ray_box(x, d, size);
  }
}

struct V { double x, y, z; };
V along(V x, V d, double t) { return {x.x + t * d.x, x.y + t * d.y, x.z + t * d.z}; }

// Signed distance to the surface, negative inside (of the ellipsoid a number with that sign that is zero on the surface).
double distance(int kind, V p, V s) {
  const double side = std::hypot(p.x, p.y);
  switch (kind) {
    case plane: return p.z;
    case sphere: return std::hypot(side, p.z) - s.x;
    case capsule: return std::hypot(side, std::max(0.0, std::abs(p.z) - s.y)) - s.x;
    case cylinder: {
      const double a = side - s.x, b = std::abs(p.z) - s.y;
      return std::min(0.0, std::max(a, b)) + std::hypot(std::max(a, 0.0), std::max(b, 0.0));
    }
    case ellipsoid: {
      const double k = std::sqrt(p.x * p.x / s.x / s.x + p.y * p.y / s.y / s.y + p.z * p.z / s.z / s.z);
      return (k - 1) * std::min({s.x, s.y, s.z});
    }
    default: {
      const double a = std::abs(p.x) - s.x, b = std::abs(p.y) - s.y, c = std::abs(p.z) - s.z;
      return std::min(0.0, std::max({a, b, c})) + std::hypot(std::max(a, 0.0), std::max(b, 0.0), std::max(c, 0.0));
    }
  }
}

struct Case { int kind; V x, d, size; };
Case random_case(std::mt19937_64& random) {
  const auto number = [&](double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); };
  Case c{int(random() % kinds), {}, {}, {number(0.1, 1), number(0.1, 1), number(0.1, 1)}};
  const double far = random() % 4 == 0 ? 0.3 : random() % 3 == 0 ? 30 : 2;
  c.x = {number(-far, far), number(-far, far), number(-far, far)};
  const V aim{number(-0.7, 0.7), number(-0.7, 0.7), number(-0.7, 0.7)};
  const double length = std::exp(number(-2, 2)) / 2;
  c.d = {(aim.x - c.x.x) * length, (aim.y - c.x.y) * length, (aim.z - c.x.z) * length};
  if (random() % 5 == 0) {                                 // along an axis
    c.d = {0, 0, 0};
    (random() % 3 == 0 ? c.d.x : random() % 2 ? c.d.y : c.d.z) = random() % 2 ? length : -length;
  }
  return c;
}

// Truth by steps: the first sign change of the distance along the ray, then bisection. Misses features thinner than a step.
double marched(const Case& c) {
  const double length = std::sqrt(c.d.x * c.d.x + c.d.y * c.d.y + c.d.z * c.d.z), end = 120 / length;
  const double start = distance(c.kind, c.x, c.size);
  double t = 0;
  while (t < end) {
    const double here = distance(c.kind, along(c.x, c.d, t), c.size);
    const double next = t + std::max(1e-3, 0.5 * std::abs(here)) / length;
    if ((distance(c.kind, along(c.x, c.d, next), c.size) < 0) != (start < 0)) {
      double low = t, high = next;
      for (int k = 0; k < 200; ++k) {
        const double mid = (low + high) / 2;
        ((distance(c.kind, along(c.x, c.d, mid), c.size) < 0) != (start < 0) ? high : low) = mid;
      }
      return high;
    }
    t = next;
  }
  return no_ray_hit;
}

template <class T> void compare_with_steps(double tolerance) {
  std::mt19937_64 random(5);
  using R = Wide<T, 1>;
  int met = 0, missed = 0, thin = 0;
  for (int i = 0; i < 20000; ++i) {
    const Case c = random_case(random);
    if (c.kind == plane && (c.d.z >= 0 || c.x.z < 0)) continue;
    const auto vec = [](V v) { return Vec3<R>{R(T(v.x)), R(T(v.y)), R(T(v.z))}; };
    const auto hit = cast<R>(c.kind, vec(c.x), vec(c.d), c.kind == plane ? vec({0, 0, 1}) : vec(c.size));
    const double t = double(hit.t.v), truth = marched(c), length = std::sqrt(c.d.x * c.d.x + c.d.y * c.d.y + c.d.z * c.d.z);
    CAPTURE(names[c.kind]);
    CAPTURE(i);
    if (truth >= no_ray_hit && t < no_ray_hit) {           // a corner thinner than a step: at least on the surface
      REQUIRE(std::abs(distance(c.kind, along(c.x, c.d, t), c.size)) < 1e-3);
      ++thin;
      continue;
    }
    if (truth < no_ray_hit && t >= no_ray_hit) {           // grazed: float may miss what is thinner than its rounding
      REQUIRE(std::abs(distance(c.kind, along(c.x, c.d, truth), c.size)) < tolerance);
      ++thin;
      continue;
    }
    if (truth >= no_ray_hit) { ++missed; continue; }
    ++met;
    const V at = along(c.x, c.d, t);
    // where the ray grazes, t is as soft as the square root of rounding; the point must lie on the surface in any case
    REQUIRE(std::abs(distance(c.kind, at, c.size)) < tolerance * (1 + t * length));
    const double slant = std::abs(c.d.x * double(hit.normal.x.v) + c.d.y * double(hit.normal.y.v) + c.d.z * double(hit.normal.z.v)) / length;
    if (slant > 0.02) REQUIRE(std::abs(t - truth) * length * slant < 10 * tolerance * (1 + t * length));
    // outward: the distance grows along the normal
    const V n{double(hit.normal.x.v), double(hit.normal.y.v), double(hit.normal.z.v)};
    REQUIRE(std::abs(n.x * n.x + n.y * n.y + n.z * n.z - 1) < 1e-5);
    REQUIRE(distance(c.kind, along(at, n, 1e-2), c.size) > 0);
  }
  CHECK(met > 8000);
  CHECK(missed > 500);
  CHECK(thin < 200);
  MESSAGE(met << " met, " << missed << " missed, " << thin << " grazed");
}

template <class T, int W> void compare_bits() {
  std::mt19937_64 random(11);
  for (int round = 0; round < 400; ++round) {
    for (int kind = 0; kind < kinds; ++kind) {
      using R = Wide<T, W>;
      using S = Wide<T, 1>;
      Vec3<R> x, d, size;
      Case c[W];
      for (int w = 0; w < W; ++w) {
        c[w] = random_case(random);
        if (random() % 50 == 0) c[w].d = {0, 0, 0};
        const auto set = [&](Vec3<R>& v, V from) { v.x.set(w, T(from.x)), v.y.set(w, T(from.y)), v.z.set(w, T(from.z)); };
        set(x, c[w].x), set(d, c[w].d), set(size, c[w].size);
      }
      const auto wide = cast(kind, x, d, size);
      for (int w = 0; w < W; ++w) {
        const auto one = cast<S>(kind, {x.x[w], x.y[w], x.z[w]}, {d.x[w], d.y[w], d.z[w]}, {size.x[w], size.y[w], size.z[w]});
        const T a[4] = {one.t.v, one.normal.x.v, one.normal.y.v, one.normal.z.v}, b[4] = {wide.t[w], wide.normal.x[w], wide.normal.y[w], wide.normal.z[w]};
        CAPTURE(names[kind]);
        REQUIRE(std::memcmp(a, b, sizeof a) == 0);
        for (T v : a) REQUIRE(std::isfinite(double(v)));
      }
    }
  }
}

using D = Wide<double, 1>;
double t_of(int kind, Vec3<D> x, Vec3<D> d, Vec3<D> size) { return cast<D>(kind, x, d, size).t.v; }
}  // namespace

TEST_CASE("rays meet primitives where steps along them do: double") { compare_with_steps<double>(1e-9); }
TEST_CASE("rays meet primitives where steps along them do: float") { compare_with_steps<float>(2e-5); }

TEST_CASE("rays: every width has the bits of width 1") {
  compare_bits<float, 4>();
  compare_bits<float, 8>();
  compare_bits<float, 16>();
  compare_bits<double, 2>();
  compare_bits<double, 4>();
  compare_bits<double, 8>();
}

TEST_CASE("rays by hand") {
  const Vec3<D> size{0.5, 1.0, 2.0};
  for (int kind = 0; kind < kinds; ++kind) {
    CAPTURE(names[kind]);
    CHECK(t_of(kind, {0.1, 0.1, 0.1}, {0.0, 0.0, 0.0}, size) == no_ray_hit);          // no direction, from inside and outside
    CHECK(t_of(kind, {9.0, 9.0, 9.0}, {0.0, 0.0, 0.0}, size) == no_ray_hit);
    CHECK(t_of(kind, {9.0, 9.0, 9.0}, {1.0, 0.0, 0.0}, size) == no_ray_hit);          // away
  }
  // t counts in lengths of d; values of mj_ray, MuJoCo 3.17
  CHECK(t_of(sphere, {0.2, 0.1, 5.0}, {0.0, 0.0, -2.0}, {1.0, 1.0, 1.0}) == doctest::Approx(2.01266).epsilon(1e-6));
  CHECK(t_of(capsule, {0.1, 0.1, 0.1}, {0.1, 0.0, 1.0}, {0.5, 1.0, 0.0}) == doctest::Approx(1.330894).epsilon(1e-6));
  CHECK(t_of(ellipsoid, {0.1, 0.1, 0.1}, {0.1, 0.0, 1.0}, {1.0, 2.0, 3.0}) == doctest::Approx(2.684863).epsilon(1e-6));
  CHECK(t_of(cylinder, {0.1, 0.1, 0.1}, {0.1, 0.0, 1.0}, {0.5, 1.0, 0.0}) == doctest::Approx(0.9));
  CHECK(t_of(box, {0.1, 0.1, 0.1}, {0.1, 0.0, 1.0}, {1.0, 2.0, 3.0}) == doctest::Approx(2.9));
  // a plane has a front and a back, and perhaps an end
  CHECK(t_of(plane, {0.0, 0.0, 2.0}, {1.0, 0.0, -1.0}, {0.0, 0.0, 1.0}) == 2.0);
  CHECK(t_of(plane, {0.0, 0.0, 2.0}, {1.0, 0.0, -1.0}, {1.9, 0.0, 1.0}) == no_ray_hit);
  CHECK(t_of(plane, {0.0, 0.0, -2.0}, {0.0, 0.0, 1.0}, {0.0, 0.0, 1.0}) == no_ray_hit);
  CHECK(t_of(plane, {0.0, 0.0, 2.0}, {1.0, 0.0, 0.0}, {0.0, 0.0, 1.0}) == no_ray_hit);
  // tangential: along the wall of a cylinder, along a face of a box, past both by a little
  CHECK(t_of(cylinder, {0.5, 0.0, -3.0}, {0.0, 0.0, 1.0}, size) == 2.0);
  CHECK(t_of(cylinder, {0.5001, 0.0, -3.0}, {0.0, 0.0, 1.0}, size) == no_ray_hit);
  CHECK(t_of(box, {0.5, 0.0, -3.0}, {0.0, 0.0, 1.0}, size) == 1.0);
  CHECK(t_of(box, {0.5001, 0.0, -3.0}, {0.0, 0.0, 1.0}, size) == no_ray_hit);
  CHECK(t_of(sphere, {0.4999999, 0.0, -3.0}, {0.0, 0.0, 1.0}, size) == doctest::Approx(3).epsilon(1e-3));
  CHECK(t_of(sphere, {0.5000001, 0.0, -3.0}, {0.0, 0.0, 1.0}, size) == no_ray_hit);
  // on the surface, outwards and inwards
  CHECK(t_of(sphere, {0.0, 0.0, 0.5}, {0.0, 0.0, 1.0}, size) == 0.0);
  CHECK(t_of(box, {0.0, 0.0, 2.0}, {0.0, 0.0, -1.0}, size) == 0.0);
  // a small ball far away, in float
  using F = Wide<float, 1>;
  const auto far = ray_sphere<F>({0.05f, 0.0f, -100.0f}, {0.0f, 0.0f, 1.0f}, 0.1f);
  CHECK(double(far.t.v) == doctest::Approx(100 - std::sqrt(0.0075)).epsilon(1e-6));
  CHECK(double(far.normal.x.v) == doctest::Approx(0.5).epsilon(2e-4));                // t is as coarse as float at 100
}

NURI_KERNEL_END
