// Keep: what the desk knows by number when files are loaded again. Numbers follow the order of bodies and models in the files, which may be
// another one then; names stay. What has no name, or none that is still there, is let go.
#pragma once
#include <memory>
#include "tools/editor/desk.h"

namespace nuri::editor {

// The model that panels speak of, held beyond its world; nothing if nothing is open.
std::shared_ptr<const model::Model> hold_model(Desk& desk);
// Chosen thing, plots and the model's camera, from their numbers in `before` to those of the model that panels speak of now.
void keep_by_name(Desk& desk, const model::Model& before);

}  // namespace nuri::editor
