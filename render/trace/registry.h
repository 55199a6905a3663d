// The tracing kernels that this program was built with, and the choice among them.
#pragma once
#include <vector>
#include "render/trace/view.h"

namespace nuri::trace {

// All that this CPU runs.
std::vector<const Kernel*> kernels();
// The one of this width, or, width 0, the fastest; null if there is none.
const Kernel* find_kernel(int width);

}  // namespace nuri::trace
