// What every mesh that a reader accepts must be: finished() makes it sound, and its hull and mass are finite or refused.
#pragma once
#include <cmath>
#include "engine/shape/mesh_reader.h"
#include "tests/fuzz/fuzz.h"

namespace nuri::fuzz {

inline int judge(Result<shape::Mesh> read) {
  if (!read) return refused(read.errors());
  const auto mesh = shape::finished(std::move(*read));
  if (!mesh) return refused(mesh.errors());
  must(!mesh->faces.empty(), "a mesh without a face");
  must(mesh->normals.empty() || mesh->normals.size() == 3 * mesh->faces.size(), "a normal per corner, or none");
  must(mesh->texcoords.empty() || mesh->texcoords.size() == 3 * mesh->faces.size(), "a texture coordinate per corner, or none");
  for (const auto& face : mesh->faces)
    for (int v : face) must(v >= 0 && std::size_t(v) < mesh->vertices.size(), "a face names a vertex that is not there");
  for (const auto& p : mesh->vertices) must(shape::usable(p), "a vertex is not finite");
  for (const auto& n : mesh->normals) must(std::abs(shape::dot(n, n) - 1) < 1e-6, "a normal is not unit");
  for (const auto rule : {shape::MassRule::legacy, shape::MassRule::convex, shape::MassRule::exact, shape::MassRule::shell}) {
    const auto part = shape::mesh_mass(*mesh, rule, 1000);
    if (part) must(part->mass > 0 && std::isfinite(part->mass) && std::isfinite(part->inertia[0]) && part->inertia[2] > 0, "a mass is finite and positive");
    else refused(part.errors());
  }
  const auto hull = shape::convex_hull(mesh->vertices, 16);
  if (!hull) return refused(hull.errors());
  for (const auto& polygon : hull->polygons)
    for (int v : polygon) must(v >= 0 && std::size_t(v) < hull->vertices.size(), "a hull's polygon names a vertex that is not there");
  return 0;
}

}  // namespace nuri::fuzz
