// Meshes and mesh files for the tests, written by hand from the formats' descriptions.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "engine/shape/mesh.h"

namespace nuri::shape::test {

struct TemporaryFolder {
  std::string path;
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "nuri_shape_XXXXXX").string();
    path = std::filesystem::canonical(mkdtemp(name.data())).string();
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(path + "/" + name, std::ios::binary) << content;
    return path + "/" + name;
  }
};

template <class T> std::string code(const Result<T>& result) { return result ? "" : result.errors().at(0).code; }

// ---- meshes -----------------------------------------------------------------------------------------------------------
using Quads = std::vector<std::array<int, 4>>;
const Quads box_quads{{0, 2, 3, 1}, {4, 5, 7, 6}, {0, 1, 5, 4}, {2, 6, 7, 3}, {0, 4, 6, 2}, {1, 3, 7, 5}};

inline Mesh box(const Vec& low, const Vec& high) {
  Mesh m;
  for (int i = 0; i < 8; ++i) m.vertices.push_back({i & 1 ? high[0] : low[0], i & 2 ? high[1] : low[1], i & 4 ? high[2] : low[2]});
  for (const auto& q : box_quads) m.faces.push_back({q[0], q[1], q[2]}), m.faces.push_back({q[0], q[2], q[3]});
  return m;
}
inline Mesh box(double half) { return box({-half, -half, -half}, {half, half, half}); }

inline Mesh reversed(Mesh m) {
  for (auto& f : m.faces) std::swap(f[1], f[2]);
  return m;
}
inline Mesh joined(Mesh a, const Mesh& b) {
  const int first = static_cast<int>(a.vertices.size());
  a.vertices.insert(a.vertices.end(), b.vertices.begin(), b.vertices.end());
  for (const auto& f : b.faces) a.faces.push_back({f[0] + first, f[1] + first, f[2] + first});
  return a;
}
inline Mesh moved(Mesh m, const Vec& by, const Rot& turn = {1, 0, 0, 0}) {
  for (Vec& p : m.vertices) p = add(rotate(unit(turn), p), by);
  return m;
}

// An L: a 2 x 1 bar with a 1 x 1 block on its left end, from z = 0 to 1.
inline Mesh angle() {
  Mesh m;
  const double outline[6][2] = {{0, 0}, {2, 0}, {2, 1}, {1, 1}, {1, 2}, {0, 2}};
  for (int z = 0; z < 2; ++z) for (const auto& p : outline) m.vertices.push_back({p[0], p[1], double(z)});
  for (int i = 0; i < 6; ++i) {
    const int j = (i + 1) % 6;
    m.faces.push_back({i, j, j + 6});
    m.faces.push_back({i, j + 6, i + 6});
  }
  for (const auto& f : {std::array{0, 1, 2}, std::array{0, 2, 3}, std::array{0, 3, 4}, std::array{0, 4, 5}}) {
    m.faces.push_back({f[0], f[2], f[1]});
    m.faces.push_back({f[0] + 6, f[1] + 6, f[2] + 6});
  }
  return m;
}

inline Mesh icosphere(int splits, double radius) {
  const double g = (1 + std::sqrt(5.0)) / 2;
  Mesh m;
  for (double a : {-1.0, 1.0}) for (double b : {-g, g}) m.vertices.push_back({0, a, b});
  for (double a : {-1.0, 1.0}) for (double b : {-g, g}) m.vertices.push_back({a, b, 0});
  for (double a : {-1.0, 1.0}) for (double b : {-g, g}) m.vertices.push_back({b, 0, a});
  for (int i = 0; i < 12; ++i) for (int j = i + 1; j < 12; ++j) for (int k = j + 1; k < 12; ++k) {
    auto near = [&](int a, int b) { const Vec d = sub(m.vertices[a], m.vertices[b]); return dot(d, d) < 4.1; };
    if (!near(i, j) || !near(j, k) || !near(i, k)) continue;
    const Vec n = cross(sub(m.vertices[j], m.vertices[i]), sub(m.vertices[k], m.vertices[i]));
    m.faces.push_back(dot(n, m.vertices[i]) > 0 ? std::array{i, j, k} : std::array{i, k, j});
  }
  for (int s = 0; s < splits; ++s) {
    std::map<std::pair<int, int>, int> middle;
    std::vector<std::array<int, 3>> finer;
    auto between = [&](int a, int b) {
      auto [it, fresh] = middle.try_emplace(std::minmax(a, b), static_cast<int>(m.vertices.size()));
      if (fresh) m.vertices.push_back(scale(add(m.vertices[a], m.vertices[b]), 0.5));
      return it->second;
    };
    for (const auto& f : m.faces) {
      const int a = between(f[0], f[1]), b = between(f[1], f[2]), c = between(f[2], f[0]);
      for (const auto& t : {std::array{f[0], a, c}, std::array{f[1], b, a}, std::array{f[2], c, b}, std::array{a, b, c}}) finer.push_back(t);
    }
    m.faces = finer;
    for (Vec& p : m.vertices) p = scale(p, std::sqrt(1 / dot(p, p)));
  }
  for (Vec& p : m.vertices) p = scale(p, radius / std::sqrt(dot(p, p)));
  return m;
}

// ---- files ------------------------------------------------------------------------------------------------------------
template <class T> void put(std::string& to, T value) { to.append(reinterpret_cast<const char*>(&value), sizeof value); }
inline void put(std::string& to, const Vec& p) { for (double x : p) put(to, static_cast<float>(x)); }

inline std::string binary_stl(const Mesh& m, const std::string& title = "box") {
  std::string out = title;
  out.resize(80, ' ');
  put(out, uint32_t(m.faces.size()));
  for (const auto& f : m.faces) {
    put(out, Vec{0, 0, 0});
    for (int v : f) put(out, m.vertices[v]);
    put(out, uint16_t(0));
  }
  return out;
}
inline std::string text_stl(const Mesh& m) {
  std::ostringstream out;
  out.precision(17);
  out << "solid box with a name\n";
  for (const auto& f : m.faces) {
    out << " facet normal 0 0 0\n  outer loop\n";
    for (int v : f) out << "   vertex " << m.vertices[v][0] << " " << m.vertices[v][1] << " " << m.vertices[v][2] << "\n";
    out << "  endloop\n endfacet\n";
  }
  out << "endsolid box with a name\n";
  return out.str();
}
inline std::string msh(const Mesh& m, bool more = false) {   // more: with normals (along the vertices) and texture coordinates
  std::string out;
  const int n = static_cast<int>(m.vertices.size());
  for (int count : {n, more ? n : 0, more ? n : 0, static_cast<int>(m.faces.size())}) put(out, count);
  for (const Vec& p : m.vertices) put(out, p);
  if (more) for (const Vec& p : m.vertices) put(out, p);
  if (more) for (const Vec& p : m.vertices) put(out, static_cast<float>(p[0])), put(out, static_cast<float>(p[1]));
  for (const auto& f : m.faces) for (int v : f) put(out, v);
  return out;
}
inline const char* box_obj = R"(# a box of side 2
mtllib box.mtl
o box
v -1 -1 -1
v 1 -1 -1
v -1 1 -1
v 1 1 -1
v -1 -1 1
v 1 -1 1
v -1 1 1
v +1.0 1e0 1
vt 0 0
vt 1 0
vt 1 1
vt 0 1
vn 0 0 -1
vn 0 0 1
vn 0 -1 0
vn 0 1 0
vn -1 0 0
vn 1 0 0
usemtl red
s off
f 1/1/1 3/2/1 4/3/1 2/4/1
f 5/1/2 6/2/2 8/3/2 7/4/2
f 1/1/3 2/2/3 \
  6/3/3 5/4/3
f -6/1/4 -2/2/4 -1/3/4 -5/4/4
f 1/1/5 5/2/5 7/3/5 3/4/5
f 2/1/6 4/2/6 8/3/6 6/4/6
)";

// The same box: 1 cm units, an axis that is up, a translated node below a turned one.
inline std::string dae(const std::string& up = "Z_UP", const std::string& unit = "0.01") {
  return R"(<?xml version="1.0"?><COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1"><asset><unit meter=")" + unit + R"(" name="u"/><up_axis>)" + up + R"(</up_axis></asset>
<library_geometries><geometry id="g" name="g"><mesh><source id="p"><float_array id="pa" count="24">-1 -1 -1 1 -1 -1 -1 1 -1 1 1 -1 -1 -1 1 1 -1 1 -1 1 1 1 1 1</float_array><technique_common><accessor source="#pa" count="8" stride="3"><param name="X" type="float"/><param name="Y" type="float"/><param name="Z" type="float"/></accessor></technique_common></source>
<vertices id="v"><input semantic="POSITION" source="#p"/></vertices><polylist count="6"><input semantic="VERTEX" source="#v" offset="0"/><vcount>4 4 4 4 4 4</vcount><p>0 2 3 1 4 5 7 6 0 1 5 4 2 6 7 3 0 4 6 2 1 3 7 5</p></polylist></mesh></geometry></library_geometries>
<library_visual_scenes><visual_scene id="s"><node id="a"><rotate>0 0 1 90</rotate><node id="b"><translate>10 0 0</translate><instance_geometry url="#g"/></node></node></visual_scene></library_visual_scenes><scene><instance_visual_scene url="#s"/></scene></COLLADA>)";
}

// A box of half sides 1, scaled by 2 along x in a node that is moved by 1 2 3. `buffer` is the uri, "" for none (GLB).
inline std::string gltf_json(const std::string& buffer, const std::string& nodes = R"([{"translation":[1,2,3],"children":[1]},{"mesh":0,"scale":[2,1,1]}])") {
  return R"({"asset":{"version":"2.0"},"scene":0,"scenes":[{"nodes":[0]}],"nodes":)" + nodes + R"(,"meshes":[{"primitives":[{"attributes":{"POSITION":0},"indices":1}]}],"buffers":[{"byteLength":168)" +
         (buffer.empty() ? "" : ",\"uri\":\"" + buffer + "\"") + R"(}],"bufferViews":[{"buffer":0,"byteOffset":0,"byteLength":96},{"buffer":0,"byteOffset":96,"byteLength":72}],"accessors":[)"
         R"({"bufferView":0,"componentType":5126,"count":8,"type":"VEC3","min":[-1,-1,-1],"max":[1,1,1]},{"bufferView":1,"componentType":5123,"count":36,"type":"SCALAR"}]})";
}
inline std::string gltf_buffer() {
  const Mesh m = box(1);
  std::string out;
  for (const Vec& p : m.vertices) put(out, p);
  for (const auto& f : m.faces) for (int v : f) put(out, uint16_t(v));
  return out;
}
inline std::string glb() {
  std::string json = gltf_json(""), bin = gltf_buffer(), out = "glTF";
  json.resize((json.size() + 3) / 4 * 4, ' ');
  put(out, uint32_t(2)), put(out, uint32_t(28 + json.size() + bin.size()));
  put(out, uint32_t(json.size())), out += "JSON" + json;
  put(out, uint32_t(bin.size())), out += std::string("BIN\0", 4) + bin;
  return out;
}

// A damaged copy: bytes exchanged, taken out or doubled, numbers replaced by those that hurt.
inline std::string damaged(std::string s, std::mt19937& random) {
  auto below = [&](std::size_t n) { return n ? random() % n : 0; };
  switch (below(5)) {
    case 0: for (std::size_t i = below(4) + 1; i--;) s[below(s.size())] = static_cast<char>(random()); break;
    case 1: s.erase(below(s.size()), below(40)); break;
    case 2: s.insert(below(s.size()), s.substr(below(s.size()), below(40))); break;
    case 3: for (std::size_t at = below(s.size()) & ~std::size_t(3), i = at; i < s.size() && i < at + 4; ++i) s[i] = static_cast<char>(0xff); break;
    default: {
      std::size_t a = below(s.size()), tries = 0;
      while (tries++ < s.size() && !(s[a] >= '0' && s[a] <= '9')) a = (a + 1) % s.size();
      std::size_t b = a;
      while (b < s.size() && s[b] >= '0' && s[b] <= '9') ++b;
      const char* hurt[] = {"-1", "0", "1", "2", "65536", "999999999", "4294967295", "1e400", "nan", "inf", "18446744073709551616"};
      s.replace(a, b - a, hurt[below(11)]);
    }
  }
  return s;
}

}  // namespace nuri::shape::test
