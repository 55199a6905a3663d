// What every scene that a reader accepts must stand: its files lie in its folder, it compiles or is refused, and what compiles
// survives its own file.
#pragma once
#include "engine/model/compile.h"
#include "tests/fuzz/fuzz.h"

namespace nuri::fuzz {

inline int judge(const Result<scene::Scene>& scene) {
  if (!scene) return refused(scene.errors());
  for (const auto& mesh : scene->meshes) contained(mesh.file);
  for (const auto& field : scene->height_fields) contained(field.file);
  for (const auto& texture : scene->textures) contained(texture.path);
  if (scene->bodies.size() + scene->geoms.size() > 300) return 0;   // seconds under sanitizers; what is too large is tests/engine/model's
  std::vector<Diagnostic> report;
  const auto model = model::compile(*scene, &report);
  if (!model) return refused(model.errors());
  const auto again = model::deserialize(model::serialize(*model), "again.model");
  must(bool(again), "a model that was written cannot be read");
  must(model::hash(*again) == model::hash(*model), "a model changes by being written and read");
  return 0;
}

}  // namespace nuri::fuzz
