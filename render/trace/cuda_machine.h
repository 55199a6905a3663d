// Pictures on a GPU: compiled, not tested on one. The look, the tables of rays and the tensors lie in its memory from the start; a call brings the
// numbers of environments, slots and steps (some bytes per environment), reads the poses where the world keeps them, and copies no picture.
#pragma once
#include "engine/core/result.h"
#include "render/trace/machine.h"

namespace nuri::trace {

// stream: a cudaStream_t, or null. Diagnostics have code no-gpu or cuda-failed.
Result<std::unique_ptr<Machine>> make_cuda_machine(int gpu, void* stream);

}  // namespace nuri::trace
