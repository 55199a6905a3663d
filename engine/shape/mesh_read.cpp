#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "engine/core/hash.h"
#include "engine/core/paths.h"
#include "engine/shape/mesh_reader.h"

namespace nuri::shape {
namespace {
constexpr double flat = 1e-12;   // a face whose double area is below this part of its longest edge squared has none: rounding of doubles is 1e-16, of files 1e-7

std::string plural(std::size_t n, const std::string& noun) { return std::to_string(n) + " " + noun + (n == 1 ? "" : "s"); }

template <class T> T number(const std::string& content, std::size_t at) {
  T value;
  std::memcpy(&value, content.data() + at, sizeof value);
  return value;
}
Vec floats(const std::string& content, std::size_t at) { return {number<float>(content, at), number<float>(content, at + 4), number<float>(content, at + 8)}; }

bool has_area(const Vec& a, const Vec& b, const Vec& c) {
  const Vec ab = sub(b, a), ac = sub(c, a), bc = sub(c, b), n = cross(ab, ac);
  const double longest = std::max({dot(ab, ab), dot(ac, ac), dot(bc, bc)});
  return std::sqrt(dot(n, n)) > flat * longest;
}

double signed_volume(const Mesh& mesh) {
  const Vec origin = mesh.vertices[0];
  double sum = 0;
  for (const auto& f : mesh.faces) sum += dot(sub(mesh.vertices[f[0]], origin), cross(sub(mesh.vertices[f[1]], origin), sub(mesh.vertices[f[2]], origin))) / 6;
  return sum;
}

// Says what is wrong with the surface: every edge should belong to two faces that run through it in opposite directions.
void report_surface(Mesh& mesh) {
  std::vector<uint64_t> edges;   // lower index, higher index, direction
  edges.reserve(3 * mesh.faces.size());
  for (const auto& f : mesh.faces) {
    for (int k = 0; k < 3; ++k) {
      const uint64_t a = f[k], b = f[(k + 1) % 3];
      edges.push_back(std::min(a, b) << 33 | std::max(a, b) << 1 | (a > b));
    }
  }
  std::sort(edges.begin(), edges.end());
  std::size_t open = 0, turned = 0, crowded = 0;
  for (std::size_t i = 0, j; i < edges.size(); i = j) {
    std::size_t back = 0;
    for (j = i; j < edges.size() && edges[j] >> 1 == edges[i] >> 1; ++j) back += edges[j] & 1;
    const std::size_t n = j - i;
    if (n == 1) ++open;
    else if (n == 2 && back != 1) ++turned;
    else if (n > 2) ++crowded;
  }
  if (open) mesh.adjusted.push_back("the surface is open: " + plural(open, "edge") + " of one face only");
  if (turned) mesh.adjusted.push_back("faces are turned against each other at " + plural(turned, "edge"));
  if (crowded) mesh.adjusted.push_back("the surface branches: " + plural(crowded, "edge") + " of more than two faces");
  if (!open && !turned && !crowded && signed_volume(mesh) < 0) mesh.adjusted.push_back("the surface is turned inside out: its volume is negative");
}

Result<Mesh> read_binary_stl(const std::string& content) {
  if (content.size() < 84) return mesh_error("truncated-mesh", "a binary STL file has at least 84 bytes, this one " + std::to_string(content.size()));
  const std::size_t count = number<uint32_t>(content, 80), promised = 84 + 50 * count;
  if (count > limits::triangles) return mesh_error("mesh-too-large", "the STL file announces " + plural(count, "triangle") + "; " + std::to_string(limits::triangles) + " are allowed");
  if (content.size() != promised) {
    return mesh_error(content.size() < promised ? "truncated-mesh" : "bad-mesh", "the STL file announces " + plural(count, "triangle") + ", so " + std::to_string(promised) +
                      " bytes, and has " + std::to_string(content.size()));
  }
  Mesh mesh;
  Welder welder(count / 2);
  mesh.faces.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    for (int k = 0; k < 3; ++k) {
      const Vec p = floats(content, 84 + 50 * i + 12 * (k + 1));
      if (!usable(p)) return mesh_error("bad-vertex", "triangle " + std::to_string(i) + " of the STL file has a coordinate that is not finite or above 1e10");
      mesh.faces[i][k] = welder.add(p);
    }
  }
  mesh.vertices = std::move(welder.points);
  return mesh;
}

// Only the vertices count: normals follow from them, names and colours are not kept.
Result<Mesh> read_text_stl(const std::string& content) {
  Mesh mesh;
  Welder welder;
  std::array<int, 3> face{};
  int corners = 0;
  std::size_t line = 1, at = 0;
  auto fail = [&](const char* code, const std::string& what) { return mesh_error(code, "line " + std::to_string(line) + " of the STL file: " + what); };
  auto word = [&] {
    while (at < content.size() && static_cast<unsigned char>(content[at]) <= ' ') line += content[at++] == '\n';
    const std::size_t start = at;
    while (at < content.size() && static_cast<unsigned char>(content[at]) > ' ') ++at;
    return std::string_view(content).substr(start, at - start);
  };
  bool in_loop = false, in_solid = false, name_follows = false;
  for (;;) {
    if (name_follows) {   // the rest of the line is a name
      while (at < content.size() && content[at] != '\n') ++at;
      name_follows = false;
    }
    const std::string_view w = word();
    if (w.empty()) break;
    if (w == "vertex") {
      if (!in_loop || corners == 3) return fail("bad-mesh", "a vertex that is not one of three in a loop");
      Vec p{};
      for (double& x : p) {
        std::string_view text = word();
        if (!text.empty() && text[0] == '+') text.remove_prefix(1);
        const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), x);
        if (text.empty()) return fail("truncated-mesh", "the file ends in a vertex");
        if (end != text.data() + text.size() || (wrong != std::errc() && wrong != std::errc::result_out_of_range)) return fail("bad-mesh", "a vertex has three numbers");
        if (wrong == std::errc::result_out_of_range) x = 0;   // below 1e-308; what is too large reads as text only in broken files
      }
      if (!usable(p)) return fail("bad-vertex", "a coordinate is not finite or above 1e10");
      face[corners++] = welder.add(p);
    } else if (w == "loop") {
      if (in_loop) return fail("bad-mesh", "a loop inside a loop");
      in_loop = true, corners = 0;
    } else if (w == "endloop") {
      if (!in_loop || corners != 3) return fail("bad-mesh", "a facet has three vertices");
      in_loop = false;
      if (mesh.faces.size() == limits::triangles) return fail("mesh-too-large", "more than " + std::to_string(limits::triangles) + " triangles");
      mesh.faces.push_back(face);
    } else if (w == "solid" || w == "endsolid") {
      in_solid = w == "solid";
      name_follows = true;
    }
  }
  if (in_loop || in_solid) return fail("truncated-mesh", "the file ends before endsolid");
  mesh.vertices = std::move(welder.points);
  return mesh;
}
}  // namespace

Diagnostic mesh_error(std::string code, std::string message, std::string hint) {
  Diagnostic d;
  d.code = std::move(code), d.message = std::move(message), d.hint = std::move(hint);
  return d;
}

Welder::Welder(std::size_t expected) {
  std::size_t slots = 64;
  while (slots < 2 * expected) slots *= 2;
  table_.assign(slots, -1);
  points.reserve(expected);
}

void Welder::grow(std::size_t slots) {
  table_.assign(slots, -1);
  const std::vector<Vec> old = std::move(points);
  points.clear();
  points.reserve(slots / 2);
  for (const Vec& p : old) add(p);
}

int Welder::add(Vec p) {
  if (2 * (points.size() + 1) > table_.size()) grow(2 * table_.size());
  for (double& x : p) x += 0.0;   // -0 becomes +0
  for (std::size_t slot = Hash().add(std::span<const double>(p)).value();; ++slot) {
    int& entry = table_[slot & (table_.size() - 1)];
    if (entry >= 0 && points[entry] != p) continue;
    if (entry < 0) entry = static_cast<int>(points.size()), points.push_back(p);
    return entry;
  }
}

// A binary file may begin with "solid" too, so its size decides first.
Result<Mesh> read_stl(const std::string& content) {
  if (content.size() >= 84 && content.size() == 84 + 50 * static_cast<std::size_t>(number<uint32_t>(content, 80))) return read_binary_stl(content);
  const std::size_t start = std::min(content.find_first_not_of(" \t\r\n"), content.size());
  const bool text = content.compare(start, 5, "solid") == 0 && content.substr(0, 1000).find('\0') == std::string::npos;
  return text ? read_text_stl(content) : read_binary_stl(content);
}

// MuJoCo's own format: int32 numbers of vertices, normals, texture coordinates and faces; then those, as float32 and int32.
// Normals and texture coordinates belong to vertices, so there are as many or none.
Result<Mesh> read_msh(const std::string& content) {
  if (content.size() < 16) return mesh_error("truncated-mesh", "an MSH file has at least 16 bytes, this one " + std::to_string(content.size()));
  std::size_t count[4];
  for (int k = 0; k < 4; ++k) {
    const int32_t n = number<int32_t>(content, 4 * k);
    if (n < 0) return mesh_error("bad-mesh", "the MSH file announces a negative number");
    count[k] = n;
  }
  const auto [vertices, normals, texcoords, faces] = count;
  if ((normals && normals != vertices) || (texcoords && texcoords != vertices)) return mesh_error("bad-mesh", "an MSH file has as many normals and texture coordinates as vertices, or none");
  if (faces > limits::triangles || vertices > 3 * limits::triangles) return mesh_error("mesh-too-large", "the MSH file announces " + plural(faces, "triangle") + "; " + std::to_string(limits::triangles) + " are allowed");
  const std::size_t normal_at = 16 + 12 * vertices, texcoord_at = normal_at + 12 * normals, face_at = texcoord_at + 8 * texcoords, promised = face_at + 12 * faces;
  if (content.size() != promised) {
    return mesh_error(content.size() < promised ? "truncated-mesh" : "bad-mesh", "the MSH file announces " + std::to_string(promised) + " bytes and has " + std::to_string(content.size()));
  }
  Mesh mesh;
  mesh.vertices.resize(vertices);
  for (std::size_t i = 0; i < vertices; ++i) mesh.vertices[i] = floats(content, 16 + 12 * i);
  for (std::size_t i = 0; i < faces; ++i) {
    auto& face = mesh.faces.emplace_back();
    for (int k = 0; k < 3; ++k) {
      const int32_t v = face[k] = number<int32_t>(content, face_at + 4 * (3 * i + k));
      if (v < 0 || static_cast<std::size_t>(v) >= vertices) return mesh_error("bad-mesh", "face " + std::to_string(i) + " of the MSH file names vertex " + std::to_string(v) + " of " + std::to_string(vertices));
      if (normals) mesh.normals.push_back(floats(content, normal_at + 12 * v));
      if (texcoords) mesh.texcoords.push_back({number<float>(content, texcoord_at + 8 * v), number<float>(content, texcoord_at + 8 * v + 4)});
    }
  }
  return mesh;
}

Result<Mesh> finished(Mesh mesh) {
  // what came is sound
  for (const Vec& p : mesh.vertices) if (!usable(p)) return mesh_error("bad-vertex", "a vertex has a coordinate that is not finite or above 1e10");
  for (const auto& f : mesh.faces) for (int v : f) if (v < 0 || static_cast<std::size_t>(v) >= mesh.vertices.size()) {
    return mesh_error("bad-mesh", "a face names vertex " + std::to_string(v) + " of " + std::to_string(mesh.vertices.size()));
  }
  if (mesh.vertices.empty()) return mesh_error("empty-mesh", "the mesh has no vertices");
  if (mesh.faces.size() > limits::triangles || mesh.vertices.size() > 3 * limits::triangles) return mesh_error("mesh-too-large", "the mesh has " + plural(mesh.faces.size(), "triangle") + "; " + std::to_string(limits::triangles) + " are allowed");
  const std::size_t corners = 3 * mesh.faces.size();
  if (mesh.normals.size() != corners) mesh.normals.clear();
  if (mesh.texcoords.size() != corners) mesh.texcoords.clear();
  auto finite = [](double x) { return std::isfinite(x); };
  if (!std::all_of(mesh.texcoords.begin(), mesh.texcoords.end(), [&](const auto& t) { return finite(t[0]) && finite(t[1]); })) {
    mesh.texcoords.clear();
    mesh.adjusted.push_back("left out texture coordinates: some are not finite");
  }

  // vertices at the same place become one
  Welder welder(mesh.vertices.size());
  std::vector<int> index(mesh.vertices.size());
  for (std::size_t i = 0; i < index.size(); ++i) index[i] = welder.add(mesh.vertices[i]);
  if (welder.points.size() < mesh.vertices.size()) {
    mesh.adjusted.push_back("joined vertices at the same place: " + std::to_string(mesh.vertices.size()) + " became " + std::to_string(welder.points.size()));
    mesh.vertices = std::move(welder.points);
    for (auto& f : mesh.faces) for (int& v : f) v = index[v];
  } else {
    mesh.vertices = std::move(welder.points);
  }
  if (mesh.faces.empty()) {
    Result<Hull> hull = convex_hull(mesh.vertices);
    if (!hull) return hull.errors();
    mesh.vertices = hull->vertices;
    for (const auto& polygon : hull->polygons) for (std::size_t k = 2; k < polygon.size(); ++k) mesh.faces.push_back({polygon[0], polygon[k - 1], polygon[k]});
    mesh.adjusted.push_back("no faces: the convex hull of the vertices is used");
    return mesh;
  }

  // faces without area go; the surface is judged while those with three different corners are still in it
  std::size_t kept = 0, before = mesh.faces.size();
  auto keep = [&](auto&& good) {
    kept = 0;
    for (std::size_t i = 0; i < mesh.faces.size(); ++i) {
      if (!good(mesh.faces[i])) continue;
      mesh.faces[kept] = mesh.faces[i];
      for (int k = 0; k < 3; ++k) {
        if (!mesh.normals.empty()) mesh.normals[3 * kept + k] = mesh.normals[3 * i + k];
        if (!mesh.texcoords.empty()) mesh.texcoords[3 * kept + k] = mesh.texcoords[3 * i + k];
      }
      ++kept;
    }
    mesh.faces.resize(kept);
    if (!mesh.normals.empty()) mesh.normals.resize(3 * kept);
    if (!mesh.texcoords.empty()) mesh.texcoords.resize(3 * kept);
  };
  keep([](const auto& f) { return f[0] != f[1] && f[1] != f[2] && f[2] != f[0]; });
  report_surface(mesh);
  keep([&](const auto& f) { return has_area(mesh.vertices[f[0]], mesh.vertices[f[1]], mesh.vertices[f[2]]); });
  if (kept < before) mesh.adjusted.push_back("dropped " + plural(before - kept, "face") + " without area");
  if (mesh.faces.empty()) return mesh_error("empty-mesh", "the mesh has no face with an area");

  // normals are unit; where a file has none, the face's own
  for (std::size_t i = 0; i < mesh.normals.size(); ++i) {
    Vec& n = mesh.normals[i];
    double length = std::sqrt(dot(n, n));
    if (!std::isfinite(length) || length < 1e-12) {
      const auto& f = mesh.faces[i / 3];
      n = cross(sub(mesh.vertices[f[1]], mesh.vertices[f[0]]), sub(mesh.vertices[f[2]], mesh.vertices[f[0]]));
      length = std::sqrt(dot(n, n));
    }
    n = scale(n, 1 / length);
  }
  return mesh;
}

Result<Mesh> read_mesh(const std::string& path) {
  const std::size_t dot = path.find_last_of("./");
  std::string ending = dot == std::string::npos || path[dot] == '/' ? "" : path.substr(dot + 1);
  for (char& c : ending) if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
  Result<Mesh> mesh{Mesh{}};
  if (ending == "dae" || ending == "gltf" || ending == "glb") {
    mesh = import_mesh(path, ending);
  } else if (ending == "stl" || ending == "obj" || ending == "msh") {
    const Result<std::string> content = read_file(path, limits::mesh_bytes);
    if (!content) return content.errors();
    if (content->empty()) return mesh_error("empty-mesh", "the mesh file is empty");
    mesh = ending == "stl" ? read_stl(*content) : ending == "obj" ? read_obj(*content) : read_msh(*content);
  } else {
    return mesh_error("unknown-mesh-format", ending.empty() ? "a mesh file without an ending" : "no reader for mesh files ending in ." + ending, "convert it to STL, OBJ, MSH, DAE or glTF");
  }
  if (!mesh) return mesh;
  if (mesh->faces.empty() && ending != "msh" && ending != "obj") return mesh_error("empty-mesh", "the mesh file has no triangles");
  return finished(std::move(*mesh));
}

Mesh transformed(Mesh mesh, const Vec& factor, const Vec& refpos, const Rot& refquat) {
  const Mat axes = matrix(unit(refquat));
  const bool plain = unit(refquat) == Rot{1, 0, 0, 0};   // keeps bits
  for (Vec& p : mesh.vertices) {
    p = sub(p, refpos);
    if (!plain) p = transposed_mul(axes, p);
    for (int k = 0; k < 3; ++k) p[k] *= factor[k];
  }
  for (Vec& n : mesh.normals) {   // by the inverse scale, or they would not stay perpendicular
    if (!plain) n = transposed_mul(axes, n);
    for (int k = 0; k < 3; ++k) n[k] *= factor[(k + 1) % 3] * factor[(k + 2) % 3];
    const double length = std::sqrt(dot(n, n));
    if (length > 0) n = scale(n, (factor[0] * factor[1] * factor[2] < 0 ? -1 : 1) / length);
  }
  if (factor[0] * factor[1] * factor[2] < 0) {
    for (auto& f : mesh.faces) std::swap(f[1], f[2]);
    for (std::size_t i = 0; i + 2 < mesh.normals.size(); i += 3) std::swap(mesh.normals[i + 1], mesh.normals[i + 2]);
    for (std::size_t i = 0; i + 2 < mesh.texcoords.size(); i += 3) std::swap(mesh.texcoords[i + 1], mesh.texcoords[i + 2]);
  }
  return mesh;
}

}  // namespace nuri::shape
