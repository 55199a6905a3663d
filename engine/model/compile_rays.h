// What rays need of meshes; part of compile(), called where meshes are read, before compile_sensors.
#pragma once
#include <array>
#include <vector>
#include "engine/model/model.h"
#include "engine/scene/scene.h"
#include "engine/shape/rigid.h"

namespace nuri::model {

inline constexpr int most_readings = 10'000;           // of one contact sensor; numbers of a user sensor
inline constexpr int most_pixels = 65'536;             // of a camera that a rangefinder looks through

// Does anything in the scene cast rays? If not, meshes need no triangles.
bool casts_rays(const scene::Scene& scene);

// The next mesh of the model, in the frame of its geoms: fills ray_vertex, ray_triangle, bvh_node, bvh_bound and their addresses. Called
// once for every mesh, in their order, or for none; lists may be empty, and rays then pass.
void add_ray_mesh(Model& m, const std::vector<shape::Vec>& vertices, const std::vector<std::array<int, 3>>& triangles);

}  // namespace nuri::model
