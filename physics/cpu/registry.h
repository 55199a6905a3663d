// The kernels that this program was built with, and the choice among them.
#pragma once
#include <string>
#include "physics/cpu/kernel.h"
#include "physics/world.h"

namespace nuri {

// The kernel of this precision and width that this CPU runs best; width 0: by rule. Null if there is none.
const CpuKernel* find_kernel(Precision precision, int width);
// "f32: 1 4 8 16 (avx2), 16 (avx512: not on this CPU)"
std::string kernel_list();
bool cpu_runs(const std::string& isa);

}  // namespace nuri
