// Parameters of contact pairs and of the row catalog; they need the inverse weights of bodies, dofs and tendons.
#pragma once
#include "engine/model/model.h"

namespace nuri::model {
void derive_pairs(Model& model);
void derive_rows(Model& model);
}  // namespace nuri::model
