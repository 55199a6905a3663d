// What of a model the backend `bullet` does not compute, by name: a second opinion says what it has no opinion on.
#pragma once
#include <string>
#include <vector>
#include "engine/model/model.h"

namespace nuri {

// A line each, with the names of the things; empty where Bullet has all of the model.
std::vector<std::string> left_out_by_bullet(const model::Model& model);

// Does this sensor read forces or accelerations, which are Nuri's solver's own? Its values are NaN under Bullet.
bool unknown_to_bullet(const model::Model& model, int sensor);

}  // namespace nuri
