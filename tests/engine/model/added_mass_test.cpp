// Added mass of ellipsoids against closed forms: Carlson's integral by his own duplication (Carlson 1979, "Computing elliptic integrals by
// duplication"), a ball, and Lamb's limits.
#include <doctest/doctest.h>
#include <cmath>
#include <numbers>
#include "engine/model/added_mass.h"

namespace nuri::model {
namespace {

// R_D(x, y, z)
double carlson_rd(double x, double y, double z) {
  double sum = 0, factor = 1, mean = 0, dx = 0, dy = 0, dz = 0;
  for (int i = 0; i < 40; ++i) {
    const double rx = std::sqrt(x), ry = std::sqrt(y), rz = std::sqrt(z), lambda = rx * (ry + rz) + ry * rz;
    sum += factor / (rz * (z + lambda));
    factor /= 4;
    x = (x + lambda) / 4, y = (y + lambda) / 4, z = (z + lambda) / 4;
    mean = (x + y + 3 * z) / 5;
    dx = (mean - x) / mean, dy = (mean - y) / mean, dz = (mean - z) / mean;
  }
  const double ea = dx * dy, eb = dz * dz, ec = ea - eb, ed = ea - 6 * eb, ee = ed + 2 * ec;
  return 3 * sum + factor * (1 + ed * (-3.0 / 14 + 9.0 / 88 * ed - 9.0 / 52 * dz * ee) + dz * (ee / 6 + dz * (-9.0 / 22 * ec + 3.0 / 26 * dz * ea))) / (mean * std::sqrt(mean));
}

}  // namespace

TEST_CASE("Added mass: kappa is Carlson's integral") {
  struct Case { double longest, error; };                          // proportions up to so much; most relative error, measured 3.9e-7, 1.3e-6
  for (const Case& c : {Case{10, 5e-7}, Case{100, 2e-6}})
    for (double a : {1.0, 1.3, 2.0, 5.0, 10.0, 30.0, 100.0})
      for (double b : {1.0, 1.3, 2.0, 5.0, 10.0, 30.0, 100.0})
        for (double scale : {1e-3, 0.07, 4.0}) {
          const double x = scale, y = scale * a, z = scale / b;
          if (a * b > c.longest) continue;
          const double kappa = 2.0 / 3 * x * y * z * carlson_rd(y * y, z * z, x * x);
          CHECK(std::abs(added_mass_kappa(x, y, z) / kappa - 1) < c.error);
        }
}

TEST_CASE("Added mass: a ball carries half of what it displaces, and turns freely") {
  const AddedMass ball = added_mass({0.3, 0.3, 0.3});
  const double volume = 4.0 / 3 * std::numbers::pi * 0.027;
  for (int i = 0; i < 3; ++i) {
    CHECK(ball.mass[i] == doctest::Approx(volume / 2).epsilon(1e-6));
    CHECK(ball.inertia[i] == 0);
  }
}

TEST_CASE("Added mass: a disc and a needle come to Lamb's limits") {
  const double r = 0.2, thin = 1e-3 * r;
  const AddedMass disc = added_mass({r, r, thin});
  CHECK(disc.mass[2] == doctest::Approx(8.0 / 3 * r * r * r).epsilon(0.01));        // Lamb 1932, art. 102
  CHECK(disc.inertia[0] == doctest::Approx(16.0 / 45 * r * r * r * r * r).epsilon(0.01));
  CHECK(disc.inertia[0] == doctest::Approx(disc.inertia[1]).epsilon(1e-6));
  const AddedMass needle = added_mass({r, thin, thin});
  const double volume = 4.0 / 3 * std::numbers::pi * r * thin * thin;
  CHECK(needle.mass[1] == doctest::Approx(volume).epsilon(0.01));                   // a long cylinder: as much as it displaces
  CHECK(needle.mass[0] < 0.001 * volume);
}

}  // namespace nuri::model
