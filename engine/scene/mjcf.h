// Reader of MJCF (MuJoCo's XML). What it does not know it reports by file:line:column; nothing is ignored in silence.
#pragma once
#include <string>
#include "engine/core/result.h"
#include "engine/scene/scene.h"

namespace nuri::scene {

// Reads `path` and what it includes. Included files must lie in the folder of `path` or below it.
// Errors: every finding of the run, at most 20 (more are counted in a last note).
Result<Scene> read_mjcf(const std::string& path);

// The same from memory; `name` stands in diagnostics, includes are errors.
Result<Scene> read_mjcf_text(const std::string& text, const std::string& name);

}  // namespace nuri::scene
