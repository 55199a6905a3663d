// Whether a model is one that kernels may be given: every index within its range, every table consistent.
#pragma once
#include <string>
#include "engine/model/model.h"

namespace nuri::model {
// Empty, or the first thing that is wrong. Array sizes must already agree with the counts.
std::string find_fault(const Model& model);
}  // namespace nuri::model
