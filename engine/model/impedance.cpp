#include "engine/model/impedance.h"

#include <algorithm>
#include <cmath>

namespace nuri::model {
namespace {
constexpr double smallest = 1e-15, imp_min = 0.0001, imp_max = 0.9999;   // MuJoCo: mjMINVAL, mjMINIMP, mjMAXIMP

// x^p by repeated products while p is a small whole number, so that every machine gives the same bits; libm otherwise.
double power(double x, double p) {
  if (p != std::floor(p) || p > 64) return std::pow(x, p);
  double y = 1;
  for (int k = 0; k < int(p); ++k) y *= x;
  return y;
}
}  // namespace

void impedance(const double* solref, const double* solimp, double timestep, bool refsafe, double* out) {
  // standard (time constant, damping ratio) or direct (-stiffness, -damping); a mixture means the default
  double r0 = solref[0], r1 = solref[1];
  if ((r0 > 0) != (r1 > 0)) { r0 = 0.02; r1 = 1; }
  if (refsafe && r0 > 0) r0 = std::max(r0, 2 * timestep);

  double d0 = std::clamp(solimp[0], imp_min, imp_max), dmax = std::clamp(solimp[1], imp_min, imp_max);
  double width = std::max(0.0, solimp[2]);
  const double midpoint = std::clamp(solimp[3], imp_min, imp_max), p = std::max(1.0, solimp[4]);

  // stiffness and damping of the reference acceleration
  out[imp_k] = r0 > 0 ? 1 / std::max(smallest, dmax * dmax * r0 * r0 * r1 * r1) : -r0 / std::max(smallest, dmax * dmax);
  out[imp_b_damp] = r1 > 0 ? 2 / std::max(smallest, dmax * r0) : -r1 / std::max(smallest, dmax);

  // a flat curve is written as one whose ends are equal
  if (d0 == dmax || width <= smallest) {
    d0 = dmax = 0.5 * (d0 + dmax);
    width = 1;
  }
  out[imp_d0] = d0;
  out[imp_dmax] = dmax;
  out[imp_inverse_width] = 1 / width;
  out[imp_midpoint] = midpoint;
  out[imp_a] = 1 / power(midpoint, p - 1);
  out[imp_b] = 1 / power(1 - midpoint, p - 1);
  out[imp_power] = p;
}

}  // namespace nuri::model
