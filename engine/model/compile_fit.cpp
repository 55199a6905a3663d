// Primitives that take their size and place from a mesh, by MuJoCo's two rules (compiler/fitaabb):
//   inertia  the box with the mesh's principal moments and volume (or area, for a shell), at its centre of mass: half sizes
//              h_k = sqrt(1.5 (I_i + I_j - I_k) / V)                                                           m
//            box, ellipsoid: h; cylinder: radius (h_1 + h_2) / 2, half length h_3; capsule: the same radius r, and h_3 - r / 2;
//            sphere: the mean of h. Moments descend, so h_3 is the longest.
//   bounds   the bounding box along the principal axes, half sizes b, at its middle; box, ellipsoid: b; cylinder: radius max(b_1, b_2),
//            half length b_3; capsule: the same radius r, and b_3 - r; sphere: the largest of b. The box's corners stand out of all
//            but the box.
// Either is scaled by `fitscale`. The rules are those of MuJoCo 3.17.0, measured and compared with its user_mesh.cc (FitGeom; other
// versions let rounded primitives hold every vertex), so that a model has the same geoms here.
#include <algorithm>
#include <cmath>

#include "engine/model/compile_parts.h"
#include "engine/shape/mesh.h"

namespace nuri::model {
namespace {
using namespace scene;
using namespace shape;

bool is_fitted(const Geom& g) { return g.mesh >= 0 && g.type != GeomType::mesh; }

Vec by_inertia(const LoadedMesh& mesh, GeomType type) {
  Vec h{};
  const Vec& i = mesh.part.inertia;
  for (size_t k = 0; k < 3; ++k) h[k] = std::sqrt(std::max(0.0, 1.5 * (i[(k + 1) % 3] + i[(k + 2) % 3] - i[k]) / mesh.part.mass));
  const double radius = (h[0] + h[1]) / 2;
  switch (type) {
    case GeomType::sphere: return {(h[0] + h[1] + h[2]) / 3, 0, 0};
    case GeomType::capsule: return {radius, std::max(0.0, h[2] - radius / 2), 0};
    case GeomType::cylinder: return {radius, h[2], 0};
    default: return h;
  }
}

Vec by_bounds(const LoadedMesh& mesh, GeomType type, Vec& out_middle) {
  Vec low = mesh.vertices[0], high = low;
  for (const Vec& v : mesh.vertices)
    for (size_t k = 0; k < 3; ++k) low[k] = std::min(low[k], v[k]), high[k] = std::max(high[k], v[k]);
  out_middle = scale(add(low, high), 0.5);
  const Vec half = scale(sub(high, low), 0.5);
  const double radius = std::max(half[0], half[1]);
  switch (type) {
    case GeomType::sphere: return {std::max(radius, half[2]), 0, 0};
    case GeomType::capsule: return {radius, std::max(0.0, half[2] - radius), 0};
    case GeomType::cylinder: return {radius, half[2], 0};
    default: return half;
  }
}

std::string sizes_of(GeomType type, const Vec& s) {
  switch (type) {
    case GeomType::sphere: return "sphere of radius " + number(s[0]) + " m";
    case GeomType::capsule: return "capsule of radius " + number(s[0]) + " m, half length " + number(s[1]) + " m";
    case GeomType::cylinder: return "cylinder of radius " + number(s[0]) + " m, half length " + number(s[1]) + " m";
    case GeomType::ellipsoid: return "ellipsoid of half axes " + numbers(s) + " m";
    default: return "box of half sizes " + numbers(s) + " m";
  }
}

}  // namespace

bool has_fitted(const Scene& scene) { return std::any_of(scene.geoms.begin(), scene.geoms.end(), is_fitted); }

Scene fit_primitives(Compilation& c) {
  Scene out = c.scene;
  c.meshes.resize(c.scene.meshes.size());
  for (size_t i = 0; i < out.geoms.size(); ++i) {
    Geom& g = out.geoms[i];
    if (!is_fitted(g)) continue;
    const std::string who = label("geom", g.name, i);
    const bool primitive = g.type == GeomType::sphere || g.type == GeomType::capsule || g.type == GeomType::ellipsoid || g.type == GeomType::cylinder || g.type == GeomType::box;
    if (!primitive || size_t(g.mesh) >= c.scene.meshes.size()) {
      c.error("bad-reference", primitive ? who + " names no mesh" : who + " is of a type that is not fitted to a mesh", g.place);
      continue;
    }
    const LoadedMesh& mesh = load_mesh(c, g.mesh);
    if (!mesh.loaded) continue;
    if (!mesh.weighs) {
      adopt(c, mesh.why, who + " cannot be fitted to its mesh", g.place);
      continue;
    }

    // the mesh's frame, then the middle of what is fitted, in the geom's own frame
    Vec middle{0, 0, 0};
    g.size = scale(c.scene.compiler.fitaabb ? by_bounds(mesh, g.type, middle) : by_inertia(mesh, g.type), g.fitscale);
    const Vec offset = add(mesh.part.pos, rotate(mesh.part.quat, middle));
    const Rot own = unit(g.quat);
    g.pos = add(g.pos, rotate(own, offset));
    g.quat = unit(mul(own, mesh.part.quat));
    c.note("fitted-geom", who + " is fitted to mesh '" + c.scene.meshes[size_t(g.mesh)].name + "': a " + sizes_of(g.type, g.size), g.place);
    g.mesh = -1;
  }
  return out;
}

}  // namespace nuri::model
