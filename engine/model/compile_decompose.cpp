// Meshes that collide as several convex parts. The geom stays where it is: it weighs, is drawn and met by rays, but touches nothing
// any more; behind it stand its parts, "NAME~0" and on, which only touch.
#include <algorithm>
#include <map>
#include <set>

#include "engine/model/compile_parts.h"
#include "engine/shape/convex_parts.h"

namespace nuri::model {
namespace {
using namespace scene;
using namespace shape;

bool touches(const Scene& s, int g) {
  const Geom& geom = s.geoms[size_t(g)];
  if (geom.visual_only) return false;
  return geom.contype != 0 || geom.conaffinity != 0 || std::any_of(s.pairs.begin(), s.pairs.end(), [&](const Pair& p) { return p.geom1 == g || p.geom2 == g; });
}
bool wanted(const Scene& s, int g) {
  const Geom& geom = s.geoms[size_t(g)];
  return geom.type == GeomType::mesh && geom.mesh >= 0 && size_t(geom.mesh) < s.meshes.size() && s.meshes[size_t(geom.mesh)].parts.most > 0 && touches(s, g);
}

// Corners in the geom's frame, as the mesh's file has them; none where the mesh stays one hull.
using Parts = std::vector<std::vector<Vec>>;

Parts from_file(Compilation& c, const scene::Mesh& mesh, const std::string& who) {
  Result<Parts> read = read_parts(mesh.parts.file);
  if (!read) return adopt(c, read.errors(), who, mesh.place), Parts{};
  for (auto& part : *read) {
    shape::Mesh points;
    points.vertices = std::move(part);
    part = transformed(std::move(points), mesh.scale, mesh.refpos, mesh.refquat).vertices;
  }
  c.note("decomposed", who + " collides as the " + std::to_string(read->size()) + " parts of " + mesh.parts.file, mesh.place);
  return std::move(*read);
}

Parts parts_of(Compilation& c, int index) {
  const scene::Mesh& from = c.scene.meshes[size_t(index)];
  const std::string who = label("mesh", from.name, size_t(index));
  if (!from.parts.file.empty()) return from_file(c, from, who);
  const LoadedMesh& mesh = load_mesh(c, index);
  if (!mesh.loaded) return {};
  shape::Mesh own;                               // in the file's axes again: planes along them fit most parts
  own.faces = mesh.faces;
  for (const Vec& v : mesh.vertices) own.vertices.push_back(add(mesh.part.pos, rotate(mesh.part.quat, v)));
  Result<ConvexParts> made = convex_parts(own, {from.parts.most, from.parts.excess});
  if (!made) {
    const Diagnostic& why = made.errors().front();
    c.report.push_back({Severity::warning, why.code, who + " collides as its convex hull: " + why.message, why.hint, from.place, "", {}});
    return {};
  }
  const double excess = made->hulls / made->solid - 1;
  c.note("decomposed", who + " collides as " + std::to_string(made->parts.size()) + " convex parts, which hold " + number(100 * std::max(excess, 0.0)) + " % more than it", from.place);
  if (excess > from.parts.excess && int(made->parts.size()) == from.parts.most)
    c.report.push_back({Severity::warning, "few-parts", who + " needs more parts to be within " + number(100 * from.parts.excess) + " % of its volume", "raise 'parts'", from.place, "", {}});
  if (made->parts.size() == 1) return {};        // convex: its hull is it
  return std::move(made->parts);
}

}  // namespace

bool has_parts(const Scene& scene) {
  for (size_t g = 0; g < scene.geoms.size(); ++g)
    if (wanted(scene, int(g))) return true;
  return false;
}

Scene decompose(Compilation& c) {
  const Scene& from = c.scene;
  Scene out = from;
  c.meshes.resize(from.meshes.size());
  std::map<int, std::pair<int, int>> made;       // of a mesh: the first of its parts among out.meshes, how many
  std::vector<int> moved, parts;                 // of a geom: its place now, and how many parts follow
  std::set<std::string> names;
  for (const Geom& geom : from.geoms) names.insert(geom.name);
  out.geoms.clear();
  for (size_t g = 0; g < from.geoms.size(); ++g) {
    moved.push_back(int(out.geoms.size()));
    parts.push_back(0);
    out.geoms.push_back(from.geoms[g]);
    if (!wanted(from, int(g))) continue;
    const int mesh = from.geoms[g].mesh;
    auto [at, fresh] = made.insert({mesh, {int(out.meshes.size()), 0}});
    if (fresh) {
      for (const std::vector<Vec>& corners : parts_of(c, mesh)) {
        scene::Mesh part;
        part.name = from.meshes[size_t(mesh)].name + '~' + std::to_string(at->second.second++);
        part.place = from.meshes[size_t(mesh)].place;
        for (const Vec& v : corners) part.vertices.insert(part.vertices.end(), v.begin(), v.end());
        out.meshes.push_back(std::move(part));
      }
    }
    parts.back() = at->second.second;
    for (int k = 0; k < parts.back(); ++k) {
      Geom part = from.geoms[g];
      part.mesh = at->second.first + k;
      part.mass = 0;
      part.material.clear();
      part.rgba = {0, 0, 0, 0};
      if (!part.name.empty() && !names.insert(part.name += '~' + std::to_string(k)).second) c.error("repeated-name", "a geom is called '" + part.name + "' already", part.place);
      out.geoms.push_back(std::move(part));
    }
    if (parts.back() > 0) out.geoms[size_t(moved.back())].contype = out.geoms[size_t(moved.back())].conaffinity = 0;
  }

  // an explicit pair is one of every part of the one with every part of the other
  out.pairs.clear();
  for (const Pair& pair : from.pairs) {
    auto range = [&](int g) { return parts[size_t(g)] > 0 ? std::pair{moved[size_t(g)] + 1, moved[size_t(g)] + 1 + parts[size_t(g)]} : std::pair{moved[size_t(g)], moved[size_t(g)] + 1}; };
    const auto [first1, last1] = range(pair.geom1);
    const auto [first2, last2] = range(pair.geom2);
    for (int a = first1; a < last1; ++a) {
      for (int b = first2; b < last2; ++b) {
        Pair one = pair;
        one.geom1 = a, one.geom2 = b;
        if (!one.name.empty() && (last1 - first1) * (last2 - first2) > 1) one.name += '~' + std::to_string((a - first1) * (last2 - first2) + b - first2);
        out.pairs.push_back(std::move(one));
      }
    }
  }
  for (Tendon& tendon : out.tendons)
    for (Tendon::Via& via : tendon.path)
      if (via.kind == Tendon::Pass::geom) via.object = moved[size_t(via.object)];
  for (Sensor& sensor : out.sensors) {
    const bool shape = sensor.type == SensorType::contact || sensor.type == SensorType::distance || sensor.type == SensorType::normal || sensor.type == SensorType::fromto;
    auto move = [&](ObjectType type, int& index) {
      if (type != ObjectType::geom || index < 0) return;
      if (shape && parts[size_t(index)] > 0)
        c.error("decomposed", "sensor '" + sensor.name + "' is about one geom, which collides as " + std::to_string(parts[size_t(index)]) + " parts", sensor.place, "name its body instead");
      index = moved[size_t(index)];
    };
    move(sensor.object_type, sensor.object);
    move(sensor.reference_type, sensor.reference);
  }
  for (scene::Mesh& mesh : out.meshes) mesh.parts = {};
  return out;
}

}  // namespace nuri::model
