// Rays against meshes and height fields: every triangle asked with another formula (Cramer's rule in long double) must give
// what the tree gives; trees are well formed; nothing slips between triangles.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "engine/shape/bvh.h"
#include "engine/shape/bvh_build.h"

NURI_KERNEL_BEGIN
namespace {
using shape::Vec;
using Faces = std::vector<std::array<int, 3>>;

struct Mesh { std::vector<Vec> vertices; Faces faces; };

double number(std::mt19937_64& random, double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); }

Mesh soup(std::mt19937_64& random, int triangles, double size) {
  Mesh m;
  for (int i = 0; i < triangles; ++i) {
    const Vec centre{number(random, -1, 1), number(random, -1, 1), number(random, -1, 1)};
    for (int k = 0; k < 3; ++k) m.vertices.push_back({centre[0] + number(random, -size, size), centre[1] + number(random, -size, size), centre[2] + number(random, -size, size)});
    m.faces.push_back({3 * i, 3 * i + 1, 3 * i + 2});
  }
  return m;
}

// A closed bumpy ball of 2 n (n - 1) triangles.
Mesh blob(int n) {
  Mesh m;
  m.vertices.push_back({0, 0, -1});
  for (int i = 1; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      const double a = 3.141592653589793 * i / n, b = 6.283185307179586 * j / n, r = 1 + 0.1 * std::sin(5 * a) * std::cos(3 * b);
      m.vertices.push_back({r * std::sin(a) * std::cos(b), r * std::sin(a) * std::sin(b), -r * std::cos(a)});
    }
  m.vertices.push_back({0, 0, 1});
  const auto at = [&](int i, int j) { return i == 0 ? 0 : i == n ? int(m.vertices.size()) - 1 : 1 + (i - 1) * n + j % n; };
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      if (i < n - 1) m.faces.push_back({at(i, j), at(i + 1, j + 1), at(i + 1, j)});
      if (i > 0) m.faces.push_back({at(i, j), at(i, j + 1), at(i + 1, j + 1)});
    }
  return m;
}

template <class T> struct Tree {
  shape::Bvh bvh;
  std::vector<T> vertex, bound;
  Tree(const Mesh& m) : bvh(shape::build_bvh(m.vertices, m.faces)), bound(bvh.bound.begin(), bvh.bound.end()) {
    for (const Vec& v : m.vertices) for (double x : v) vertex.push_back(T(x));
  }
  RayMesh<T> mesh() const { return {vertex.data(), bvh.triangle.data(), bvh.node.data(), bound.data(), int(bvh.node.size() / 2)}; }
  RayHit<Wide<T, 1>> cast(const Vec& x, const Vec& d) const {
    using S = Wide<T, 1>;
    return ray_mesh<T>(mesh(), {S(T(x[0])), S(T(x[1])), S(T(x[2]))}, {S(T(d[0])), S(T(d[1])), S(T(d[2]))});
  }
};

// x + t d = v0 + u e1 + v e2; `slack` says how far outside counts as inside
long double triangle_by_cramer(const Vec& x, const Vec& d, const Vec& v0, const Vec& v1, const Vec& v2, long double slack) {
  using L = long double;
  const L e1[3] = {L(v1[0]) - v0[0], L(v1[1]) - v0[1], L(v1[2]) - v0[2]}, e2[3] = {L(v2[0]) - v0[0], L(v2[1]) - v0[1], L(v2[2]) - v0[2]};
  const L s[3] = {L(x[0]) - v0[0], L(x[1]) - v0[1], L(x[2]) - v0[2]}, m[3] = {-L(d[0]), -L(d[1]), -L(d[2])};
  const auto det = [](const L* a, const L* b, const L* c) { return a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]); };
  const L whole = det(e1, e2, m);
  if (std::fabs(whole) < 1e-18L) return no_ray_hit;
  const L u = det(s, e2, m) / whole, v = det(e1, s, m) / whole, t = det(e1, e2, s) / whole;
  return u >= -slack && v >= -slack && u + v <= 1 + slack && t >= 0 ? t : L(no_ray_hit);
}
long double brute(const Mesh& m, const Vec& x, const Vec& d, long double slack) {
  long double best = no_ray_hit;
  for (const auto& f : m.faces) best = std::min(best, triangle_by_cramer(x, d, m.vertices[size_t(f[0])], m.vertices[size_t(f[1])], m.vertices[size_t(f[2])], slack));
  return best;
}

void random_ray(std::mt19937_64& random, Vec& x, Vec& d) {
  const double far = random() % 3 == 0 ? 0.5 : 4;
  for (double& v : x) v = number(random, -far, far);
  for (size_t k = 0; k < 3; ++k) d[k] = number(random, -0.8, 0.8) - x[k];
  if (random() % 5 == 0) {
    const size_t axis = random() % 3;
    d = {0, 0, 0};
    d[axis] = x[axis] > 0 ? -1 : 1;
    for (size_t k = 0; k < 3; ++k) if (k != axis) x[k] *= 0.2;
  }
  for (size_t k = 0; k < 3; ++k) x[k] = float(x[k]), d[k] = float(d[k]);
}

template <class T> void compare(const Mesh& m, int rays, double tolerance, int least_met) {
  const Tree<T> tree(m);
  std::mt19937_64 random(3);
  int met = 0, edges = 0;
  for (int i = 0; i < rays; ++i) {
    Vec x, d;
    random_ray(random, x, d);
    const double t = double(tree.cast(x, d).t.v);
    // between the triangles a hair smaller and a hair larger
    const long double low = brute(m, x, d, 1e-5L), high = brute(m, x, d, -1e-5L);
    CAPTURE(i);
    REQUIRE(t >= double(low) - tolerance);
    REQUIRE(t <= double(high) + tolerance);
    met += t < no_ray_hit;
    edges += std::fabs(low - high) > 1e-3L;
  }
  CHECK(met > least_met);
  CHECK(edges < rays / 50 + 5);
}

void check_tree(const Mesh& m, const shape::Bvh& bvh) {
  const int nodes = int(bvh.node.size() / 2), triangles = int(m.faces.size());
  REQUIRE(bvh.triangle.size() == 3 * m.faces.size());
  Faces have, want = m.faces;
  for (size_t k = 0; k < bvh.triangle.size(); k += 3) have.push_back({bvh.triangle[k], bvh.triangle[k + 1], bvh.triangle[k + 2]});
  std::sort(have.begin(), have.end()), std::sort(want.begin(), want.end());
  CHECK(have == want);
  std::vector<int> depth(size_t(nodes), 0), covered(size_t(triangles), 0);
  int deepest = 0;
  depth[0] = 1;
  for (int n = 0; n < nodes; ++n) {
    REQUIRE(depth[size_t(n)] > 0);
    deepest = std::max(deepest, depth[size_t(n)]);
    const int first = bvh.node[size_t(2 * n)], count = bvh.node[size_t(2 * n + 1)];
    const double* const box = &bvh.bound[size_t(6 * n)];
    const auto within = [&](const double* low, const double* high) { for (int k = 0; k < 3; ++k) REQUIRE((box[k] <= low[k] && high[k] <= box[3 + k])); };
    for (int k = first; k < first + count; ++k) {
      ++covered[size_t(k)];
      for (int c = 0; c < 3; ++c) {
        const Vec& v = m.vertices[size_t(bvh.triangle[size_t(3 * k + c)])];
        within(v.data(), v.data());
      }
    }
    if (count) continue;
    REQUIRE((first > n && first + 1 < nodes));
    for (int child = first; child < first + 2; ++child) {
      depth[size_t(child)] = depth[size_t(n)] + 1;
      within(&bvh.bound[size_t(6 * child)], &bvh.bound[size_t(6 * child + 3)]);
    }
  }
  CHECK(deepest <= bvh_depth);
  CHECK(std::all_of(covered.begin(), covered.end(), [](int n) { return n == 1; }));
  MESSAGE(triangles << " triangles, depth " << deepest);
}
}  // namespace

TEST_CASE("trees of boxes are well formed, and the same twice") {
  std::mt19937_64 random(1);
  Mesh same = soup(random, 5000, 0);                      // flat: all corners equal within a triangle
  for (Vec& v : same.vertices) v = {0.5, 0.5, 0.5};       // and all triangles at one place
  Mesh row = soup(random, 3000, 0.001);                   // distances that halve: bins put nearly all on one side
  for (size_t i = 0; i < row.vertices.size(); ++i) row.vertices[i] = {std::ldexp(1.0, -int(i / 9)), double(i % 3), double(i % 2)};
  for (const Mesh& m : {soup(random, 1, 0.1), soup(random, 2000, 0.1), soup(random, 2000, 1), blob(100), same, row}) {
    const shape::Bvh bvh = shape::build_bvh(m.vertices, m.faces), again = shape::build_bvh(m.vertices, m.faces);
    check_tree(m, bvh);
    CHECK(bvh.node == again.node);
    CHECK(bvh.triangle == again.triangle);
  }
  CHECK(shape::build_bvh({}, {}).node.empty());
  using S = Wide<double, 1>;
  CHECK(ray_mesh<double>({nullptr, nullptr, nullptr, nullptr, 0}, {S(0), S(0), S(0)}, {S(1), S(0), S(0)}).t.v == no_ray_hit);
}

TEST_CASE("rays against soups of triangles: the tree gives what all triangles give") {
  std::mt19937_64 random(2);
  const Mesh few = soup(random, 40, 0.5), many = soup(random, 1500, 0.1);
  compare<double>(few, 4000, 1e-6, 1000);
  compare<float>(few, 4000, 2e-5, 1000);
  compare<double>(many, 2000, 1e-6, 1000);
  compare<float>(many, 2000, 2e-5, 1000);
}

TEST_CASE("rays against 100 thousand triangles") {
  const Mesh m = blob(224);
  CHECK(m.faces.size() > 99'000);
  check_tree(m, shape::build_bvh(m.vertices, m.faces));
  compare<double>(m, 60, 1e-6, 30);
  compare<float>(m, 60, 1e-4, 30);
}

TEST_CASE("a refitted tree is as good as a new one") {
  std::mt19937_64 random(4);
  Mesh m = blob(40);
  Tree<double> tree(m);
  for (Vec& v : m.vertices) v = {1.5 * v[0] + 0.2 * v[1], 0.6 * v[1], v[2] + 0.3 * v[0]};
  shape::refit(tree.bvh, m.vertices);
  check_tree(m, tree.bvh);
  tree.bound = tree.bvh.bound;
  tree.vertex.clear();
  for (const Vec& v : m.vertices) tree.vertex.insert(tree.vertex.end(), v.begin(), v.end());
  const Tree<double> made(m);
  for (int i = 0; i < 3000; ++i) {
    Vec x, d;
    random_ray(random, x, d);
    REQUIRE(tree.cast(x, d).t.v == made.cast(x, d).t.v);
  }
}

// Every ray from inside a closed mesh meets it, aimed at corners and edges above all.
template <class T> int leaks() {
  const Mesh m = blob(24);
  const Tree<T> tree(m);
  std::mt19937_64 random(9);
  int missed = 0;
  for (int i = 0; i < 60000; ++i) {
    const auto& f = m.faces[random() % m.faces.size()];
    const double a = random() % 3 == 0 ? 0 : number(random, 0, 1);
    const Vec x{number(random, -0.3, 0.3), number(random, -0.3, 0.3), number(random, -0.3, 0.3)};
    const Vec& v = m.vertices[size_t(f[0])];
    const Vec& w = m.vertices[size_t(f[1])];
    Vec d;
    for (size_t k = 0; k < 3; ++k) d[k] = T(T(v[k] + a * (w[k] - v[k])) - T(x[k]));
    missed += !(tree.cast(x, d).t.v < T(no_ray_hit));
  }
  return missed;
}
TEST_CASE("no ray slips between the triangles of a closed mesh") {
  CHECK(leaks<float>() == 0);
  CHECK(leaks<double>() == 0);
}

// The solid's surface as triangles: the field, its walls and base.
template <class T> Mesh field_mesh(const RayGrid<T>& g) {
  Mesh m;
  for (int r = 0; r < g.rows; ++r)
    for (int c = 0; c < g.columns; ++c) {
      const auto p = grid_point(g, r, c);
      m.vertices.push_back({double(p.x.v), double(p.y.v), double(p.z.v)});
    }
  const int n = g.rows * g.columns;
  for (int i = 0; i < n; ++i) m.vertices.push_back({m.vertices[size_t(i)][0], m.vertices[size_t(i)][1], -double(g.base)});
  const auto quad = [&](int a, int b, int c, int d) { m.faces.push_back({a, b, c}), m.faces.push_back({a, c, d}); };
  for (int r = 0; r + 1 < g.rows; ++r)
    for (int c = 0; c + 1 < g.columns; ++c) {
      const int i = r * g.columns + c;
      m.faces.push_back({i, i + 1, i + g.columns + 1});
      m.faces.push_back({i, i + g.columns + 1, i + g.columns});
      quad(n + i, n + i + g.columns, n + i + g.columns + 1, n + i + 1);
    }
  for (int c = 0; c + 1 < g.columns; ++c)
    for (int i : {c, (g.rows - 1) * g.columns + c}) quad(i, i + 1, n + i + 1, n + i);
  for (int r = 0; r + 1 < g.rows; ++r)
    for (int i : {r * g.columns, r * g.columns + g.columns - 1}) quad(i, i + g.columns, n + i + g.columns, n + i);
  return m;
}

template <class T> void compare_field(double tolerance) {
  using S = Wide<T, 1>;
  std::mt19937_64 random(6);
  int met = 0, odd = 0;
  for (int field = 0; field < 30; ++field) {
    const int rows = 2 + int(random() % 20), columns = 2 + int(random() % 20);
    std::vector<T> elevation;
    for (int i = 0; i < rows * columns; ++i) elevation.push_back(field == 0 ? T(0) : T(number(random, 0, 1)));
    const RayGrid<T> g{elevation.data(), rows, columns, T(1), T(0.7), T(0.5), T(0.25)};
    const Mesh m = field_mesh(g);
    for (int i = 0; i < 400; ++i) {
      Vec x, d;
      random_ray(random, x, d);
      if (random() % 4 == 0) x[2] = float(number(random, -0.2, 0.6)), d[2] = float(0.05 * d[2]);   // flat over the ground
      const auto hit = ray_grid<T>(g, {S(T(x[0])), S(T(x[1])), S(T(x[2]))}, {S(T(d[0])), S(T(d[1])), S(T(d[2]))});
      const double t = double(hit.t.v);
      const long double low = brute(m, x, d, 1e-4L), high = brute(m, x, d, -1e-4L);
      CAPTURE(field);
      CAPTURE(i);
      REQUIRE(t >= double(low) - tolerance);
      if (t > double(high) + tolerance) ++odd;             // through the rim where wall and field meet
      met += t < no_ray_hit;
      if (t < no_ray_hit) REQUIRE(std::abs(double(hit.normal.x.v * hit.normal.x.v + hit.normal.y.v * hit.normal.y.v + hit.normal.z.v * hit.normal.z.v) - 1) < 1e-5);
    }
  }
  CHECK(met > 4000);
  CHECK(odd == 0);
  const RayGrid<T> flat{nullptr, 2, 2, T(1), T(1), T(1), T(1)};
  CHECK(ray_grid<T>(flat, {S(3), S(3), S(3)}, {S(0), S(0), S(0)}).t.v == T(no_ray_hit));
}
TEST_CASE("rays against height fields: what all their triangles, walls and base give") {
  compare_field<double>(1e-6);
  compare_field<float>(1e-4);
}

NURI_KERNEL_END
