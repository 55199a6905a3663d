// Reader of MJCF (MuJoCo's XML). What it does not know it reports by file:line:column; nothing is ignored in silence.
#pragma once
#include <string>
#include <vector>
#include "engine/core/result.h"
#include "engine/scene/scene.h"

namespace nuri::scene {

// Whether a file of this name is read as MJCF: .xml, .mjcf.
bool is_mjcf(const std::string& path);

struct MjcfOptions {
  std::vector<std::string> roots;   // folders, besides that of the file, in which included files, models and assets may lie
  std::vector<Place> included_from = {};   // who asked for the file, for findings; innermost first
};

// Reads `path`, what it includes, the models it attaches, and finds its meshes, height fields and textures; all of them must
// lie in the folder of `path` or below it, or in one of the roots.
// Errors: every finding of the run, at most 20 (more are counted in a last note).
Result<Scene> read_mjcf(const std::string& path, const MjcfOptions& options = {});

// The same from memory; `name` stands in diagnostics, files that it names are errors.
Result<Scene> read_mjcf_text(const std::string& text, const std::string& name);

}  // namespace nuri::scene
