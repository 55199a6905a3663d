// One random number of a task: goals, commands, noise. One text for the host and for the GPU (cuda_learn.cu).
//
// Draw k of an environment is a function of the seed of its episode, its id, the stream and the substeps since its reset, of nothing else.
#pragma once
#include <stddef.h>
#include "engine/math/elementary_normal.h"

namespace nuri::session {

inline constexpr uint32_t first_draw_stream = 0x50790000;   // the session's and the eyes' lie below

// From low to high; `below` is the float before high: rounding must not reach the end.
struct DrawRange { float low, high, below; };

// Draws of all environments of a world; addresses of the machine that reads them.
struct DrawJob {
  const uint64_t *seeds, *began;                 // of each environment: of its present episode's draws; at which substep that began
  uint64_t first_id, substep;
  uint32_t stream;                               // first_draw_stream and what the caller says
  int environments, columns;
  float* out;                                    // [environment][column]
};

inline namespace NURI_ISA {

NURI_FN float uniform_draw(const DrawRange& range, uint64_t seed, uint64_t id, uint32_t stream, uint64_t step, uint32_t k) {
  const float value = float(double(range.low) + (double(range.high) - double(range.low)) * uniform(seed, id, stream, step, k));
  return value == range.high ? range.below : value;
}
NURI_FN float normal_draw(uint64_t seed, uint64_t id, uint32_t stream, uint64_t step, uint32_t k) { return float(normal(seed, id, stream, step, k)); }

// draw(seed, id, stream, step, column) for one number of the table.
template <class Draw> NURI_FN void draw_item(const DrawJob& job, int environment, int column, const Draw& draw) {
  job.out[size_t(environment) * size_t(job.columns) + size_t(column)] =
      draw(job.seeds[environment], job.first_id + uint64_t(environment), job.stream, job.substep - job.began[environment], uint32_t(column));
}

}  // namespace NURI_ISA
}  // namespace nuri::session
