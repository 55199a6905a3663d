#include "engine/model/added_mass.h"
#include <algorithm>
#include <cmath>
#include <numbers>

namespace nuri::model {

// x^(2/5) by Newton's method: the C library's pow need not give the same bits everywhere.
static double power_two_fifths(double x) {
  int exponent = 0;
  const double part = std::frexp(x, &exponent);
  const int fifth = exponent / 5;
  const double scaled = std::ldexp(part, exponent - 5 * fifth);   // 1/32 .. 16
  double y = 1;
  for (int i = 0; i < 40; ++i) y = (4 * y + scaled / (y * y * y * y)) / 5;
  return std::ldexp(y * y, 2 * fifth);
}

double added_mass_kappa(double si, double sj, double sk) {
  // points of the rule on 0 .. 1, the lower half, and their weights, both as MuJoCo rounds them
  constexpr double node[8] = {0.00427231, 0.02544604, 0.06756779, 0.12923441, 0.20695638, 0.29707742, 0.39610752, 0.5};
  constexpr double weight[8] = {0.01146766, 0.03154605, 0.05239501, 0.07032663, 0.08450236, 0.09517529, 0.10221647, 0.10474107};
  const double xi = 1 / (si * si), xj = 1 / (sj * sj), xk = 1 / (sk * sk), scale = power_two_fifths(si * si * si * sj * sk);
  double sum = 0;
  for (int i = 0; i < 15; ++i) {
    const int k = std::min(i, 14 - i);
    const double u = i < 7 ? node[k] : 1 - node[k], rest = i < 7 ? 1 - node[k] : node[k];
    const double l = scale * u * u * u / (rest * rest), slope = scale * u * u * (3 - u) / (rest * rest * rest), first = 1 + l * xi;
    sum += weight[k] * slope / (first * std::sqrt(first * (1 + l * xj) * (1 + l * xk)));
  }
  return sum * xi;
}

AddedMass added_mass(const std::array<double, 3>& s) {
  constexpr double smallest = 1e-14;                              // MuJoCo's least divisor here
  const double volume = 4.0 / 3.0 * std::numbers::pi * s[0] * s[1] * s[2];
  double kappa[3];
  for (int i = 0; i < 3; ++i) kappa[i] = added_mass_kappa(s[i], s[(i + 1) % 3], s[(i + 2) % 3]);
  AddedMass out;
  for (int i = 0; i < 3; ++i) {
    const int j = (i + 1) % 3, k = (i + 2) % 3;
    const double square_j = s[j] * s[j], square_k = s[k] * s[k], apart = square_j - square_k;
    out.mass[i] = volume * kappa[i] / std::max(smallest, 2 - kappa[i]);
    out.inertia[i] = volume / 5 * apart * apart * std::abs(kappa[k] - kappa[j]) / std::max(smallest, std::abs(2 * apart + (square_j + square_k) * (kappa[j] - kappa[k])));
  }
  return out;
}

}  // namespace nuri::model
