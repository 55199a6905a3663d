#include "engine/shape/quickhull.h"

#include <cmath>
#include <utility>

namespace nuri::shape {
namespace {
using Point = Quickhull::Point;
using Wide = __int128;

Point minus(const Point& a, const Point& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
std::array<Wide, 3> cross(const Point& a, const Point& b) {
  return {Wide(a[1]) * b[2] - Wide(a[2]) * b[1], Wide(a[2]) * b[0] - Wide(a[0]) * b[2], Wide(a[0]) * b[1] - Wide(a[1]) * b[0]};
}
template <class T> double length(const std::array<T, 3>& a) { return std::hypot(double(a[0]), double(a[1]), double(a[2])); }
}  // namespace

Quickhull::Quickhull(const std::vector<Point>& points, double noise, int most_corners) : points_(points), noise_(noise), spoke_(points.size(), -1) {
  flat_ = !first_tetrahedron();
  if (flat_) return;
  for (int corners = 4; !next_.empty() && (most_corners < 4 || corners < most_corners);) {
    const Next next = next_.top();
    next_.pop();
    const Triangle& t = triangles_[next.face];
    if (!t.alive || t.distance != next.distance) continue;
    add(next.face);
    ++corners;
  }
}

// Two extremes of an axis that are farthest apart, the point farthest from their line, the one farthest from that plane.
bool Quickhull::first_tetrahedron() {
  const int n = static_cast<int>(points_.size());
  if (n < 4) return false;
  std::array<int, 4> c{0, 0, -1, -1};
  double best = 0;
  for (int axis = 0; axis < 3; ++axis) {
    int low = 0, high = 0;
    for (int i = 1; i < n; ++i) {
      if (points_[i][axis] < points_[low][axis]) low = i;
      if (points_[i][axis] >= points_[high][axis]) high = i;
    }
    const double apart = length(minus(points_[high], points_[low]));
    if (apart > best) best = apart, c[0] = low, c[1] = high;
  }
  if (!(best > noise_)) return false;
  const Point edge = minus(points_[c[1]], points_[c[0]]);
  double far = noise_ * best;
  for (int i = 0; i < n; ++i) {
    const double area = length(cross(edge, minus(points_[i], points_[c[0]])));
    if (area > far) far = area, c[2] = i;
  }
  if (c[2] < 0) return false;
  const int base = make(c[0], c[1], c[2]);
  far = noise_;
  for (int i = 0; i < n; ++i) {
    const double h = std::abs(height(triangles_[base], i));
    if (h > far) far = h, c[3] = i;
  }
  if (c[3] < 0) return false;
  if (height(triangles_[base], c[3]) > 0) std::swap(c[1], c[2]);
  triangles_.clear();

  // its four faces, and who sees them
  for (const auto& f : {std::array{0, 1, 2}, std::array{1, 0, 3}, std::array{2, 1, 3}, std::array{0, 2, 3}}) make(c[f[0]], c[f[1]], c[f[2]]);
  triangles_[0].neighbour = {1, 2, 3};
  triangles_[1].neighbour = {0, 3, 2};
  triangles_[2].neighbour = {0, 1, 3};
  triangles_[3].neighbour = {0, 2, 1};
  for (int i = 0; i < n; ++i) {
    if (i == c[0] || i == c[1] || i == c[2] || i == c[3]) continue;
    int seen = -1;
    double farthest = noise_;
    for (int f = 0; f < 4; ++f) {
      const double h = height(triangles_[f], i);
      if (h > farthest) farthest = h, seen = f;
    }
    if (seen >= 0) wait(seen, i);
  }
  for (int f = 0; f < 4; ++f) announce(f);
  return true;
}

int Quickhull::make(int a, int b, int c) {
  Triangle& t = triangles_.emplace_back();
  t.corner = {a, b, c};
  t.neighbour = {-1, -1, -1};
  t.exact_normal = cross(minus(points_[b], points_[a]), minus(points_[c], points_[a]));
  const double n = length(t.exact_normal);
  t.area = n / 2;
  for (int k = 0; k < 3; ++k) t.normal[k] = double(t.exact_normal[k]) / n;
  return static_cast<int>(triangles_.size()) - 1;
}

double Quickhull::height(const Triangle& t, int point) const {
  const Point d = minus(points_[point], points_[t.corner[0]]);
  return t.normal[0] * double(d[0]) + t.normal[1] * double(d[1]) + t.normal[2] * double(d[2]);
}

// |d| < 2^41 and |n| < 2^82 per axis, so the sum stays below 2^125
bool Quickhull::sees(int point, const Triangle& t) const {
  const Point d = minus(points_[point], points_[t.corner[0]]);
  return t.exact_normal[0] * d[0] + t.exact_normal[1] * d[1] + t.exact_normal[2] * d[2] > 0;
}

void Quickhull::wait(int face, int point) {
  Triangle& t = triangles_[face];
  const double h = height(t, point);
  t.outside.push_back(point);
  if (h > t.distance) t.distance = h, t.farthest = point;
}

void Quickhull::announce(int face) {
  if (triangles_[face].farthest >= 0) next_.push({triangles_[face].distance, face});
}

// Takes the farthest point of this face: what it sees goes, a fan from the rim of that closes the hull again.
void Quickhull::add(int face) {
  const int point = triangles_[face].farthest;
  std::vector<int> seen{face};
  triangles_[face].visited = point;
  struct Rim { int from, to, beyond; };
  std::vector<Rim> rim;
  for (std::size_t k = 0; k < seen.size(); ++k) {
    for (int e = 0; e < 3; ++e) {
      const Triangle& t = triangles_[seen[k]];
      Triangle& other = triangles_[t.neighbour[e]];
      if (other.visited == point) continue;
      if (sees(point, other)) other.visited = point, seen.push_back(t.neighbour[e]);
      else rim.push_back({t.corner[e], t.corner[(e + 1) % 3], t.neighbour[e]});
    }
  }

  // the fan; every corner of the rim begins one edge of it
  const int first = static_cast<int>(triangles_.size());
  for (const Rim& r : rim) {
    const int made = make(r.from, r.to, point);
    spoke_[r.from] = made;
    triangles_[made].neighbour[0] = r.beyond;
    Triangle& beyond = triangles_[r.beyond];
    for (int e = 0; e < 3; ++e) if (beyond.corner[e] == r.to && beyond.corner[(e + 1) % 3] == r.from) beyond.neighbour[e] = made;
  }
  for (std::size_t k = 0; k < rim.size(); ++k) {
    const int made = first + static_cast<int>(k), after = spoke_[rim[k].to];
    triangles_[made].neighbour[1] = after;
    triangles_[after].neighbour[2] = made;
  }

  // who waited for a face that is gone
  const int end = static_cast<int>(triangles_.size());
  for (int s : seen) {
    triangles_[s].alive = false;
    const std::vector<int> waiting = std::move(triangles_[s].outside);
    triangles_[s].outside = {};
    for (int p : waiting) {
      if (p == point) continue;
      for (int f = first; f < end; ++f) {
        if (height(triangles_[f], p) > noise_) { wait(f, p); break; }
      }
    }
  }
  for (int f = first; f < end; ++f) announce(f);
}

}  // namespace nuri::shape
