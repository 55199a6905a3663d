// Builds the tree of boxes that rays walk (bvh.h). Once per mesh, on the host.
#pragma once
#include <array>
#include <cstdint>
#include <vector>
#include "engine/shape/rigid.h"

namespace nuri::shape {

struct Bvh {
  std::vector<int32_t> triangle;    // 3 vertices each, in the order of the leaves
  std::vector<int32_t> node;        // 2 each: first and count, see bvh.h; no node if there is no triangle
  std::vector<double> bound;        // 6 each: lower and upper corner
};

// Every corner of a triangle is a vertex. The same input gives the same tree on every machine.
Bvh build_bvh(const std::vector<Vec>& vertices, const std::vector<std::array<int, 3>>& triangles);

// New boxes for vertices that moved: right for any move, slow to walk after a wild one.
void refit(Bvh& bvh, const std::vector<Vec>& vertices);

}  // namespace nuri::shape
