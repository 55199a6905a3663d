// Triangles as they are drawn: vertices are split where normals or texture coordinates differ.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include "engine/model/compile_look.h"

namespace nuri::model {
namespace {
using namespace shape;

constexpr double sharp = 0.766;                    // cosine of the angle between faces from which their edge is seen: 40 degrees
constexpr int most_neighbours = 256;               // faces around a vertex that are averaged; around a hub of more, each keeps its own normal

// Twice the area times the normal.
Vec turned(const LoadedMesh& m, const std::array<int, 3>& f) {
  const Vec &a = m.vertices[size_t(f[0])], &b = m.vertices[size_t(f[1])], &c = m.vertices[size_t(f[2])];
  return cross(sub(b, a), sub(c, a));
}
Vec unit_of(const Vec& v) {
  const double n = std::sqrt(dot(v, v));
  return n > 0 ? scale(v, 1 / n) : Vec{0, 0, 1};
}

// One normal per corner: the mean of the faces around its vertex that lie within the angle of its own, each by the angle that it has there
// (Thuermer and Wuethrich 1998: how a flat side is cut into triangles does not show).
std::vector<Vec> corner_normals(const LoadedMesh& m, bool smooth) {
  std::vector<Vec> unit(m.faces.size());
  std::vector<double> angle(3 * m.faces.size());
  std::vector<int> begin(m.vertices.size() + 1, 0);
  for (size_t f = 0; f < m.faces.size(); ++f) {
    unit[f] = unit_of(turned(m, m.faces[f]));
    for (size_t k = 0; k < 3; ++k) {
      const auto at = [&](size_t i) { return m.vertices[size_t(m.faces[f][(k + i) % 3])]; };
      angle[3 * f + k] = std::acos(std::clamp(dot(unit_of(sub(at(1), at(0))), unit_of(sub(at(2), at(0)))), -1.0, 1.0));
      ++begin[size_t(m.faces[f][k]) + 1];
    }
  }
  for (size_t v = 0; v < m.vertices.size(); ++v) begin[v + 1] += begin[v];
  std::vector<int> around(3 * m.faces.size()), next(begin.begin(), begin.end() - 1);   // corners, by vertex
  for (size_t c = 0; c < around.size(); ++c) around[size_t(next[size_t(m.faces[c / 3][c % 3])]++)] = int(c);
  std::vector<Vec> normals;
  normals.reserve(3 * m.faces.size());
  for (size_t f = 0; f < m.faces.size(); ++f)
    for (int v : m.faces[f]) {
      const int from = begin[size_t(v)], to = begin[size_t(v) + 1];
      Vec sum = unit[f];
      if (to - from <= most_neighbours) {
        sum = {0, 0, 0};
        for (int k = from; k < to; ++k) {
          const size_t c = size_t(around[size_t(k)]), g = c / 3;
          if (smooth || dot(unit[g], unit[f]) > sharp) sum = add(sum, scale(unit[g], angle[c]));
        }
      }
      const Vec n = unit_of(sum);
      normals.push_back(dot(n, unit[f]) > 0 ? n : unit[f]);        // never seen from behind
    }
  return normals;
}

struct Key {
  int vertex, normal[3];
  float uv[2];
  bool operator==(const Key& o) const { return std::memcmp(this, &o, sizeof *this) == 0; }
};
struct Hashed {
  size_t operator()(const Key& k) const {
    uint64_t h = 0;
    uint32_t words[6];
    std::memcpy(words, &k, sizeof words);
    for (uint32_t w : words) h = (h ^ w) * 0x9E3779B97F4A7C15u, h ^= h >> 29;
    return size_t(h);
  }
};
static_assert(sizeof(Key) == 24);
}  // namespace

Look::Mesh drawn(const LoadedMesh& mesh, bool smooth) {
  Look::Mesh out;
  const size_t corners = 3 * mesh.faces.size();
  const bool own = mesh.normals.size() == corners, with_uv = mesh.texcoords.size() == corners;
  const std::vector<Vec> normals = own ? mesh.normals : corner_normals(mesh, smooth);
  std::unordered_map<Key, uint32_t, Hashed> known;
  known.reserve(mesh.vertices.size());
  out.corner.reserve(corners);
  for (size_t c = 0; c < corners; ++c) {
    const int v = mesh.faces[c / 3][c % 3];
    const Vec& n = normals[c];
    Key key{v, {int(std::lround(512 * n[0])), int(std::lround(512 * n[1])), int(std::lround(512 * n[2]))}, {0, 0}};
    if (with_uv) key.uv[0] = float(mesh.texcoords[c][0]) + 0.0f, key.uv[1] = float(mesh.texcoords[c][1]) + 0.0f;
    const auto [at, fresh] = known.insert({key, uint32_t(known.size())});
    if (fresh) {
      for (double x : mesh.vertices[size_t(v)]) out.position.push_back(float(x));
      for (double x : n) out.normal.push_back(float(x));
      if (with_uv) out.uv.insert(out.uv.end(), {key.uv[0], key.uv[1]});
    }
    out.corner.push_back(at->second);
  }
  return out;
}

}  // namespace nuri::model
