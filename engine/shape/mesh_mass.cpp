// Mass, centre of mass and moments of a solid bounded by triangles, or of a shell of triangles.
//
// A solid is the sum of the pyramids over its faces with a common tip c; the volume of one over face (p, q, r) is
// V = (p - c) . ((q - c) x (r - c)) / 6, negative for a face that looks towards c, so that closed surfaces sum to their
// volume wherever c is (B. Mirtich, Fast and accurate computation of polyhedral mass properties, JGT 1 (2), 1996, gets the
// same sums by Green's theorem). Its centre is (c + p + q + r) / 4, and with d = p - c, e = q - c, f = r - c its second
// moments are
//   integral x_i x_j dV = V / 20 (2 (d_i d_j + e_i e_j + f_i f_j) + d_i e_j + e_i d_j + d_i f_j + f_i d_j + e_i f_j + f_i e_j);
// a triangle's have its area in place of V and 12 in place of 20. The tip is first the surface's centroid, then the centre
// of mass, so what is far from the origin loses no digits. "Legacy" counts every pyramid as positive, and takes mass and
// moments from those over the centre of mass, as MuJoCo does.
#include <algorithm>
#include <cstdint>

#include "engine/shape/mesh_reader.h"

namespace nuri::shape {
namespace {
constexpr double least = 1e-15;            // m^3 or m^2; MuJoCo's mjMINVAL: less is no mesh but a mistake

struct Triangles { const std::vector<Vec>& vertices; const std::vector<std::array<int, 3>>& faces; };

double area(const Vec& a, const Vec& b, const Vec& c) {
  const Vec n = cross(sub(b, a), sub(c, a));
  return std::sqrt(dot(n, n)) / 2;
}

Vec surface_centroid(const Triangles& t, double& out_area) {
  Vec sum{0, 0, 0};
  out_area = 0;
  const Vec origin = t.vertices[t.faces[0][0]];
  for (const auto& f : t.faces) {
    const Vec &a = t.vertices[f[0]], &b = t.vertices[f[1]], &c = t.vertices[f[2]];
    const double s = area(a, b, c);
    out_area += s;
    sum = add(sum, scale(add(add(sub(a, origin), sub(b, origin)), sub(c, origin)), s / 3));
  }
  return add(origin, scale(sum, 1 / out_area));
}

struct Sums { double volume = 0; Vec first{0, 0, 0}; std::array<double, 6> second{}; };   // about the tip: xx yy zz xy xz yz

Sums sums(const Triangles& t, MassRule rule, const Vec& tip) {
  Sums out;
  for (const auto& face : t.faces) {
    const Vec d = sub(t.vertices[face[0]], tip), e = sub(t.vertices[face[1]], tip), f = sub(t.vertices[face[2]], tip);
    const bool shell = rule == MassRule::shell;
    double v = shell ? area(d, e, f) : dot(d, cross(e, f)) / 6;
    if (rule == MassRule::legacy) v = std::abs(v);
    out.volume += v;
    const int pair[6][2] = {{0, 0}, {1, 1}, {2, 2}, {0, 1}, {0, 2}, {1, 2}};
    for (int k = 0; k < 3; ++k) out.first[k] += v * (d[k] + e[k] + f[k]) / (shell ? 3 : 4);
    for (int k = 0; k < 6; ++k) {
      const int i = pair[k][0], j = pair[k][1];
      out.second[k] += v / (shell ? 12 : 20) * (2 * (d[i] * d[j] + e[i] * e[j] + f[i] * f[j]) + d[i] * e[j] + e[i] * d[j] + d[i] * f[j] + f[i] * d[j] + e[i] * f[j] + f[i] * e[j]);
    }
  }
  return out;
}

// Two faces that run through an edge in the same direction.
bool turned_against_each_other(const std::vector<std::array<int, 3>>& faces) {
  std::vector<uint64_t> edges;
  for (const auto& f : faces) for (int k = 0; k < 3; ++k) edges.push_back(uint64_t(f[k]) << 32 | uint64_t(f[(k + 1) % 3]));
  std::sort(edges.begin(), edges.end());
  return std::adjacent_find(edges.begin(), edges.end()) != edges.end();
}
}  // namespace

Result<MassPart> mesh_mass(const Mesh& mesh, MassRule rule, double density) {
  const bool shell = rule == MassRule::shell;
  if (mesh.vertices.empty() || (mesh.faces.empty() && rule != MassRule::convex)) return mesh_error("empty-mesh", "a mesh without faces has no mass");

  // what is summed over
  std::vector<Vec> vertices;
  std::vector<std::array<int, 3>> faces;
  if (rule == MassRule::convex) {
    const Result<Hull> hull = convex_hull(mesh.vertices);
    if (!hull) return hull.errors();
    vertices = hull->vertices;
    for (const auto& p : hull->polygons) for (std::size_t k = 2; k < p.size(); ++k) faces.push_back({p[0], p[k - 1], p[k]});
  }
  const Triangles all = rule == MassRule::convex ? Triangles{vertices, faces} : Triangles{mesh.vertices, mesh.faces};
  if (rule == MassRule::exact && turned_against_each_other(mesh.faces)) {
    return mesh_error("inconsistent-faces", "faces of the mesh are turned against each other, so its exact volume has no meaning", "repair the mesh, or use inertia=\"convex\" or \"shell\"");
  }
  double surface = 0;
  const Vec centroid = surface_centroid(all, surface);
  if (!(surface > least) || !std::isfinite(surface)) return mesh_error("empty-mesh", "the mesh has no area");

  // centre of mass, then everything about it
  const Sums about_centroid = sums(all, rule, centroid);
  const char* quantity = shell ? "area" : "volume";
  if (about_centroid.volume < -least) return mesh_error("inverted-mesh", "the mesh has a negative volume: its faces are turned inside out", "turn its faces, or use inertia=\"convex\"");
  if (!(about_centroid.volume > least)) return mesh_error("no-volume", std::string("the mesh has no ") + quantity, "use inertia=\"shell\" for a surface");
  const Vec centre = add(centroid, scale(about_centroid.first, 1 / about_centroid.volume));
  const Sums s = sums(all, rule, centre);
  const std::array<double, 6>& p = s.second;
  MassPart out{centre, {1, 0, 0, 0}, s.volume * density, {0, 0, 0}};
  const std::array<double, 6> inertia{p[1] + p[2], p[0] + p[2], p[0] + p[1], -p[3], -p[4], -p[5]};
  out.inertia = scale(principal(inertia, out.quat), density);

  // an open surface may give what no body has
  const Vec& m = out.inertia;
  const double slack = 1e-6 * m[0];   // MuJoCo's tolerance
  if (!(s.volume > least) || !(m[2] > 0) || !std::isfinite(m[0]) || m[1] + m[2] < m[0] - slack) return mesh_error("bad-inertia", "the mesh's moments of inertia are those of no body: its surface is open or broken", "repair the mesh, or use inertia=\"convex\" or \"shell\"");
  return out;
}

}  // namespace nuri::shape
