#include "engine/shape/convex_parts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "engine/core/paths.h"
#include "engine/shape/mesh_reader.h"

namespace nuri::shape {
namespace {

constexpr int steps = 8;               // planes tried across a cell on each axis, beside those through its flat faces
constexpr int flats = 6;               // of those, on each axis
constexpr double margin = 0.02;        // of the cell's side: no plane nearer to its ends, or slivers come of it
constexpr double balance = 0.05;       // weight of unlike halves: breaks ties, where no single cut gains anything (a tube), as V-HACD's does
constexpr std::size_t tried_corners = 400;   // points that hulls of tried cuts are made of; more are thinned out

// Part of the surface, or of a cut: those close the cell for its volume, but may run outside of it, so no corner is one of theirs.
struct Face { std::array<Vec, 3> corner; bool surface; };

struct Cell {
  Vec low, high;
  std::vector<Face> faces;
  std::array<bool, 8> inside{};        // of its corners, x fastest
  std::vector<Vec> corners;            // of its hull
  double solid = 0, hull = 0;          // m^3
  double excess() const { return hull - solid; }
};

Vec corner_of(const Cell& cell, int i) { return {i & 1 ? cell.high[0] : cell.low[0], i & 2 ? cell.high[1] : cell.low[1], i & 4 ? cell.high[2] : cell.low[2]}; }

double pyramid(const Vec& tip, const Face& f) {
  return dot(sub(f.corner[0], tip), cross(sub(f.corner[1], tip), sub(f.corner[2], tip))) / 6;
}
double volume(const Hull& hull) {
  double sum = 0;
  for (const auto& p : hull.polygons)
    for (std::size_t k = 2; k < p.size(); ++k)
      sum += pyramid(hull.vertices[0], {{hull.vertices[std::size_t(p[0])], hull.vertices[std::size_t(p[k - 1])], hull.vertices[std::size_t(p[k])]}, true});
  return sum;
}

// How often a closed surface winds around a point: the sum of solid angles over 4 pi (van Oosterom, Strackee 1983).
bool winds_around(const Mesh& mesh, const Vec& point) {
  double sum = 0;
  for (const auto& f : mesh.faces) {
    const Vec a = sub(mesh.vertices[std::size_t(f[0])], point), b = sub(mesh.vertices[std::size_t(f[1])], point), c = sub(mesh.vertices[std::size_t(f[2])], point);
    const double la = std::sqrt(dot(a, a)), lb = std::sqrt(dot(b, b)), lc = std::sqrt(dot(c, c));
    sum += std::atan2(dot(a, cross(b, c)), la * lb * lc + dot(a, b) * lc + dot(b, c) * la + dot(c, a) * lb);
  }
  return sum > std::numbers::pi;       // 2 pi once around
}

// The points farthest along directions through the squares of a cube's faces: their hull is a little smaller, in all tried cuts alike.
std::vector<Vec> thinned(const std::vector<Vec>& points) {
  if (points.size() <= tried_corners) return points;
  std::vector<char> taken(points.size(), 0);
  constexpr int squares = 8;
  for (int d = 0; d < 3 * squares * squares; ++d) {      // and their opposites
    Vec direction{};
    const auto axis = std::size_t(d / (squares * squares));
    direction[axis] = 1;
    direction[(axis + 1) % 3] = (2 * (d % squares) + 1 - squares) / double(squares);
    direction[(axis + 2) % 3] = (2 * (d / squares % squares) + 1 - squares) / double(squares);
    std::size_t least = 0, most = 0;
    double low = dot(direction, points[0]), high = low;
    for (std::size_t i = 1; i < points.size(); ++i) {
      const double along = dot(direction, points[i]);
      if (along < low) low = along, least = i;
      if (along > high) high = along, most = i;
    }
    taken[least] = taken[most] = 1;
  }
  std::vector<Vec> out;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (taken[i]) out.push_back(points[i]);
  return out;
}

// The hull of points: its corners and volume, none of either where they are flat.
void set_hull(std::vector<Vec> points, std::vector<Vec>& out_corners, double& out_volume) {
  out_corners.clear();
  out_volume = 0;
  if (points.size() < 4) return;
  Result<Hull> hull = convex_hull(points);
  if (!hull) return;
  out_volume = volume(*hull);
  out_corners = std::move(hull->vertices);
}

void measure(Cell& cell, bool trial) {
  const Vec middle = scale(add(cell.low, cell.high), 0.5);
  cell.solid = 0;
  std::vector<Vec> points;
  for (const Face& f : cell.faces) {
    cell.solid += pyramid(middle, f);
    if (f.surface) points.insert(points.end(), f.corner.begin(), f.corner.end());
  }
  for (int i = 0; i < 8; ++i)
    if (cell.inside[std::size_t(i)]) points.push_back(corner_of(cell, i));
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  set_hull(trial ? thinned(points) : std::move(points), cell.corners, cell.hull);
}

// The side of a plane that is kept: below (side = 1) or above (-1). The cut is closed by a fan over its edges from any one point;
// signs make its volume right though its triangles overlap and run outside.
std::vector<Face> clipped(const std::vector<Face>& faces, int axis, double at, int side) {
  const auto k = std::size_t(axis);
  std::vector<Face> out;
  std::vector<std::array<Vec, 2>> edges;
  for (const Face& face : faces) {
    std::array<Vec, 4> polygon;
    int count = 0, on = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const Vec &p = face.corner[i], &q = face.corner[(i + 1) % 3];
      const double dp = side * (p[k] - at), dq = side * (q[k] - at);
      on += dp == 0;
      if (dp <= 0) polygon[std::size_t(count++)] = p;
      if ((dp < 0 && dq > 0) || (dp > 0 && dq < 0)) {
        const Vec &below = dp < 0 ? p : q, &above = dp < 0 ? q : p;    // always the same way round: both cells get the same point
        Vec cut = add(below, scale(sub(above, below), (at - below[k]) / (above[k] - below[k])));
        cut[k] = at;
        polygon[std::size_t(count++)] = cut;
      }
    }
    if (count < 3) continue;
    if (on == 3) {                     // in the plane: of the side that it bounds
      const Vec normal = cross(sub(face.corner[1], face.corner[0]), sub(face.corner[2], face.corner[0]));
      if (side * normal[k] < 0) continue;
    }
    for (int i = 2; i < count; ++i) out.push_back({{polygon[0], polygon[std::size_t(i - 1)], polygon[std::size_t(i)]}, face.surface});
    for (int i = 0; i < count; ++i) {
      const Vec &p = polygon[std::size_t(i)], &q = polygon[std::size_t((i + 1) % count)];
      if (p[k] == at && q[k] == at) edges.push_back({q, p});
    }
  }
  for (const auto& e : edges)
    if (e[0] != edges[0][0] && e[1] != edges[0][0]) out.push_back({{edges[0][0], e[0], e[1]}, false});
  return out;
}

class Decomposition {
 public:
  Decomposition(const Mesh& mesh, const PartsRule& rule) : mesh_(mesh), rule_(rule) {}

  Result<ConvexParts> run() {
    Cell whole{mesh_.vertices[0], mesh_.vertices[0], {}, {}, {}, 0, 0};
    for (const auto& f : mesh_.faces) whole.faces.push_back({{mesh_.vertices[std::size_t(f[0])], mesh_.vertices[std::size_t(f[1])], mesh_.vertices[std::size_t(f[2])]}, true});
    for (const Vec& v : mesh_.vertices)
      for (std::size_t k = 0; k < 3; ++k) whole.low[k] = std::min(whole.low[k], v[k]), whole.high[k] = std::max(whole.high[k], v[k]);
    measure(whole, false);
    const double solid = whole.solid;
    if (!(solid > 0) || whole.hull == 0)
      return Diagnostic{Severity::error, "no-volume", "the mesh holds no volume, or its faces look inwards", "turn its faces round", {}, {}, {}};
    cells_.push_back(std::move(whole));
    const double allowed = rule_.excess * solid;
    // twice as many cells as parts: planes along the axes cut more than they should, and joining mends that
    while (total_excess() > allowed && cells_.size() < 2 * std::size_t(rule_.most) && cut_worst()) {}
    std::erase_if(cells_, [&](const Cell& cell) { return cell.hull <= 1e-9 * solid; });   // slivers
    join(allowed);
    ConvexParts out;
    out.solid = solid;
    std::stable_sort(cells_.begin(), cells_.end(), [](const Cell& a, const Cell& b) { return a.hull > b.hull; });
    for (Cell& cell : cells_) {
      out.hulls += cell.hull;
      out.parts.push_back(std::move(cell.corners));
    }
    return out;
  }

 private:
  double total_excess() const {
    double sum = 0;
    for (const Cell& cell : cells_) sum += std::max(cell.excess(), 0.0);
    return sum;
  }

  // Coordinates at which many corners of the cell's surface lie: the planes of its flat faces.
  std::vector<double> planes(const Cell& cell, std::size_t axis) const {
    const double side = cell.high[axis] - cell.low[axis], least = cell.low[axis] + margin * side, most = cell.high[axis] - margin * side;
    std::vector<double> at, out;
    for (const Face& f : cell.faces)
      if (f.surface)
        for (const Vec& p : f.corner)
          if (p[axis] > least && p[axis] < most) at.push_back(p[axis]);
    std::sort(at.begin(), at.end());
    std::vector<std::pair<int, double>> found;                 // -count, coordinate
    for (std::size_t i = 0; i < at.size();) {
      std::size_t end = i;
      while (end < at.size() && at[end] - at[i] <= 1e-6 * side) ++end;
      found.push_back({-int(end - i), at[i]});
      i = end;
    }
    std::sort(found.begin(), found.end());
    for (std::size_t i = 0; i < found.size() && i < flats; ++i) out.push_back(found[i].second);
    for (int i = 1; i <= steps; ++i) out.push_back(cell.low[axis] + side * i / (steps + 1));
    return out;
  }

  std::array<Cell, 2> cut(const Cell& cell, int axis, double at, bool trial) const {
    const auto k = std::size_t(axis);
    std::array<Cell, 2> out{Cell{cell.low, cell.high, {}, cell.inside, {}, 0, 0}, Cell{cell.low, cell.high, {}, cell.inside, {}, 0, 0}};
    out[0].high[k] = out[1].low[k] = at;
    for (int i = 0; i < 8; ++i) {
      if (!(i >> axis & 1)) continue;                          // the corners on the plane, in both
      const bool inside = winds_around(mesh_, corner_of(out[0], i));
      out[0].inside[std::size_t(i)] = out[1].inside[std::size_t(i & ~(1 << axis))] = inside;
    }
    for (int half = 0; half < 2; ++half) {
      out[std::size_t(half)].faces = clipped(cell.faces, axis, at, half == 0 ? 1 : -1);
      measure(out[std::size_t(half)], trial);
    }
    return out;
  }

  bool cut_worst() {
    std::size_t worst = cells_.size();
    double most = 0;
    for (std::size_t i = 0; i < cells_.size(); ++i)
      if (cells_[i].excess() > most) most = cells_[i].excess(), worst = i;
    if (worst == cells_.size()) return false;
    const Cell cell = std::move(cells_[worst]);
    double best = INFINITY, best_at = 0;
    int best_axis = -1;
    for (int axis = 0; axis < 3; ++axis) {
      for (double at : planes(cell, std::size_t(axis))) {
        const std::array<Cell, 2> halves = cut(cell, axis, at, true);
        if (halves[0].hull == 0 || halves[1].hull == 0) continue;
        const double cost = halves[0].excess() + halves[1].excess() + balance * std::abs(halves[0].solid - halves[1].solid);
        if (cost < best) best = cost, best_at = at, best_axis = axis;
      }
    }
    if (best_axis < 0) {
      cells_[worst] = cell;
      return false;
    }
    std::array<Cell, 2> halves = cut(cell, best_axis, best_at, false);
    cells_[worst] = std::move(halves[0]);
    cells_.insert(cells_.begin() + std::ptrdiff_t(worst) + 1, std::move(halves[1]));
    return true;
  }

  // Joins the two whose common hull adds least, while all together stay within what is allowed, or are too many.
  void join(double allowed) {
    struct Common { std::vector<Vec> corners; double hull = 0; bool known = false; };
    std::vector<std::vector<Common>> common(cells_.size(), std::vector<Common>(cells_.size()));
    for (;;) {
      double least = INFINITY;
      std::size_t a = 0, b = 0;
      for (std::size_t i = 0; i < cells_.size(); ++i) {
        for (std::size_t k = i + 1; k < cells_.size(); ++k) {
          Common& c = common[i][k];
          if (!c.known) {
            std::vector<Vec> points = cells_[i].corners;
            points.insert(points.end(), cells_[k].corners.begin(), cells_[k].corners.end());
            set_hull(std::move(points), c.corners, c.hull);
            c.known = true;
          }
          const double added = c.hull - cells_[i].hull - cells_[k].hull;
          if (added < least) least = added, a = i, b = k;
        }
      }
      const bool too_many = cells_.size() > std::size_t(rule_.most);
      if (cells_.size() < 2 || (!too_many && total_excess() + least > allowed)) return;
      Cell& to = cells_[a];
      to.corners = std::move(common[a][b].corners);
      to.hull = common[a][b].hull;
      to.solid += cells_[b].solid;
      cells_.erase(cells_.begin() + std::ptrdiff_t(b));
      common.erase(common.begin() + std::ptrdiff_t(b));
      for (auto& row : common) row.erase(row.begin() + std::ptrdiff_t(b));
      for (std::size_t i = 0; i < cells_.size(); ++i) common[std::min(i, a)][std::max(i, a)].known = false;
    }
  }

  const Mesh& mesh_;
  const PartsRule& rule_;
  std::vector<Cell> cells_;
};

}  // namespace

bool is_closed(const std::vector<std::array<int, 3>>& faces) {
  std::vector<uint64_t> edges;                                   // lower corner, higher corner, direction
  edges.reserve(3 * faces.size());
  for (const auto& f : faces)
    for (std::size_t k = 0; k < 3; ++k) {
      const uint64_t from = uint64_t(f[k]), to = uint64_t(f[(k + 1) % 3]);
      edges.push_back(std::min(from, to) << 33 | std::max(from, to) << 1 | uint64_t(from > to));
    }
  std::sort(edges.begin(), edges.end());
  for (std::size_t i = 0; i < edges.size(); i += 2) {            // once there, once back, and no third
    const bool pair = i + 1 < edges.size() && (edges[i] & 1) == 0 && edges[i + 1] == edges[i] + 1;
    if (!pair) return false;
  }
  return true;
}

Result<ConvexParts> convex_parts(const Mesh& mesh, const PartsRule& rule) {
  auto refused = [](const char* code, const std::string& message, const char* hint) { return Diagnostic{Severity::error, code, message, hint, {}, {}, {}}; };
  if (mesh.faces.size() > limits::decomposed_faces)
    return refused("mesh-too-large", "a mesh of " + std::to_string(mesh.faces.size()) + " faces is too fine to be taken apart", "thin it out, to 200,000 faces or fewer");
  if (mesh.faces.empty() || !is_closed(mesh.faces)) return refused("open-mesh", "only a closed mesh can be taken apart: every edge must belong to two faces", "close its holes");
  return Decomposition(mesh, rule).run();
}

Result<std::vector<std::vector<Vec>>> read_parts(const std::string& path) {
  const Result<std::string> content = read_file(path, limits::mesh_bytes);
  if (!content) return content.errors();
  Result<std::vector<std::vector<Vec>>> parts = read_obj_objects(*content);
  if (!parts) return parts;
  if (parts->empty() || parts->size() > std::size_t(limits::most_parts))
    return Diagnostic{Severity::error, "bad-parts", "a file of parts has 1 to " + std::to_string(limits::most_parts) + " objects with faces, not " + std::to_string(parts->size()),
                      "each part begins with a line 'o NAME'", {}, {}, {}};
  return parts;
}

}  // namespace nuri::shape
