#include <algorithm>
#include <cmath>
#include "render/view/place.h"
#include "render/view/shapes.h"

namespace nuri::view {
namespace {

constexpr int drawn_side = 1024;                   // grid points of a height field along a side, about

void smooth_normals(Shape& shape) {
  std::vector<Vec3f> sum(shape.vertices.size(), Vec3f{});
  const auto point = [&](uint32_t v) { return Vec3f{shape.vertices[v].position[0], shape.vertices[v].position[1], shape.vertices[v].position[2]}; };
  for (size_t t = 0; t + 2 < shape.corners.size(); t += 3) {
    const uint32_t *c = &shape.corners[t];
    const Vec3f area = cross(point(c[1]) - point(c[0]), point(c[2]) - point(c[0]));
    for (int k = 0; k < 3; ++k) sum[c[k]] = sum[c[k]] + area;
  }
  for (size_t v = 0; v < sum.size(); ++v) {
    const Vec3f n = unit(sum[v], {0, 0, 1});
    std::copy(n.begin(), n.end(), shape.vertices[v].normal);
  }
}

}  // namespace

Shape mesh_shape(const model::Look::Mesh& mesh) {
  Shape out;
  const size_t n = mesh.position.size() / 3;
  const bool normals = mesh.normal.size() >= 3 * n, mapped = mesh.uv.size() >= 2 * n;
  out.vertices.resize(n);
  for (size_t i = 0; i < n; ++i) {
    Vertex& v = out.vertices[i];
    v = {};
    for (size_t k = 0; k < 3; ++k) v.position[k] = std::isfinite(mesh.position[3 * i + k]) ? mesh.position[3 * i + k] : 0;
    for (size_t k = 0; k < 3 && normals; ++k) v.normal[k] = mesh.normal[3 * i + k];
    for (size_t k = 0; k < 2 && mapped; ++k) v.uv[k] = mesh.uv[2 * i + k];
  }
  out.corners.reserve(mesh.corner.size());
  for (size_t t = 0; t + 2 < mesh.corner.size(); t += 3) {
    const uint32_t* c = &mesh.corner[t];
    if (c[0] < n && c[1] < n && c[2] < n) out.corners.insert(out.corners.end(), c, c + 3);
  }
  if (!normals) smooth_normals(out);
  set_bounds(out);
  return out;
}

Shape hull_shape(const model::Model& m, int hull) {
  Shape out;
  for (int p = m.mesh_polygon_adr[hull]; p < m.mesh_polygon_adr[hull + 1]; ++p) {
    const auto first = uint32_t(out.vertices.size());
    const int begin = m.polygon_corner_adr[p], count = m.polygon_corner_adr[p + 1] - begin;
    const Vec3f n = narrow(&m.mesh_normal[3 * p]);
    for (int k = 0; k < count; ++k) {
      const Vec3f x = narrow(&m.mesh_vertex[3 * (m.mesh_vertex_adr[hull] + m.polygon_corner[begin + k])]);
      out.vertices.push_back({{x[0], x[1], x[2]}, {n[0], n[1], n[2]}, {0, 0}, 0});
    }
    for (uint32_t k = 1; k + 1 < uint32_t(count); ++k) out.corners.insert(out.corners.end(), {first, first + k, first + k + 1});
  }
  set_bounds(out);
  return out;
}

Shape field_shape(const model::Model& m, int field) {
  // the grid points that are drawn: every `step`th and the last
  const int rows = m.height_field_rows[field], columns = m.height_field_columns[field];
  const double* size = &m.height_field_size[4 * field];
  const double* elevation = &m.height_field_elevation[m.height_field_adr[field]];
  const auto drawn = [](int n) {
    std::vector<int> out;
    const int step = std::max(1, (n - 1 + drawn_side - 1) / drawn_side);
    for (int k = 0; k < n - 1; k += step) out.push_back(k);
    out.push_back(n - 1);
    return out;
  };
  const std::vector<int> ys = drawn(rows), xs = drawn(columns);
  const auto height = [&](int r, int c) { return size[2] * elevation[size_t(r) * size_t(columns) + size_t(c)]; };
  const double dx = 2 * size[0] / (columns - 1), dy = 2 * size[1] / (rows - 1);

  // the ground: normals from differences to both sides
  Shape out;
  for (const int r : ys) {
    for (const int c : xs) {
      const int left = std::max(c - 1, 0), right = std::min(c + 1, columns - 1), down = std::max(r - 1, 0), up = std::min(r + 1, rows - 1);
      const double gx = (height(r, right) - height(r, left)) / (dx * (right - left)), gy = (height(up, c) - height(down, c)) / (dy * (up - down));
      const double l = std::sqrt(gx * gx + gy * gy + 1);
      out.vertices.push_back({{float(c * dx - size[0]), float(r * dy - size[1]), float(height(r, c))}, {float(-gx / l), float(-gy / l), float(1 / l)},
                              {float(c) / float(columns - 1), float(r) / float(rows - 1)}, 0});
    }
  }
  const auto nx = uint32_t(xs.size()), ny = uint32_t(ys.size());
  for (uint32_t j = 0; j + 1 < ny; ++j)            // both triangles of a cell share the diagonal that contacts have too
    for (uint32_t i = 0; i + 1 < nx; ++i) {
      const uint32_t c = j * nx + i;
      out.corners.insert(out.corners.end(), {c, c + 1, c + nx + 1, c, c + nx + 1, c + nx});
    }

  // walls down to the base, counter-clockwise around the ground; the base is a fan over their lower edges
  const auto base = uint32_t(out.vertices.size());
  out.vertices.push_back({{0, 0, float(-size[3])}, {0, 0, -1}, {0.5f, 0.5f}, 0});
  const auto wall = [&](uint32_t count, auto index, Vec3f normal) {
    const auto first = uint32_t(out.vertices.size());
    for (uint32_t k = 0; k < count; ++k) {
      Vertex v = out.vertices[index(k)];
      std::copy(normal.begin(), normal.end(), v.normal);
      out.vertices.push_back(v);                   // upper edge, lower edge, edge of the base
      v.position[2] = float(-size[3]);
      out.vertices.push_back(v);
      v.normal[0] = v.normal[1] = 0, v.normal[2] = -1;
      out.vertices.push_back(v);
      const uint32_t a = first + 3 * k;
      if (k + 1 < count) out.corners.insert(out.corners.end(), {a, a + 1, a + 4, a, a + 4, a + 3, base, a + 5, a + 2});
    }
  };
  wall(nx, [&](uint32_t k) { return k; }, {0, -1, 0});
  wall(ny, [&](uint32_t k) { return k * nx + nx - 1; }, {1, 0, 0});
  wall(nx, [&](uint32_t k) { return ny * nx - 1 - k; }, {0, 1, 0});
  wall(ny, [&](uint32_t k) { return (ny - 1 - k) * nx; }, {-1, 0, 0});
  set_bounds(out);
  return out;
}

}  // namespace nuri::view
