// Hulls and height fields for tests of the narrow phase, without a Model: hulls are made by brute force over triples of points.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <vector>
#include "physics/kernel/collide.h"

NURI_KERNEL_BEGIN

using Point = std::array<double, 3>;
inline Point minus(const Point& a, const Point& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
inline double inner(const Point& a, const Point& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
inline Point outer(const Point& a, const Point& b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }

struct Polyhedron {
  std::vector<Point> vertices, normals;
  std::vector<std::vector<int>> polygons;
};

// Hull of points in general position or with flat faces (judged within 1e-9 of the size); all points must be corners.
inline Polyhedron hull_of_points(const std::vector<Point>& points) {
  Polyhedron h;
  h.vertices = points;
  double size = 0;
  for (const Point& p : points) size = std::max(size, std::sqrt(inner(p, p)));
  const int n = int(points.size());
  for (int i = 0; i < n; ++i)
    for (int j = i + 1; j < n; ++j)
      for (int k = j + 1; k < n; ++k) {
        Point normal = outer(minus(points[j], points[i]), minus(points[k], points[i]));
        const double length = std::sqrt(inner(normal, normal));
        if (length < 1e-12 * size * size) continue;
        for (double& x : normal) x /= length;
        int above = 0, below = 0;
        std::vector<int> on;
        for (int m = 0; m < n && !(above && below); ++m) {
          const double height = inner(normal, minus(points[m], points[i]));
          if (std::fabs(height) < 1e-9 * size) on.push_back(m);
          else ++(height > 0 ? above : below);
        }
        if ((above && below) || on[0] != i || on[1] != j || on[2] != k) continue;       // each face once: by its first three corners
        if (above) for (double& x : normal) x = -x;
        Point mid{0, 0, 0};
        for (int m : on) for (int a = 0; a < 3; ++a) mid[a] += points[m][a] / double(on.size());
        const Point x = minus(points[i], mid), y = outer(normal, x);
        std::sort(on.begin(), on.end(), [&](int p, int q) {
          const auto angle = [&](int m) { return std::atan2(inner(y, minus(points[m], mid)), inner(x, minus(points[m], mid))); };
          return angle(p) < angle(q);
        });
        h.polygons.push_back(on);
        h.normals.push_back(normal);
      }
  return h;
}

// The fields of a Model that hulls and height fields need, in precision T, and a view of them.
template <class T> struct ShapesView {
  std::vector<int> shape, vertex_adr{0}, polygon_adr{0}, corner_adr{0}, corner, link_adr{0}, link, link_polygon, field_adr{0}, rows, columns;
  std::vector<T> vertex, normal, thickness, radius, size, elevation;

  // Both return the geom's index.
  int add(const Polyhedron& h) {
    Point mid{0, 0, 0};
    double reach = 0, inside = 1e300;
    for (const Point& p : h.vertices) {
      for (int k = 0; k < 3; ++k) mid[k] += p[k] / double(h.vertices.size()), vertex.push_back(T(p[k]));
      reach = std::max(reach, std::sqrt(inner(p, p)));
    }
    for (size_t f = 0; f < h.polygons.size(); ++f) {
      inside = std::min(inside, inner(h.normals[f], minus(h.vertices[h.polygons[f][0]], mid)));
      for (double x : h.normals[f]) normal.push_back(T(x));
      for (int c : h.polygons[f]) corner.push_back(c);
      corner_adr.push_back(int(corner.size()));
    }
    for (int v = 0; v < int(h.vertices.size()); ++v) {
      for (size_t f = 0; f < h.polygons.size(); ++f)
        for (size_t c = 0; c < h.polygons[f].size(); ++c)
          if (h.polygons[f][c] == v) link.push_back(h.polygons[f][(c + 1) % h.polygons[f].size()]), link_polygon.push_back(int(f));
      link_adr.push_back(int(link.size()));
    }
    vertex_adr.push_back(vertex_adr.back() + int(h.vertices.size()));
    polygon_adr.push_back(polygon_adr.back() + int(h.polygons.size()));
    thickness.push_back(T(inside));
    radius.push_back(T(reach * 1.000001));
    shape.push_back(int(thickness.size()) - 1);
    return int(shape.size()) - 1;
  }
  int add_field(int row_count, int column_count, std::array<double, 4> extent, const std::vector<double>& heights) {
    for (double h : heights) elevation.push_back(T(h));
    for (double s : extent) size.push_back(T(s));
    rows.push_back(row_count);
    columns.push_back(column_count);
    field_adr.push_back(int(elevation.size()));
    shape.push_back(int(rows.size()) - 1);
    return int(shape.size()) - 1;
  }
  template <class R> ModelView<R> view(bool manifold) const {
    ModelView<R> m{};
    m.flags = manifold ? model::flag_multiccd : 0;
    m.geom_shape = shape.data();
    m.mesh_vertex_adr = vertex_adr.data();
    m.mesh_polygon_adr = polygon_adr.data();
    m.polygon_corner_adr = corner_adr.data();
    m.polygon_corner = corner.data();
    m.vertex_link_adr = link_adr.data();
    m.vertex_link = link.data();
    m.vertex_link_polygon = link_polygon.data();
    m.mesh_vertex = {vertex.data(), nullptr};
    m.mesh_normal = {normal.data(), nullptr};
    m.mesh_thickness = {thickness.data(), nullptr};
    m.mesh_radius = {radius.data(), nullptr};
    m.height_field_adr = field_adr.data();
    m.height_field_rows = rows.data();
    m.height_field_columns = columns.data();
    m.height_field_size = {size.data(), nullptr};
    m.height_field_elevation = {elevation.data(), nullptr};
    return m;
  }
};

// A geom of a test: numbers in double, turned into a Shape of any precision.
struct Placed {
  Point pos{0, 0, 0};
  std::array<double, 4> quat{1, 0, 0, 0};
  Point size{0, 0, 0};
  template <class R> Shape<R> shape() const {
    const Mat3<Wide<double, 1>> m = matrix(unit(Quat<Wide<double, 1>>{quat[0], quat[1], quat[2], quat[3]}));
    Shape<R> s;
    s.pos = {real<R>(pos[0]), real<R>(pos[1]), real<R>(pos[2])};
    for (int k = 0; k < 9; ++k) s.mat.m[k] = real<R>(m.m[k].v);
    s.size = {real<R>(size[0]), real<R>(size[1]), real<R>(size[2])};
    return s;
  }
};

struct Dice {
  std::mt19937_64 engine;
  explicit Dice(uint64_t seed) : engine(seed) {}
  double uniform(double low, double high) { return low + (high - low) * double(engine() >> 11) * 0x1p-53; }
  int pick(int n) { return int(engine() % uint64_t(n)); }
  Point direction() {
    for (;;) {
      const Point p{uniform(-1, 1), uniform(-1, 1), uniform(-1, 1)};
      const double square = inner(p, p);
      if (square > 0.01 && square < 1) return {p[0] / std::sqrt(square), p[1] / std::sqrt(square), p[2] / std::sqrt(square)};
    }
  }
  std::array<double, 4> turn() {
    for (;;) {
      const std::array<double, 4> q{uniform(-1, 1), uniform(-1, 1), uniform(-1, 1), uniform(-1, 1)};
      const double square = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
      if (square > 0.01 && square < 1) return {q[0] / std::sqrt(square), q[1] / std::sqrt(square), q[2] / std::sqrt(square), q[3] / std::sqrt(square)};
    }
  }
  // Corners on an ellipsoid.
  Polyhedron rock(int corners, Point half) {
    std::vector<Point> points;
    for (int k = 0; k < corners; ++k) {
      const Point d = direction();
      points.push_back({d[0] * half[0], d[1] * half[1], d[2] * half[2]});
    }
    return hull_of_points(points);
  }
};
inline Polyhedron brick(Point half) {
  std::vector<Point> points;
  for (int k = 0; k < 8; ++k) points.push_back({k & 1 ? half[0] : -half[0], k & 2 ? half[1] : -half[1], k & 4 ? half[2] : -half[2]});
  return hull_of_points(points);
}

// All hits that are there.
template <class T> std::vector<Hit<Wide<T, 1>>> hits_between(const ShapesView<T>& all, bool manifold, int type1, int g1, const Placed& a, int type2, int g2, const Placed& b, double margin) {
  using R = Wide<T, 1>;
  Hit<R> out[most_hits];
  collide(all.template view<R>(manifold), g1, g2, type1, type2, a.shape<R>(), b.shape<R>(), R(T(margin)), out);
  std::vector<Hit<R>> kept;
  for (int k = 0; k < max_hits(type1, type2); ++k)
    if (out[k].dist.v < T(no_hit)) kept.push_back(out[k]);
  return kept;
}

NURI_KERNEL_END
