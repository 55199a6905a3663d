// Meshes and height fields: where a mesh's geom stands, what it weighs, and the hulls and grids that kernels collide with.
//
// As in MuJoCo, a mesh geom's frame is moved to the mesh's centre of mass and principal axes. A mesh is read once for all of its
// geoms; a hull is made only where one of them is in a candidate pair, or where rays may meet it.
#include <algorithm>
#include <cmath>
#include <map>

#include "engine/model/compile_parts.h"
#include "engine/model/compile_rays.h"
#include "engine/shape/convex_parts.h"
#include "engine/shape/mesh.h"

namespace nuri::model {
namespace {
using namespace scene;
using namespace shape;

constexpr double filled = 1.01;                                  // hull over mesh: what fills more than 1 % is worth a word

// The mesh as its geoms would see it were they not moved; written down in the scene, or in a file.
bool load(Compilation& c, const scene::Mesh& from, const std::string& who, shape::Mesh& out) {
  if (!from.file.empty()) {
    Result<shape::Mesh> read = read_mesh(from.file);
    if (!read) return adopt(c, read.errors(), who, from.place), false;
    out = std::move(*read);
  } else {
    if (from.vertices.size() % 3 != 0 || from.faces.size() % 3 != 0) return c.error("bad-mesh", who + " needs vertices of 3 numbers, and faces of 3 vertices", from.place), false;
    shape::Mesh written;
    for (size_t v = 0; v + 2 < from.vertices.size(); v += 3) written.vertices.push_back(vec(&from.vertices[v]));
    for (size_t f = 0; f + 2 < from.faces.size(); f += 3) written.faces.push_back({from.faces[f], from.faces[f + 1], from.faces[f + 2]});
    for (int v : from.faces) {                                   // per vertex there, per corner here
      if (3 * size_t(v) + 2 < from.normals.size()) written.normals.push_back(vec(&from.normals[3 * size_t(v)]));
      if (2 * size_t(v) + 1 < from.texcoords.size()) written.texcoords.push_back({from.texcoords[2 * size_t(v)], from.texcoords[2 * size_t(v) + 1]});
    }
    Result<shape::Mesh> mesh = finished(std::move(written));
    if (!mesh) return adopt(c, mesh.errors(), who, from.place), false;
    out = std::move(*mesh);
  }
  for (const std::string& what : out.adjusted) c.note("mesh-adjusted", who + ": " + what, from.place);
  for (double s : from.scale)
    if (s == 0 || !std::isfinite(s)) return c.error("bad-mesh", who + ": scale must be finite and not 0", from.place), false;
  out = transformed(std::move(out), from.scale, from.refpos, from.refquat);
  return true;
}

// Corners and polygons of one hull, seen from the mesh's frame, and the links between corners.
bool append_hull(Compilation& c, const std::string& who, const Place& place, LoadedMesh& mesh, int most_vertices) {
  Result<Hull> made = convex_hull(mesh.vertices, most_vertices);
  if (!made) return adopt(c, made.errors(), who, place), false;
  const Hull& hull = *made;
  MeshFacts& facts = mesh.facts;
  facts.hull_vertices = int(hull.vertices.size());
  for (const std::vector<int>& p : hull.polygons)
    for (size_t k = 2; k < p.size(); ++k) facts.hull_volume += dot(hull.vertices[p[0]], cross(hull.vertices[p[k - 1]], hull.vertices[p[k]])) / 6;
  if (facts.closed && facts.volume > 0 && facts.hull_volume > filled * facts.volume)
    c.note("convex-hull", who + " collides as its convex hull: " + number(facts.hull_volume) + " m^3 instead of " + number(facts.volume) + " m^3", place);
  for (const std::string& what : hull.adjusted) c.note("hull-adjusted", who + ": " + what, place);
  Model& m = c.model;
  const int count = int(hull.vertices.size());
  Vec middle{0, 0, 0};
  double reach = 0, inside = INFINITY;
  for (const Vec& v : hull.vertices) {
    middle = add(middle, scale(v, 1.0 / count));
    reach = std::max(reach, std::sqrt(dot(v, v)));
    append(m.mesh_vertex, v);
  }
  std::vector<std::vector<std::array<int, 2>>> links(count);     // of a corner: neighbour, polygon
  std::map<std::array<int, 2>, int> edges;
  for (size_t p = 0; p < hull.polygons.size(); ++p) {
    const std::vector<int>& polygon = hull.polygons[p];
    inside = std::min(inside, dot(hull.normals[p], sub(hull.vertices[polygon[0]], middle)));
    append(m.mesh_normal, hull.normals[p]);
    for (size_t k = 0; k < polygon.size(); ++k) {
      const int from = polygon[k], to = polygon[(k + 1) % polygon.size()];
      m.polygon_corner.push_back(from);
      links[from].push_back({to, int(p)});
      ++edges[{from, to}];
    }
    m.polygon_corner_adr.push_back(int(m.polygon_corner.size()));
  }
  // closed: every edge once each way. A climb over the links would miss the far side of a hull that is not.
  bool closed = inside > 0 && count >= 4;
  for (const auto& [edge, times] : edges) closed = closed && times == 1 && edges.count({edge[1], edge[0]});
  for (const auto& of : links) closed = closed && of.size() >= 3;
  if (!closed) return c.error("bad-hull", who + " has no proper convex hull", place, "is it flat, or far from its origin for its size?"), false;
  for (const auto& of : links) {
    for (const auto& [to, polygon] : of) {
      m.vertex_link.push_back(to);
      m.vertex_link_polygon.push_back(polygon);
    }
    m.vertex_link_adr.push_back(int(m.vertex_link.size()));
  }
  m.mesh_vertex_adr.push_back(m.mesh_vertex_adr.back() + count);
  m.mesh_polygon_adr.push_back(m.mesh_polygon_adr.back() + int(hull.polygons.size()));
  m.mesh_thickness.push_back(inside);
  m.mesh_radius.push_back(reach);
  return true;
}

// By pyramids over the first vertex.
double signed_volume(const shape::Mesh& mesh) {
  double sum = 0;
  for (const auto& f : mesh.faces) {
    const Vec &tip = mesh.vertices[0], &a = mesh.vertices[size_t(f[0])], &b = mesh.vertices[size_t(f[1])], &d = mesh.vertices[size_t(f[2])];
    sum += dot(sub(a, tip), cross(sub(b, tip), sub(d, tip))) / 6;
  }
  return sum;
}

bool append_field(Compilation& c, const HeightField& from, const std::string& who) {
  Grid grid{from.rows, from.columns, from.elevation};
  if (!from.file.empty()) {
    Result<Grid> read = read_grid(from.file);
    if (!read) return adopt(c, read.errors(), who, from.place), false;
    grid = std::move(*read);
  }
  const auto proper = [](int side) { return side >= 2 && side <= limits::grid_side; };
  if (!proper(grid.rows) || !proper(grid.columns)) return c.error("bad-height-field", who + " needs 2 to " + std::to_string(limits::grid_side) + " rows and columns", from.place), false;
  const size_t count = size_t(grid.rows) * size_t(grid.columns);
  if (grid.elevation.empty()) grid.elevation.assign(count, 0);
  if (grid.elevation.size() != count) return c.error("bad-height-field", who + " has " + std::to_string(grid.elevation.size()) + " elevations instead of rows x columns = " + std::to_string(count), from.place), false;
  for (double s : from.size)
    if (!(s > 0) || !std::isfinite(s)) return c.error("bad-size", who + ": sizes must be positive", from.place), false;
  for (float h : grid.elevation)
    if (!std::isfinite(h)) return c.error("bad-height-field", who + " has an elevation that is not finite", from.place), false;
  // elevations span 0 .. 1, in single precision as MuJoCo has them
  const auto [low, high] = std::minmax_element(grid.elevation.begin(), grid.elevation.end());
  const float base = *low, range = *high - *low;
  Model& m = c.model;
  if (m.height_field_elevation.size() + count > size_t{INT32_MAX}) return c.error("bad-height-field", who + ": too many elevations in one model", from.place), false;
  for (float h : grid.elevation) m.height_field_elevation.push_back(range > 0 ? double((h - base) / range) : 0.0);
  append(m.height_field_size, from.size);
  m.height_field_rows.push_back(grid.rows);
  m.height_field_columns.push_back(grid.columns);
  m.height_field_adr.push_back(int(m.height_field_elevation.size()));
  return true;
}
}  // namespace

// Reads what geoms name. A mesh without a volume has no frame of its own: an error only if it has to weigh or touch something.
void read_shapes(Compilation& c) {
  const Scene& s = c.scene;
  c.meshes.resize(s.meshes.size());
  for (size_t g = 0; g < s.geoms.size(); ++g) {
    const Geom& geom = s.geoms[g];
    const std::string who = label("geom", geom.name, g);
    if (geom.type == GeomType::hfield && (geom.height_field < 0 || size_t(geom.height_field) >= s.height_fields.size())) c.error("bad-reference", who + " names no height field", geom.place);
    if (geom.type != GeomType::mesh) continue;
    if (geom.mesh < 0 || size_t(geom.mesh) >= s.meshes.size()) c.error("bad-reference", who + " names no mesh", geom.place);
    else load_mesh(c, geom.mesh);
  }
}

const LoadedMesh& load_mesh(Compilation& c, int index) {
  const scene::Mesh& from = c.scene.meshes[size_t(index)];
  LoadedMesh& to = c.meshes[size_t(index)];
  if (to.tried) return to;
  to.tried = true;
  const std::string name = label("mesh", from.name, size_t(index));
  shape::Mesh mesh;
  to.loaded = load(c, from, name, mesh);
  if (!to.loaded) return to;
  to.facts = {from.name, from.file, mesh.vertices.size(), mesh.faces.size(), is_closed(mesh.faces), signed_volume(mesh), 0, 0, {}, from.place};
  Result<MassPart> mass = mesh_mass(mesh, MassRule(int(from.inertia)), 1);
  if (mass) {
    to.part = *mass;
    to.weighs = true;
  } else {
    to.why = mass.errors();
  }
  // seen from the centre of mass and principal axes
  const Mat axes = matrix(to.part.quat);
  to.faces = std::move(mesh.faces);
  to.texcoords = std::move(mesh.texcoords);
  for (const Vec& n : mesh.normals) to.normals.push_back(transposed_mul(axes, n));
  for (Vec v : mesh.vertices) {
    v = transposed_mul(axes, sub(v, to.part.pos));
    for (int k = 0; k < 3; ++k) to.half[k] = std::max(to.half[k], std::abs(v[k]));
    to.vertices.push_back(v);
  }
  return to;
}

void adopt(Compilation& c, const std::vector<Diagnostic>& errors, const std::string& who, const Place& place) {
  for (const Diagnostic& d : errors) c.error(d.code, who + ": " + d.message, place, d.hint);
}

MassPart frame_of(const Compilation& c, const Geom& g) {
  MassPart at{g.pos, unit(g.quat), 0, {0, 0, 0}};
  if (g.type != GeomType::mesh || g.mesh < 0 || size_t(g.mesh) >= c.meshes.size()) return at;
  const LoadedMesh& mesh = c.meshes[size_t(g.mesh)];
  at.pos = add(at.pos, rotate(at.quat, mesh.part.pos));
  at.quat = unit(mul(at.quat, mesh.part.quat));
  return at;
}

MassPart mesh_part(Compilation& c, const Geom& g) {
  MassPart at = frame_of(c, g);
  if (g.mesh < 0 || size_t(g.mesh) >= c.meshes.size()) return at;
  const LoadedMesh& mesh = c.meshes[size_t(g.mesh)];
  if (!mesh.weighs) {
    adopt(c, mesh.why, "the mass of mesh geom '" + g.name + "'", g.place);
    return at;
  }
  at.mass = std::isnan(g.mass) ? g.density * mesh.part.mass : g.mass;
  const scene::Mesh& from = c.scene.meshes[size_t(g.mesh)];
  if (!mesh.facts.closed && (from.inertia == MeshInertia::legacy || from.inertia == MeshInertia::exact))
    c.note("open-mesh", "mesh '" + from.name + "' is not watertight, so that " + (std::isnan(g.mass) ? "the mass of its geom, " + number(at.mass) + " kg, and its moments are guesses" : "the moments of its geom are guesses"), g.place);
  at.inertia = scale(mesh.part.inertia, at.mass / mesh.part.mass);
  return at;
}

void compile_shapes(Compilation& c) {
  Model& m = c.model;
  const Scene& s = c.scene;
  m.geom_shape.assign(size_t(m.geom_count), -1);
  m.mesh_vertex_adr = m.mesh_polygon_adr = m.polygon_corner_adr = m.vertex_link_adr = m.height_field_adr = {0};
  std::map<int, int> hulls, fields;                              // the scene's index: the model's
  const bool rays = casts_rays(s);
  for (int g = 0; g < m.geom_count; ++g) {
    const Geom& geom = s.geoms[size_t(g)];
    if (m.geom_collides[size_t(g)] == 0 && !rays && geom.type != GeomType::hfield) continue;   // fields are drawn from here, too
    if (geom.type == GeomType::mesh) {
      const scene::Mesh& from = s.meshes[size_t(geom.mesh)];
      const auto [at, fresh] = hulls.insert({geom.mesh, int(hulls.size())});
      if (fresh && !append_hull(c, label("mesh", from.name, size_t(geom.mesh)), from.place, c.meshes[size_t(geom.mesh)], from.maxhullvert)) return;
      if (fresh && rays) add_ray_mesh(m, c.meshes[size_t(geom.mesh)].vertices, c.meshes[size_t(geom.mesh)].faces);
      m.geom_shape[size_t(g)] = at->second;
    }
    if (geom.type == GeomType::hfield) {
      const HeightField& from = s.height_fields[size_t(geom.height_field)];
      const auto [at, fresh] = fields.insert({geom.height_field, int(fields.size())});
      if (fresh && !append_field(c, from, label("height field", from.name, size_t(geom.height_field)))) return;
      m.geom_shape[size_t(g)] = at->second;
    }
  }
  m.mesh_count = int(hulls.size());
  m.mesh_vertex_count = m.mesh_vertex_adr.back();
  m.mesh_polygon_count = m.mesh_polygon_adr.back();
  m.mesh_corner_count = int(m.polygon_corner.size());
  m.height_field_count = int(fields.size());
  m.elevation_count = m.height_field_adr.back();
}

}  // namespace nuri::model
