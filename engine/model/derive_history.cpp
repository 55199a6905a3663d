#include "engine/model/derive_history.h"

#include <algorithm>
#include <cmath>

namespace nuri::model {
namespace {

constexpr double same = 1e-6;                  // steps: what is nearer to a whole step is one

double whole_if_near(double x) { return std::abs(x - std::round(x)) <= same ? std::round(x) : x; }

// The best p / q for x >= 1 with q up to most_parts, by continued fractions: whole numbers in which ticks can be counted without drift. Exact for
// periods and time steps that people write; else off by less than q^-2 steps a tick.
struct Fraction { double p, q; };
Fraction fraction(double x) {
  double p0 = 0, q0 = 1, p1 = 1, q1 = 0, rest = x;
  for (int k = 0; k < 32; ++k) {
    const double whole = std::floor(rest), p = whole * p1 + p0, q = whole * q1 + q0;
    if (q > most_parts || p > most_period) break;
    p0 = p1, q0 = q1, p1 = p, q1 = q;
    if (std::abs(x - p / q) <= 1e-10 * x) break;
    rest = 1 / (rest - whole);
  }
  return {p1, q1};
}
}  // namespace

void derive_history(Model& m) {
  const double step = m.timestep[0];
  auto put = [&](int track, double delay, double period, double phase) {
    m.track_lag[track] = delay > 0 ? whole_if_near(std::min(delay / step, most_lag)) : 0;
    double* const beat = &m.track_beat[3 * track];
    beat[0] = beat[1] = beat[2] = 0;
    if (!(period > 0)) return;
    // a period below a step is a step, as there is at most one reading in each
    const Fraction f = fraction(std::clamp(period / step, 1.0, most_period));
    const double first = phase < 0 ? std::clamp((phase + period) / step, 0.0, most_period) : 0, near = std::round(first * f.q);
    beat[0] = f.p;
    beat[1] = std::abs(first * f.q - near) <= same * f.q ? near : std::ceil(first * f.q);
    beat[2] = f.q;
  };
  for (int a = 0; a < m.actuator_count; ++a)
    if (m.actuator_track[a] >= 0) put(m.actuator_track[a], m.actuator_delay[a], 0, 0);
  for (int i = 0; i < m.sensor_count; ++i)
    if (m.sensor_track[i] >= 0) put(m.sensor_track[i], m.sensor_delay[i], m.sensor_interval[2 * i], m.sensor_interval[2 * i + 1]);
}

}  // namespace nuri::model
