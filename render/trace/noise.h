// What real sensors add: errors of range, steps, lost readings, grain. Draws depend on seed, environment, sensor, picture and pixel
// alone (engine/core/random.h), so a picture is found again on any machine, in any batch.
#pragma once
#include "engine/core/random.h"
#include "render/trace/meet.h"

NURI_KERNEL_BEGIN
namespace tracing {

// Of one block of random words per ray: two normal numbers and two of [0, 1).
template <class R> struct Draws { R normal[2], uniform[2]; };
template <class R> NURI_STAGE Draws<R> draw(const TraceJob& job, const int32_t* pixel, uint32_t which) {
  R u[4];
  for (int w = 0; w < width_of<R>; ++w) {
    const Philox words = random_block(job.seed, job.environment, job.stream, job.step, 2 * uint32_t(pixel[w]) + which);
    for (int k = 0; k < 4; ++k) u[k].set(w, float(words.v[k] >> 8) * 0x1p-24f);
  }
  const R radius = sqrt(R(-2.0f) * log(R(1.0f) - u[0]));                               // Box and Muller, as engine/math/elementary_normal.h
  R sine, cosine;
  sin_cos(R(6.2831853f) * u[1], sine, cosine);
  return {{radius * cosine, radius * sine}, {u[2], u[3]}};
}

// A reading of `range`: lost readings are nothing (false). The chance to lose one rises to certainty as the surface turns away from
// `grazing` to edge-on.
template <class R> NURI_VALUE TruthOf<R> disturb(const Distortion& n, const Draws<R>& draws, R cosine, R& range) {
  const R sigma = mul_add(mul_add(R(n.range_sigma_square), range, R(n.range_sigma_linear)), range, R(n.range_sigma));
  range = max(R(0.0f), mul_add(sigma, draws.normal[0], range));
  if (n.range_step > 0) range = floor(mul_add(range, R(1.0f / n.range_step), R(0.5f))) * R(n.range_step);
  R lost(n.dropout);
  if (n.grazing > 0) lost = max(lost, R(1.0f) - cosine * R(1.0f / n.grazing));
  return lost <= draws.uniform[0];
}

}  // namespace tracing
NURI_KERNEL_END
