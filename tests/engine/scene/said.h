// What a reader had to say, in short: "code:line code:line".
#pragma once
#include <string>
#include "engine/scene/mjcf.h"

namespace nuri::scene {

// Errors, or the warnings of a scene that was read.
inline std::string said(const Result<Scene>& scene) {
  std::string found;
  for (const Diagnostic& d : scene ? scene->report : scene.errors())
    if (d.severity != Severity::note) found += (found.empty() ? "" : " ") + d.code + ":" + std::to_string(d.place.line);
  return found;
}
inline std::string said(const std::string& inside) { return said(read_mjcf_text("<mujoco>\n" + inside + "</mujoco>", "test.xml")); }

}  // namespace nuri::scene
