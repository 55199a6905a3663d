// Compile: Scene -> Model. Lays bodies, joints and pairs out for stepping and computes what only depends on the model.
#pragma once
#include "engine/model/model.h"
#include "engine/scene/scene.h"

namespace nuri::model {

// What a mesh of the scene became, for people who look.
struct MeshFacts {
  std::string name, file;                      // file "": written in the scene
  size_t vertices = 0, triangles = 0;
  bool closed = false;                         // watertight: every edge belongs to two faces that run through it in opposite directions
  double volume = 0;                           // m^3; negative: turned inside out, of an open surface it has no meaning
  double hull_volume = 0;                      // m^3; 0: no hull was needed, nothing collides with the mesh
  int hull_vertices = 0;
  std::vector<int> geoms;                      // of the model, that have its shape
  Place place;
};

// `out_report` (may be null) receives everything that was computed or adjusted, with its place in the source; `out_meshes` (may be
// null) the meshes that geoms use.
// Errors: things the dynamics cannot do, by name and place.
Result<Model> compile(const scene::Scene& scene, std::vector<Diagnostic>* out_report = nullptr, std::vector<MeshFacts>* out_meshes = nullptr);

}  // namespace nuri::model
