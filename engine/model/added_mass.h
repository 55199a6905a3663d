// How much of a medium moves along with an ellipsoid: added mass and moments of inertia, per density. MuJoCo documentation,
// Computation, "Fluid forces"; Lamb 1932, chapter 5; Tuckerman 1925.
//
//   kappa_i = integral from 0 to infinity of s_x s_y s_z / sqrt((s_i^2 + l)^3 (s_j^2 + l) (s_k^2 + l)) dl
//   mass_i = V kappa_i / (2 - kappa_i)
//   inertia_i = V/5 (s_j^2 - s_k^2)^2 (kappa_k - kappa_j) / (2 (s_j^2 - s_k^2) + (s_j^2 + s_k^2) (kappa_j - kappa_k))
//
// kappa is summed as MuJoCo's compiler does it, so that models agree to rounding: 15 points of Gauss and Kronrod in u, l = c u^3 / (1 - u)^2,
// points and weights of 8 decimals. The integral is 2/3 s_x s_y s_z R_D(s_j^2, s_k^2, s_i^2) (Carlson 1979); the sum is right to 4e-7 up to proportions
// of 1 to 10, to 1.4e-6 up to 1 to 100 (tests/engine/model/added_mass_test.cpp).
#pragma once
#include <array>

namespace nuri::model {

struct AddedMass { std::array<double, 3> mass, inertia; };   // m^3, m^5

double added_mass_kappa(double si, double sj, double sk);    // of the first axis
AddedMass added_mass(const std::array<double, 3>& semi_axes);   // m, > 0

}  // namespace nuri::model
