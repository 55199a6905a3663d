// A closed mesh as convex parts that together hold little more than it does: what a cup needs before it can be filled.
//
// The solid is cut by planes along its axes, always the cell whose hull adds most, each time where the two new hulls add least;
// then neighbours are joined again while their common hull adds little. Hulls are exact: a cell's is that of its piece of the
// surface and of the cell's corners that lie inside, so nothing of the solid is lost but slivers without thickness.
// The scheme is that of V-HACD and CoACD (Mamou, Ghorbel 2009; Wei et al. 2022), with exact volumes instead of voxels or samples.
// Rejected: HACD of Bullet's extras, which groups faces, so that walls come out as parts without thickness (a cup of 24 sides: 36
// parts, 20 of them flat).
#pragma once
#include <vector>
#include "engine/shape/mesh.h"

namespace nuri::shape {

namespace limits {
constexpr int most_parts = 256;
constexpr std::size_t decomposed_faces = 200'000;          // more would take minutes
}  // namespace limits

struct PartsRule {
  int most = 32;                                           // 1 .. limits::most_parts
  double excess = 0.02;                                    // stop when the hulls add less than this share of the solid's volume
};
struct ConvexParts {
  std::vector<std::vector<Vec>> parts;                     // the corners of each hull, m; the largest part first
  double solid = 0, hulls = 0;                             // m^3: the mesh's volume, and the sum over the hulls
};
// An error if the mesh is not closed, or holds no volume.
Result<ConvexParts> convex_parts(const Mesh& mesh, const PartsRule& rule);

// The corners of each object ("o", or "g" where there is none) of an OBJ file that a tool has taken apart: each one convex part.
Result<std::vector<std::vector<Vec>>> read_parts(const std::string& path);

// Whether every edge belongs to two faces that run through it in opposite directions.
bool is_closed(const std::vector<std::array<int, 3>>& faces);

}  // namespace nuri::shape
