// Triangle meshes: reading, hulls, mass properties. Runs once per model; kernels see flat arrays of the Model.
#pragma once
#include <array>
#include <string>
#include <vector>
#include "engine/core/result.h"
#include "engine/shape/inertia.h"
#include "engine/shape/rigid.h"

namespace nuri::shape {

namespace limits {
constexpr std::size_t mesh_bytes = std::size_t{512} << 20;
constexpr std::size_t triangles = 20'000'000;
constexpr std::size_t hull_input = 100'000;              // vertices; more are thinned out first, by extreme points of directions
constexpr int grid_side = 8192;                          // of a height field
}  // namespace limits

struct Mesh {
  std::vector<Vec> vertices;                             // m
  std::vector<std::array<int, 3>> faces;                 // counter-clockwise from outside
  std::vector<Vec> normals;                              // per corner of a face, or none
  std::vector<std::array<double, 2>> texcoords;          // per corner of a face, or none
  std::vector<std::string> adjusted;                     // what was repaired or guessed while reading, for the import report
};

// A mesh file: STL (binary, text), OBJ, MSH (MuJoCo's), DAE, glTF (.gltf, .glb), by the file's ending. Vertices at the same
// place become one, faces without area are dropped, nodes' transforms are applied. Numbers come as the file has them:
// what DAE says about units and the up axis, and glTF's y up, is applied and said in `adjusted`. Errors have no place.
Result<Mesh> read_mesh(const std::string& path);

// What read_mesh() does last, for a mesh that was given as numbers: checks indices and coordinates, joins vertices, drops faces
// without area (normals and texture coordinates that are not one per corner go), takes the hull if there is no face.
Result<Mesh> finished(Mesh mesh);

// Seen from (refpos, refquat), then scaled: as MuJoCo takes MJCF's refpos, refquat and scale. Mirrored faces are turned round.
Mesh transformed(Mesh mesh, const Vec& scale, const Vec& refpos, const Rot& refquat);

// The convex hull as polygons: faces of more than three corners where triangles lie in one plane.
struct Hull {
  std::vector<Vec> vertices;
  std::vector<std::vector<int>> polygons;                // corners counter-clockwise from outside
  std::vector<Vec> normals;                              // unit, out; per polygon
  std::vector<std::string> adjusted;                     // thinned or limited
};
// `most_vertices` < 4: no limit; otherwise the hull of that many points that keep most of its volume. An error if the points are flat.
Result<Hull> convex_hull(const std::vector<Vec>& points, int most_vertices = -1);

// Volume (m^3; area m^2 for a shell), centre and second moments at density 1, principal frame. Sources: Mirtich 1996 for the
// solid (exact for closed oriented surfaces); MuJoCo's "legacy" sums each face's pyramid over the centre as positive.
enum class MassRule { legacy, convex, exact, shell };    // numbers as scene::MeshInertia
Result<MassPart> mesh_mass(const Mesh& mesh, MassRule rule, double density);

// A height field's elevations in 0 .. 1 (all 0 if flat), row 0 at -y: from a PNG (grey, top row at +y) or MuJoCo's binary file.
struct Grid { int rows = 0, columns = 0; std::vector<float> elevation; };
Result<Grid> read_grid(const std::string& path);

}  // namespace nuri::shape
