// Trees and pictures of a FlatLook.
#include <algorithm>
#include <cmath>

#include "engine/math/elementary.h"
#include "engine/shape/bvh_build.h"
#include "render/trace/flat_look.h"

namespace nuri::trace {
namespace {
using shape::Vec;
using D = Wide<double, 1>;                       // own functions: the same texels on every machine

struct Linear { float c[4]; };                   // red green blue linear, opacity

uint32_t packed(const Linear& t) {
  uint32_t out = 0;
  for (int k = 0; k < 4; ++k) {
    const double x = double(t.c[k]), s = k == 3 ? x : x <= 0.0031308 ? 12.92 * x : 1.055 * pow(D(x), D(1 / 2.4)).v - 0.055;
    out |= uint32_t(std::lround(255 * std::clamp(s, 0.0, 1.0))) << (8 * k);
  }
  return out;
}
}  // namespace

FlatLook::TreeData plant(const model::Look::Mesh& mesh) {
  FlatLook::TreeData out;
  std::vector<Vec> vertices(mesh.position.size() / 3);
  for (size_t i = 0; i < vertices.size(); ++i) vertices[i] = {double(mesh.position[3 * i]), double(mesh.position[3 * i + 1]), double(mesh.position[3 * i + 2])};
  std::vector<std::array<int, 3>> triangles(mesh.corner.size() / 3);
  for (size_t i = 0; i < triangles.size(); ++i) triangles[i] = {int(mesh.corner[3 * i]), int(mesh.corner[3 * i + 1]), int(mesh.corner[3 * i + 2])};
  const shape::Bvh bvh = shape::build_bvh(vertices, triangles);
  out.node = bvh.node, out.corner = bvh.triangle;
  out.bound.assign(bvh.bound.begin(), bvh.bound.end());
  out.normal = mesh.normal, out.uv = mesh.uv;
  for (size_t i = 0; i < triangles.size(); ++i) {
    const auto at = [&](size_t corner) -> const Vec& { return vertices[size_t(bvh.triangle[3 * i + corner])]; };
    for (size_t k = 0; k < 3; ++k)
      for (size_t corner : {0, 1, 2, 0, 1}) out.triangle.push_back(float(at(corner)[k]));
    const Vec n = shape::cross(shape::sub(at(1), at(0)), shape::sub(at(2), at(0)));
    for (double x : n) out.triangle.push_back(float(x));
    double density = 0;
    if (!mesh.uv.empty()) {                      // root of the ratio of areas
      const auto uv = [&](size_t corner, size_t k) { return double(mesh.uv[2 * size_t(bvh.triangle[3 * i + corner]) + k]); };
      const double area = std::sqrt(shape::dot(n, n)), map = std::abs((uv(1, 0) - uv(0, 0)) * (uv(2, 1) - uv(0, 1)) - (uv(2, 0) - uv(0, 0)) * (uv(1, 1) - uv(0, 1)));
      density = area > 0 ? std::sqrt(map / area) : 0;
    }
    out.density.push_back(float(density));
  }
  return out;
}

Tree tree_of(const FlatLook::TreeData& d) {
  return {int(d.node.size() / 2), int(d.corner.size() / 3), d.node.data(), d.bound.data(), d.triangle.data(), d.corner.data(), d.normal.data(),
          d.uv.empty() ? nullptr : d.uv.data(), d.density.data()};
}

// Levels are means of four in linear light, down to one texel across.
void add_picture(const model::Look::Image& image, FlatLook& out) {
  Picture p{image.width, image.cube ? image.width : image.height, image.cube, 0, {}};
  const int faces = image.cube ? 6 : 1;
  int w = p.width, h = p.height;
  std::vector<Linear> level(size_t(w) * size_t(h) * size_t(faces));
  p.first[p.levels++] = int64_t(out.texels.size());
  for (size_t i = 0; i < level.size(); ++i) {
    uint32_t word = 0;
    for (size_t k = 0; k < 4; ++k) {
      const uint8_t c = image.rgba[4 * i + k];
      word |= uint32_t(c) << (8 * k);
      level[i].c[k] = k == 3 ? float(c) / 255 : out.linear[c];
    }
    out.texels.push_back(word);
  }
  while ((w > 1 || h > 1) && p.levels < most_levels) {
    const int nw = std::max(1, w / 2), nh = std::max(1, h / 2);
    std::vector<Linear> next(size_t(nw) * size_t(nh) * size_t(faces));
    for (int f = 0; f < faces; ++f)
      for (int y = 0; y < nh; ++y)
        for (int x = 0; x < nw; ++x) {
          Linear& to = next[(size_t(f) * size_t(nh) + size_t(y)) * size_t(nw) + size_t(x)];
          for (int k = 0; k < 4; ++k) {
            float sum = 0;
            for (int j = 0; j < 2; ++j)
              for (int i = 0; i < 2; ++i) sum += level[(size_t(f) * size_t(h) + size_t(std::min(2 * y + j, h - 1))) * size_t(w) + size_t(std::min(2 * x + i, w - 1))].c[k];
            to.c[k] = 0.25f * sum;
          }
        }
    level = std::move(next);
    w = nw, h = nh;
    p.first[p.levels++] = int64_t(out.texels.size());
    for (const Linear& t : level) out.texels.push_back(packed(t));
  }
  out.pictures.push_back(p);
}

}  // namespace nuri::trace
