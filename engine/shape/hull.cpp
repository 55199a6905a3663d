// Hulls as polygons: points onto a grid, Quickhull, triangles of one plane joined.
#include <algorithm>
#include <numeric>

#include "engine/shape/mesh_reader.h"
#include "engine/shape/quickhull.h"

namespace nuri::shape {
namespace {
// Both are parts of the longest side of the points' box. Files hold float32, whose rounding is 6e-8 of a coordinate: what
// sticks out less than `noise` is that. A plane through three rounded corners tilts by a few roundings, hence `one_plane`.
constexpr double noise = 1e-7, one_plane = 1e-6;
constexpr int cells = 128;   // 6 x 128 x 128 directions, fewer than limits::hull_input

struct Grid40 { std::vector<Vec> exact; std::vector<Quickhull::Point> rounded; double side; };   // side of the box, in grid units

// Sorted, each once, so that the hull does not depend on the order of the points.
Grid40 onto_grid(std::vector<Vec> points) {
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  Vec low = points[0], high = points[0];
  for (const Vec& p : points) for (int k = 0; k < 3; ++k) low[k] = std::min(low[k], p[k]), high[k] = std::max(high[k], p[k]);
  const double side = std::max({high[0] - low[0], high[1] - low[1], high[2] - low[2]});
  Grid40 out{{}, {}, 0};
  if (!(side > 1e-100)) return out;
  const int exponent = Quickhull::bits - std::ilogb(side) - 1;   // side 2^exponent is in [2^39, 2^40)
  out.side = std::ldexp(side, exponent);
  out.exact = std::move(points);
  for (const Vec& p : out.exact) out.rounded.push_back({std::llround(std::ldexp(p[0] - low[0], exponent)), std::llround(std::ldexp(p[1] - low[1], exponent)), std::llround(std::ldexp(p[2] - low[2], exponent))});

  // those that fell together
  std::vector<int> order(out.exact.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int a, int b) { return out.rounded[a] != out.rounded[b] ? out.rounded[a] < out.rounded[b] : a < b; });
  order.erase(std::unique(order.begin(), order.end(), [&](int a, int b) { return out.rounded[a] == out.rounded[b]; }), order.end());
  Grid40 once{{}, {}, out.side};
  for (int i : order) once.exact.push_back(out.exact[i]), once.rounded.push_back(out.rounded[i]);
  return once;
}

// Of a great many points the farthest from the box's centre in each of 98304 directions (measured in half sides of the box).
std::vector<Vec> thinned(const std::vector<Vec>& points) {
  Vec low = points[0], high = points[0];
  for (const Vec& p : points) for (int k = 0; k < 3; ++k) low[k] = std::min(low[k], p[k]), high[k] = std::max(high[k], p[k]);
  struct Farthest { double distance = -1; int point = -1; };
  std::vector<Farthest> cell(6 * cells * cells);
  for (std::size_t i = 0; i < points.size(); ++i) {
    Vec d{};
    for (int k = 0; k < 3; ++k) d[k] = high[k] > low[k] ? (2 * points[i][k] - low[k] - high[k]) / (high[k] - low[k]) : 0;
    int axis = 0;
    for (int k = 1; k < 3; ++k) if (std::abs(d[k]) > std::abs(d[axis])) axis = k;
    const double height = std::abs(d[axis]);
    if (!(height > 0)) continue;
    auto step = [&](double x) { return std::min(cells - 1, static_cast<int>((x / height + 1) / 2 * cells)); };
    Farthest& f = cell[((2 * axis + (d[axis] < 0)) * cells + step(d[(axis + 1) % 3])) * cells + step(d[(axis + 2) % 3])];
    const double distance = dot(d, d);
    if (distance > f.distance || (distance == f.distance && points[i] < points[f.point])) f = {distance, static_cast<int>(i)};
  }
  std::vector<Vec> out;
  for (const Farthest& f : cell) if (f.point >= 0) out.push_back(points[f.point]);
  if (out.empty()) out.push_back(points[0]);   // all at one place
  return out;
}

// Triangles by the plane they lie in. The largest triangle that is left begins, and neighbours follow whose corners are
// near its plane.
std::vector<int> planes(const Grid40& grid, const std::vector<Quickhull::Triangle>& triangles, int& out_count) {
  const double near = one_plane * grid.side;
  std::vector<int> order, plane(triangles.size(), -1), stack;
  for (std::size_t i = 0; i < triangles.size(); ++i) if (triangles[i].alive) order.push_back(static_cast<int>(i));
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return triangles[a].area > triangles[b].area; });
  out_count = 0;
  for (int seed : order) {
    if (plane[seed] >= 0) continue;
    const auto& s = triangles[seed];
    const auto& origin = grid.rounded[s.corner[0]];
    auto lies_in = [&](const Quickhull::Triangle& t) {
      for (int c : t.corner) {
        double h = 0;
        for (int k = 0; k < 3; ++k) h += s.normal[k] * double(grid.rounded[c][k] - origin[k]);
        if (std::abs(h) > near) return false;
      }
      return s.normal[0] * t.normal[0] + s.normal[1] * t.normal[1] + s.normal[2] * t.normal[2] > 0;
    };
    plane[seed] = out_count;
    for (stack = {seed}; !stack.empty();) {
      const int t = stack.back();
      stack.pop_back();
      for (int u : triangles[t].neighbour) if (plane[u] < 0 && lies_in(triangles[u])) plane[u] = out_count, stack.push_back(u);
    }
    ++out_count;
  }
  return plane;
}

// The rim of each plane's triangles as a polygon; where it is not one closed line without crossings, the triangles stay.
std::vector<std::vector<int>> rims(const Grid40& grid, const std::vector<Quickhull::Triangle>& triangles) {
  int count = 0;
  const std::vector<int> plane = planes(grid, triangles, count);
  std::vector<std::vector<int>> members(count), out;
  for (std::size_t i = 0; i < triangles.size(); ++i) if (plane[i] >= 0) members[plane[i]].push_back(static_cast<int>(i));
  std::vector<int> after(grid.exact.size(), -1);
  for (const auto& member : members) {
    std::vector<int> starts, loop;
    bool simple = true;
    for (int t : member) {
      for (int e = 0; e < 3; ++e) {
        if (plane[triangles[t].neighbour[e]] == plane[t]) continue;
        const int from = triangles[t].corner[e];
        simple = simple && after[from] < 0;
        after[from] = triangles[t].corner[(e + 1) % 3];
        starts.push_back(from);
      }
    }
    if (simple && !starts.empty()) for (int v = starts[0]; v >= 0 && (loop.empty() || v != starts[0]) && loop.size() < starts.size(); v = after[v]) loop.push_back(v);
    simple = simple && !starts.empty() && loop.size() == starts.size() && after[loop.back()] == starts[0];
    for (int v : starts) after[v] = -1;
    if (simple) out.push_back(loop);
    else for (int t : member) out.push_back({triangles[t].corner.begin(), triangles[t].corner.end()});
  }
  return out;
}

// A point where only two polygons meet lies on an edge; if it is near the straight line between its ends, it may go. Returns
// those that may not: in one of their polygons they are a corner that points inwards, where a climb from corner to corner ends.
std::vector<int> bends(const Grid40& grid, const std::vector<std::vector<int>>& polygons, std::vector<char>& out_kept) {
  std::vector<int> meeting(grid.exact.size(), 0), out;
  out_kept.assign(grid.exact.size(), 0);
  for (const auto& p : polygons) for (int v : p) ++meeting[v];
  auto corner = [&](int v) { return meeting[v] > 2; };
  auto from = [&](int a, int b) { return Vec{double(grid.rounded[b][0] - grid.rounded[a][0]), double(grid.rounded[b][1] - grid.rounded[a][1]), double(grid.rounded[b][2] - grid.rounded[a][2])}; };
  for (const auto& p : polygons) {
    const std::size_t n = p.size();
    if (std::count_if(p.begin(), p.end(), corner) < 3) {
      for (int v : p) out_kept[v] = 1;
      continue;
    }
    for (std::size_t i = 0; i < n; ++i) {
      if (!corner(p[i])) continue;
      out_kept[p[i]] = 1;
      std::size_t j = i + 1;
      while (!corner(p[j % n])) ++j;
      const Vec line = from(p[i], p[j % n]);
      bool straight = true;
      for (std::size_t k = i + 1; k < j; ++k) {
        const Vec off = cross(line, from(p[i], p[k % n]));
        straight = straight && std::sqrt(dot(off, off)) <= one_plane * grid.side * std::sqrt(dot(line, line));
      }
      if (!straight) for (std::size_t k = i + 1; k < j; ++k) out_kept[p[k % n]] = 1;
    }
  }
  for (std::size_t v = 0; v < meeting.size(); ++v) if (meeting[v] == 2 && out_kept[v]) out.push_back(static_cast<int>(v));
  return out;
}

// Cuts a polygon at each bend, along an edge of a triangle inside it; one cut per polygon, for what is known of it holds no longer then.
bool cut(const std::vector<Quickhull::Triangle>& triangles, const std::vector<int>& bends, std::size_t points, std::vector<std::vector<int>>& polygons) {
  std::vector<int> rank(points, -1);
  for (std::size_t i = 0; i < bends.size(); ++i) rank[bends[i]] = static_cast<int>(i);
  std::vector<std::vector<int>> ends(bends.size()), around(bends.size());
  for (const auto& t : triangles)
    for (int e = 0; t.alive && e < 3; ++e) if (rank[t.corner[e]] >= 0) ends[rank[t.corner[e]]].push_back(t.corner[(e + 1) % 3]);
  for (std::size_t k = 0; k < polygons.size(); ++k)
    for (int v : polygons[k]) if (rank[v] >= 0) around[rank[v]].push_back(static_cast<int>(k));

  std::vector<char> done(polygons.size(), 0);
  bool any = false;
  for (std::size_t b = 0; b < bends.size(); ++b) {
    if (std::any_of(around[b].begin(), around[b].end(), [&](int k) { return done[k] != 0; })) continue;
    for (int k : around[b]) {
      std::vector<int>& p = polygons[k];
      std::rotate(p.begin(), std::find(p.begin(), p.end(), bends[b]), p.end());
      std::size_t i = 2;
      while (i + 1 < p.size() && std::find(ends[b].begin(), ends[b].end(), p[i]) == ends[b].end()) ++i;
      if (i + 1 >= p.size()) continue;
      std::vector<int> rest(p.begin() + static_cast<std::ptrdiff_t>(i), p.end());
      rest.push_back(bends[b]);
      p.resize(i + 1);
      polygons.push_back(std::move(rest));
      done[k] = 1;
      any = true;
      break;
    }
  }
  return any;
}

// Points on straight edges go; polygons are cut until no bend is left.
void straighten(const Grid40& grid, const std::vector<Quickhull::Triangle>& triangles, std::vector<std::vector<int>>& polygons) {
  std::vector<char> kept;
  for (std::vector<int> found = bends(grid, polygons, kept); !found.empty() && cut(triangles, found, grid.exact.size(), polygons);) found = bends(grid, polygons, kept);
  for (auto& p : polygons) p.erase(std::remove_if(p.begin(), p.end(), [&](int v) { return !kept[v]; }), p.end());
}

Result<Hull> hull_of(const std::vector<Vec>& points, int most_vertices) {
  const Grid40 grid = onto_grid(points);
  const Quickhull quickhull(grid.rounded, noise * grid.side, most_vertices);
  if (quickhull.flat()) {
    return mesh_error("flat-mesh", "the points lie at one place, on a line or in a plane: they have no convex hull", "use a primitive geom: a thin box, a capsule, a small sphere");
  }
  Hull hull;
  hull.polygons = rims(grid, quickhull.triangles());
  straighten(grid, quickhull.triangles(), hull.polygons);
  std::vector<int> index(grid.exact.size(), -1);
  for (const auto& p : hull.polygons) for (int v : p) index[v] = 0;
  for (std::size_t i = 0; i < index.size(); ++i) if (index[i] == 0) index[i] = static_cast<int>(hull.vertices.size()), hull.vertices.push_back(grid.exact[i]);
  for (auto& p : hull.polygons) {
    for (int& v : p) v = index[v];
    // Newell's normal: twice the area, whatever the corners' small deviations from the plane
    Vec n{0, 0, 0};
    const Vec& origin = hull.vertices[p[0]];
    for (std::size_t k = 2; k < p.size(); ++k) n = add(n, cross(sub(hull.vertices[p[k - 1]], origin), sub(hull.vertices[p[k]], origin)));
    const double length = std::sqrt(dot(n, n));
    if (!(length > 0)) return mesh_error("flat-mesh", "a face of the convex hull has no area that doubles can tell");
    hull.normals.push_back(scale(n, 1 / length));
  }
  return hull;
}
}  // namespace

Result<Hull> convex_hull(const std::vector<Vec>& points, int most_vertices) {
  for (const Vec& p : points) if (!usable(p)) return mesh_error("bad-vertex", "a vertex has a coordinate that is not finite or above 1e10");
  if (points.empty()) return mesh_error("empty-mesh", "the mesh has no vertices");
  const bool many = points.size() > limits::hull_input;
  Result<Hull> hull = hull_of(many ? thinned(points) : points, -1);
  if (!hull) return hull;
  std::vector<std::string> adjusted;
  if (many) adjusted.push_back("the hull is that of the farthest points in 98304 directions, not of all " + std::to_string(points.size()));
  if (most_vertices >= 4 && hull->vertices.size() > static_cast<std::size_t>(most_vertices)) {
    adjusted.push_back("the hull has " + std::to_string(hull->vertices.size()) + " vertices; the " + std::to_string(most_vertices) + " that matter most are kept");
    hull = hull_of(hull->vertices, most_vertices);
    if (!hull) return hull;
  }
  hull->adjusted = std::move(adjusted);
  return hull;
}

}  // namespace nuri::shape
