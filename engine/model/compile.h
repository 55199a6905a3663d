// Compile: Scene -> Model. Lays bodies, joints and pairs out for stepping and computes what only depends on the model.
#pragma once
#include "engine/model/model.h"
#include "engine/scene/scene.h"

namespace nuri::model {

// `out_report` (may be null) receives everything that was computed or adjusted, with its place in the source.
// Errors: things the dynamics cannot do, by name and place.
Result<Model> compile(const scene::Scene& scene, std::vector<Diagnostic>* out_report = nullptr);

}  // namespace nuri::model
