// Meshes that are made, not read: asset/mesh/builtin. Shapes and parameters: mujoco.readthedocs.io, XML Reference, "mesh".
//
//   sphere S                icosahedron on the unit sphere, every triangle cut into four S times
//   hemisphere R            upper half of an octahedron with R more rings, blown up to the unit sphere, and its centre
//   cone N r                regular N-gon at z = -1 and one of radius r (0: its centre) at z = 1
//   supersphere N e n       longitudes u, latitudes v:  x = c(v,n) c(u,e)  y = c(v,n) s(u,e)  z = s(v,n)
//   supertorus N r s t      x = (1 + r c(v,s)) c(u,t)  y = (1 + r c(v,s)) s(u,t)  z = r s(v,s)
// with c(w,m) = sgn(cos w) |cos w|^m and s likewise (A. Barr, Superquadrics and angle-preserving transformations, 1981). The first three
// are convex: their corners say all, and the compiler makes the faces.
#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include "engine/scene/mjcf_reader.h"

namespace nuri::scene::mjcf {
namespace {

void add(Mesh& mesh, Array3 v, bool to_sphere = false) {
  const double length = to_sphere ? std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]) : 1;
  for (double x : v) mesh.vertices.push_back(x / length);
}

double power(double w, double m) { return std::copysign(std::pow(std::abs(w), m), w); }

void sphere(int cuts, Mesh& out) {
  const double golden = 0.5 * (1 + std::sqrt(5.0));
  for (double a : {-1.0, 1.0})
    for (double b : {-golden, golden}) add(out, {a, b, 0}, true), add(out, {0, a, b}, true), add(out, {b, 0, a}, true);
  const auto at = [&](int i) { return Array3{out.vertices[3 * static_cast<std::size_t>(i)], out.vertices[3 * static_cast<std::size_t>(i) + 1], out.vertices[3 * static_cast<std::size_t>(i) + 2]}; };
  const auto near = [&](int i, int j) {                          // an edge of the icosahedron: its ends are 63 degrees apart
    const Array3 a = at(i), b = at(j);
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] > 0.3;
  };
  std::vector<std::array<int, 3>> faces;
  for (int i = 0; i < 12; ++i)
    for (int j = i + 1; j < 12; ++j)
      for (int k = j + 1; k < 12; ++k) if (near(i, j) && near(j, k) && near(i, k)) faces.push_back({i, j, k});
  for (int cut = 0; cut < cuts; ++cut) {
    std::map<std::pair<int, int>, int> middles;
    const auto middle = [&](int i, int j) {
      const auto [entry, is_new] = middles.try_emplace(std::minmax(i, j), static_cast<int>(out.vertices.size() / 3));
      const Array3 a = at(i), b = at(j);
      if (is_new) add(out, {a[0] + b[0], a[1] + b[1], a[2] + b[2]}, true);
      return entry->second;
    };
    std::vector<std::array<int, 3>> finer;
    for (const auto& [i, j, k] : faces) {
      const int a = middle(i, j), b = middle(j, k), c = middle(i, k);
      finer.insert(finer.end(), {{i, a, c}, {j, a, b}, {k, b, c}, {a, b, c}});
    }
    faces = std::move(finer);
  }
}

void hemisphere(int rings, Mesh& out) {
  add(out, {0, 0, 0});
  add(out, {0, 0, 1});
  for (int k = 1; k <= rings + 1; ++k)
    for (int j = 0; j < k; ++j) {
      const double x = k - j, y = j, z = rings + 1 - k;
      add(out, {x, y, z}, true), add(out, {-y, x, z}, true), add(out, {-x, -y, z}, true), add(out, {y, -x, z}, true);
    }
}

void cone(int sides, double radius, Mesh& out) {
  for (int i = 0; i < sides; ++i) {
    const double angle = 2 * std::numbers::pi * i / sides;
    add(out, {std::cos(angle), std::sin(angle), -1});
    if (radius > 0) add(out, {radius * std::cos(angle), radius * std::sin(angle), 1});
  }
  if (!(radius > 0)) add(out, {0, 0, 1});
}

void supersphere(int n, double east, double north, Mesh& out) {
  add(out, {0, 0, -1});
  for (int i = 1; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      const double v = -0.5 * std::numbers::pi + std::numbers::pi * i / n, u = -std::numbers::pi + 2 * std::numbers::pi * j / n, ring = power(std::cos(v), north);
      add(out, {ring * power(std::cos(u), east), ring * power(std::sin(u), east), power(std::sin(v), north)});
    }
  add(out, {0, 0, 1});
  const int top = 1 + (n - 1) * n;
  for (int j = 0; j < n; ++j) {
    const int next = (j + 1) % n;
    out.faces.insert(out.faces.end(), {0, 1 + next, 1 + j});
    for (int first = 1; first + n < top; first += n) out.faces.insert(out.faces.end(), {first + j, first + next, first + n + j, first + next, first + n + next, first + n + j});
    out.faces.insert(out.faces.end(), {top - n + j, top - n + next, top});
  }
}

void supertorus(int n, double radius, double minor, double major, Mesh& out) {
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      const double u = 2 * std::numbers::pi * i / n, v = 2 * std::numbers::pi * j / n, ring = 1 + radius * power(std::cos(v), minor);
      add(out, {ring * power(std::cos(u), major), ring * power(std::sin(u), major), radius * power(std::sin(v), minor)});
      const int a = i * n + j, b = i * n + (j + 1) % n, c = (i + 1) % n * n + j, d = (i + 1) % n * n + (j + 1) % n;
      out.faces.insert(out.faces.end(), {a, c, b, c, d, b});
    }
}

}  // namespace

void read_builtin_mesh(Attributes& a, Mesh& out) {
  enum class Kind { sphere, hemisphere, cone, supersphere, supertorus, later } kind = Kind::later;
  std::vector<double> p;
  a.list("params", p);
  if (!a.has("builtin")) {
    if (a.has("params")) a.error("params", "conflicting-attributes", "params belong to a mesh with 'builtin'");
    return;
  }
  if (!a.keyword("builtin", kind, {{"sphere", Kind::sphere}, {"hemisphere", Kind::hemisphere}, {"cone", Kind::cone}, {"supersphere", Kind::supersphere}, {"supertorus", Kind::supertorus},
                                   {"wedge", Kind::later}, {"plate", Kind::later}, {"grid", Kind::later}, {"box", Kind::later}, {"cylinder", Kind::later}, {"ellipsoid", Kind::later},
                                   {"square", Kind::later}, {"disc", Kind::later}})) return;
  if (kind == Kind::later) return a.error("builtin", "not-supported-yet", "this builtin mesh is not supported yet: it is made for tactile sensors and soft bodies");
  constexpr std::size_t counts[] = {1, 1, 2, 3, 4};
  constexpr double least[] = {0, 0, 3, 3, 3}, most[] = {4, 10, 10'000, 300, 300};
  const auto k = static_cast<std::size_t>(kind);
  if (!a.check(p.size() == counts[k], "params", "hold " + std::to_string(counts[k]) + (counts[k] == 1 ? " number" : " numbers"))) return;
  if (!a.check(p[0] >= least[k] && p[0] <= most[k] && p[0] == std::floor(p[0]), "params", "begin with a whole number from " + std::to_string(static_cast<int>(least[k])) + " to " + std::to_string(static_cast<int>(most[k])))) return;
  const int n = static_cast<int>(p[0]);
  if (kind == Kind::cone && !a.check(p[1] >= 0 && p[1] <= 1, "params", "end with a radius from 0 to 1")) return;
  if (kind == Kind::supersphere && !a.check(p[1] >= 0 && p[2] >= 0, "params", "end with exponents >= 0")) return;
  if (kind == Kind::supertorus && !a.check(p[1] > 0 && p[1] <= 1 && p[2] > 0 && p[3] > 0, "params", "end with a radius in 0 .. 1 and two exponents > 0")) return;
  switch (kind) {
    case Kind::sphere: return sphere(n, out);
    case Kind::hemisphere: return hemisphere(n, out);
    case Kind::cone: return cone(n, p[1], out);
    case Kind::supersphere: return supersphere(n, p[1], p[2], out);
    case Kind::supertorus: return supertorus(n, p[1], p[2], p[3], out);
    case Kind::later: return;
  }
}

}  // namespace nuri::scene::mjcf
