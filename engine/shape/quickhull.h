// Convex hull of points on an integer grid by Quickhull (Barber, Dobkin, Huhdanpaa 1996), with exact predicates.
//
// A hull of doubles goes wrong where rounding decides on which side of a face a point lies: faces overlap, neighbours
// disagree. So coordinates are integers of at most 40 bits, on which the triple product that decides is exact in 128 bits;
// rounding to that grid costs 1e-12 of the size. A point on a face's plane does not see the face, which keeps the visible
// faces a disk and every triangle's area positive. Rejected: btConvexHullComputer, whose grid has 10216 steps (measured in
// tests/engine/shape/hull_test.cpp: corners off the hull by 1e-4 of the size); it is the second opinion there.
#pragma once
#include <array>
#include <cstdint>
#include <queue>
#include <vector>

namespace nuri::shape {

class Quickhull {
 public:
  static constexpr int bits = 40;
  using Point = std::array<int64_t, 3>;                  // 0 .. 2^bits
  struct Triangle {
    std::array<int, 3> corner, neighbour;                // counter-clockwise from outside; neighbour[k] across corner[k], corner[k+1]
    std::array<double, 3> normal;                        // unit, out
    double area;                                         // grid units^2
    bool alive = true;
    std::array<__int128, 3> exact_normal;
    std::vector<int> outside;                            // points that see this face, and wait
    int farthest = -1;
    double distance = 0;
    int visited = -1;
  };

  // Points nearer to the hull than `noise` (grid units) make no corners. The farthest point is taken first, so stopping at
  // `most_corners` keeps what matters; a point that is a corner of the whole hull stays one. Points must differ.
  Quickhull(const std::vector<Point>& points, double noise, int most_corners);

  bool flat() const { return flat_; }                    // no tetrahedron is thicker than `noise`
  const std::vector<Triangle>& triangles() const { return triangles_; }   // those alive are the hull

 private:
  bool first_tetrahedron();
  int make(int a, int b, int c);
  double height(const Triangle& t, int point) const;
  bool sees(int point, const Triangle& t) const;
  void wait(int face, int point);
  void announce(int face);
  void add(int face);

  const std::vector<Point>& points_;
  double noise_;
  bool flat_ = false;
  std::vector<Triangle> triangles_;
  std::vector<int> spoke_;                               // while a point is added: the new face that starts at this corner
  struct Next {
    double distance;
    int face;
    bool operator<(const Next& o) const { return distance != o.distance ? distance < o.distance : face > o.face; }
  };
  std::priority_queue<Next> next_;
};

}  // namespace nuri::shape
