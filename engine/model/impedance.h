// Constraint impedance as MuJoCo documents it (Computation, "Solver parameters"): solref and solimp, made into nine
// numbers that need no branches and no divisions in a kernel.
//
//   imp(r) = d0 + y(x) (dmax - d0),  x = min(1, |r| / width)
//   y(x) = a x^p            for x <= midpoint        a = 1 / midpoint^(p-1)
//        = 1 - b (1-x)^p    otherwise                b = 1 / (1 - midpoint)^(p-1)
//   aref = -B v - K imp r
#pragma once

namespace nuri::model {
inline constexpr int impedance_size = 9;
enum ImpedanceField { imp_d0, imp_dmax, imp_inverse_width, imp_midpoint, imp_a, imp_b, imp_power, imp_k, imp_b_damp };

// solref (2), solimp (5) -> out (9). timestep in s; refsafe keeps the time constant >= 2 timesteps.
void impedance(const double* solref, const double* solimp, double timestep, bool refsafe, double* out);
}  // namespace nuri::model
