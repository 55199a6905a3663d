// What a learner does with a resident world, as launches on its stream: ports and draws. Plain data, device addresses; the texts of the items are
// port_text.h and draw_text.h. Compiled, not tested on a GPU.
#pragma once
#include "tools/session/draw_text.h"
#include "tools/session/port_text.h"

struct CUstream_st;                              // *: a cudaStream_t

namespace nuri::session {

void launch_observe(const PortJob<float>& job, CUstream_st* stream);
void launch_act(const PortJob<float>& job, CUstream_st* stream);
// rows[list[i]][..] = 0
void launch_clear(const int* list, int count, int columns, float* rows, CUstream_st* stream);
void launch_uniform(const DrawJob& job, const DrawRange& range, CUstream_st* stream);
void launch_normal(const DrawJob& job, CUstream_st* stream);

}  // namespace nuri::session
