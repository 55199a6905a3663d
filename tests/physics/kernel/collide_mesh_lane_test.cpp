// Narrow phase of hulls: depth against all separating axes, distance against a certificate, several points, the same bits for every width.
#include <doctest/doctest.h>
#include <cstring>
#include "tests/physics/kernel/shapes_view.h"

using namespace nuri;

namespace {
using D = Wide<double, 1>;

namespace tolerance {
constexpr double depth = 1e-8, depth_float = 3e-5;          // of the two sizes
constexpr double witness = 1e-5, witness_float = 1e-3;      // worst seen 1.4e-6, 1.8e-4
constexpr double mujoco_dist = 1e-7, mujoco_normal = 1e-5;  // MuJoCo's convex solver at 1e-10; it keeps meshes in float
constexpr double mujoco_curved = 5e-3;                      // normals where a curved surface meets a corner
}

struct Case {
  int type1;
  double geom1[10], geom2[7], margin;
  std::vector<double> corners1, corners2;
  std::vector<std::array<double, 7>> hits;
};
const Case cases[] = {
#include "collide_mesh_cases.inl"
};
Polyhedron hull_of_numbers(const std::vector<double>& v) {
  std::vector<Point> points;
  for (size_t k = 0; k + 2 < v.size(); k += 3) points.push_back({v[k], v[k + 1], v[k + 2]});
  return hull_of_points(points);
}

Point in_world(const Shape<D>& s, const Point& p) {
  const Vec3<D> q = s.pos + s.mat * Vec3<D>{p[0], p[1], p[2]};
  return {q.x.v, q.y.v, q.z.v};
}
struct World {
  std::vector<Point> vertices, normals, edges;
  World(const Polyhedron& h, const Placed& at) {
    const Shape<D> s = at.shape<D>();
    for (const Point& p : h.vertices) vertices.push_back(in_world(s, p));
    for (const Point& n : h.normals) normals.push_back(minus(in_world(s, n), in_world(s, {0, 0, 0})));
    for (const auto& polygon : h.polygons)
      for (size_t k = 0; k < polygon.size(); ++k) {
        const int i = polygon[k], j = polygon[(k + 1) % polygon.size()];
        if (i < j) edges.push_back(minus(vertices[j], vertices[i]));
      }
    for (size_t f = 0; f < normals.size(); ++f) offset.push_back(inner(normals[f], vertices[h.polygons[f][0]]));
  }
  std::vector<double> offset;
  double reach(const Point& n) const {
    double best = -1e300;
    for (const Point& p : vertices) best = std::max(best, inner(p, n));
    return best;
  }
  double outside(const Point& p) const {
    double most = -1e300;
    for (size_t f = 0; f < normals.size(); ++f) most = std::max(most, inner(normals[f], p) - offset[f]);
    return most;
  }
};
double separation(const World& a, const World& b, const Point& n) { return -b.reach({-n[0], -n[1], -n[2]}) - a.reach(n); }
// The exact separation of overlapping polyhedra: the greatest over all faces' normals and pairs of edges.
double separation(const World& a, const World& b) {
  double most = -1e300;
  for (const Point& n : a.normals) most = std::max(most, separation(a, b, n));
  for (const Point& n : b.normals) most = std::max(most, separation(a, b, {-n[0], -n[1], -n[2]}));
  for (const Point& e : a.edges)
    for (const Point& f : b.edges) {
      Point n = outer(e, f);
      const double length = std::sqrt(inner(n, n));
      if (length < 1e-9 * std::sqrt(inner(e, e) * inner(f, f))) continue;
      for (double& x : n) x /= length;
      most = std::max({most, separation(a, b, n), separation(a, b, {-n[0], -n[1], -n[2]})});
    }
  return most;
}
template <class V> Point point(const V& v) { return {double(v.x.v), double(v.y.v), double(v.z.v)}; }
Point along(const Point& p, const Point& n, double t) { return {p[0] + n[0] * t, p[1] + n[1] * t, p[2] + n[2] * t}; }

struct Worst { double depth = 0, witness = 0; int touching = 0, apart = 0; };

// Two hulls at random: rocks and bricks of all proportions, from apart to one inside the other.
template <class T> Worst random_pairs(int rounds, double thin, uint64_t seed) {
  Dice dice(seed);
  Worst worst;
  for (int round = 0; round < rounds; ++round) {
    const auto half = [&] { return Point{std::pow(thin, dice.uniform(0, 1)), std::pow(thin, dice.uniform(0, 1)), std::pow(thin, dice.uniform(0, 1))}; };
    const Polyhedron h1 = round % 3 ? dice.rock(6 + dice.pick(20), half()) : brick(half()), h2 = round % 2 ? dice.rock(6 + dice.pick(20), half()) : brick(half());
    ShapesView<T> all;
    const int g1 = all.add(h1), g2 = all.add(h2);
    Placed a, b;
    a.quat = dice.turn(), b.quat = dice.turn();
    const Point d = dice.direction();
    const World w1(h1, a), w2_at_origin(h2, b);
    const double touching = w1.reach(d) + w2_at_origin.reach({-d[0], -d[1], -d[2]}), share = dice.uniform(0, 1.1);
    b.pos = {d[0] * touching * share, d[1] * touching * share, d[2] * touching * share};
    if (round % 50 == 0) b.pos = a.pos;
    const World w2(h2, b);
    const double size = double(all.radius[0] + all.radius[1]), margin = round % 4 ? 0 : 0.2 * size;
    const double exact = separation(w1, w2);
    const auto hits = hits_between(all, false, geom::mesh, g1, a, geom::mesh, g2, b, margin);
    CAPTURE(round);
    CAPTURE(exact);
    if (hits.empty()) {
      CHECK(exact > -(sizeof(T) == 8 ? tolerance::depth : tolerance::depth_float) * size);    // axes see less than the distance
      ++worst.apart;
      continue;
    }
    REQUIRE(hits.size() == 1);
    ++worst.touching;
    const double dist = double(hits[0].dist.v);
    const Point n = point(hits[0].normal), at = point(hits[0].pos);
    CHECK(std::fabs(inner(n, n) - 1) < 1e-5);
    if (exact <= 0) {
      worst.depth = std::max(worst.depth, std::fabs(dist - exact) / size);
    } else {                                                 // points of both that far apart: no axis separates by more
      worst.depth = std::max(worst.depth, std::fabs(dist - separation(w1, w2, n)) / size);
    }
    worst.witness = std::max({worst.witness, w1.outside(along(at, n, -dist / 2)) / size, w2.outside(along(at, n, dist / 2)) / size});
  }
  return worst;
}
}  // namespace

TEST_CASE("hulls: depth is that of the best of all axes, points lie on both surfaces") {
  for (double thin : {0.3, 0.02}) {
    const Worst d = random_pairs<double>(1500, thin, 1), f = random_pairs<float>(1500, thin, 2);
    MESSAGE("thin ", thin, ": double ", d.depth, " ", d.witness, " (", d.touching, " touch); float ", f.depth, " ", f.witness, " (", f.touching, ")");
    CHECK(d.touching > 500);
    CHECK(d.depth < tolerance::depth);
    CHECK(d.witness < tolerance::witness);
    CHECK(f.depth < tolerance::depth_float);
    CHECK(f.witness < tolerance::witness_float);
  }
}

TEST_CASE("hulls: MuJoCo's contacts") {
  for (const Case& c : cases) {
    CAPTURE(c.type1);
    CAPTURE(&c - cases);
    ShapesView<double> all;
    Placed a, b;
    for (int k = 0; k < 3; ++k) a.pos[k] = c.geom1[k], a.size[k] = c.geom1[7 + k], b.pos[k] = c.geom2[k];
    for (int k = 0; k < 4; ++k) a.quat[k] = c.geom1[3 + k], b.quat[k] = c.geom2[3 + k];
    const int g2 = all.add(hull_of_numbers(c.corners2)), g1 = c.type1 == geom::mesh ? all.add(hull_of_numbers(c.corners1)) : 0;
    const auto got = hits_between(all, true, c.type1, g1, a, geom::mesh, g2, b, c.margin);
    REQUIRE(!got.empty());
    const auto deepest = [](const auto& list, auto dist) { return *std::min_element(list.begin(), list.end(), [&](const auto& x, const auto& y) { return dist(x) < dist(y); }); };
    const auto want = deepest(c.hits, [](const auto& h) { return h[0]; });
    CHECK(std::fabs(got[0].dist.v - want[0]) < tolerance::mujoco_dist);
    const Point n = point(got[0].normal), off = minus(n, {want[4], want[5], want[6]});
    const bool curved = c.type1 == geom::ellipsoid || c.type1 == geom::cylinder;
    CHECK(std::sqrt(inner(off, off)) < (curved ? tolerance::mujoco_curved : tolerance::mujoco_normal));
    if (c.type1 == geom::plane) CHECK(got.size() >= c.hits.size());                     // theirs are at most three
  }
}

namespace {
// Every width against one environment at a time, for pairs of all types with a mesh or a height field.
template <class T, int W> void same_bits() {
  using R = Wide<T, W>;
  using S = Wide<T, 1>;
  Dice dice(3);
  ShapesView<T> all;
  const int rocks[] = {all.add(dice.rock(12, {0.5, 0.4, 0.6})), all.add(dice.rock(60, {0.4, 0.5, 0.3})), all.add(brick({0.5, 0.3, 0.4}))};
  std::vector<double> heights;
  for (int k = 0; k < 12 * 9; ++k) heights.push_back(dice.uniform(0, 1));
  const int field = all.add_field(9, 12, {2, 1.5, 0.5, 0.2}, heights);
  int touching = 0;
  for (int type1 = 0; type1 <= geom::mesh; ++type1) {
    for (int type2 = geom::sphere; type2 <= geom::mesh; ++type2) {
      if (type1 > type2 || (type2 != geom::mesh && type1 != geom::hfield)) continue;
      for (int round = 0; round < 8; ++round) {
        const int g1 = type1 == geom::hfield ? field : rocks[dice.pick(3)], g2 = rocks[dice.pick(3)];
        Shape<R> a, b;
        Shape<S> a1[W], b1[W];
        R margin;
        for (int w = 0; w < W; ++w) {
          Placed p, q;
          p.quat = dice.turn(), q.quat = dice.turn();
          p.size = {dice.uniform(0.2, 0.5), dice.uniform(0.2, 0.5), dice.uniform(0.2, 0.5)}, q.size = {dice.uniform(0.2, 0.5), dice.uniform(0.2, 0.5), dice.uniform(0.2, 0.5)};
          for (int k = 0; k < 3; ++k) q.pos[k] = dice.uniform(-0.6, 0.6);
          a1[w] = p.shape<S>(), b1[w] = q.shape<S>();
          set_lane(a.pos, w, a1[w].pos), set_lane(a.size, w, a1[w].size), set_lane(b.pos, w, b1[w].pos), set_lane(b.size, w, b1[w].size);
          for (int k = 0; k < 9; ++k) a.mat.m[k].set(w, a1[w].mat.m[k].v), b.mat.m[k].set(w, b1[w].mat.m[k].v);
          margin.set(w, T(w % 2 ? 0.05 : 0));
        }
        Hit<R> pack[most_hits];
        collide(all.template view<R>(round % 2 == 0), g1, g2, type1, type2, a, b, margin, pack);
        for (int w = 0; w < W; ++w) {
          Hit<S> alone[most_hits];
          collide(all.template view<S>(round % 2 == 0), g1, g2, type1, type2, a1[w], b1[w], S(margin[w]), alone);
          for (int k = 0; k < max_hits(type1, type2); ++k) {
            const Hit<S> got{pack[k].dist[w], lane(pack[k].pos, w), lane(pack[k].normal, w), lane(pack[k].tangent, w)};
            const bool absent = got.dist.v == T(no_hit) && alone[k].dist.v == T(no_hit);
            touching += got.dist.v < T(no_hit);
            CHECK_MESSAGE((absent || std::memcmp(&got, &alone[k], sizeof(got)) == 0), "types ", type1, " ", type2, " lane ", w, " hit ", k);
          }
        }
      }
    }
  }
  CHECK(touching > 400);
}
}  // namespace

TEST_CASE("hulls and height fields: an environment's bits do not depend on its pack") {
  same_bits<float, 4>();
  same_bits<float, 8>();
  same_bits<float, 16>();
  same_bits<double, 4>();
}

namespace {
double area(const std::vector<Point>& p) {                   // of up to four points in the xy plane: the greatest triangle pair
  double most = 0;
  for (size_t i = 0; i < p.size(); ++i)
    for (size_t j = 0; j < p.size(); ++j)
      for (size_t k = 0; k < p.size(); ++k)
        for (size_t l = 0; l < p.size(); ++l) most = std::max(most, std::fabs((p[k][0] - p[i][0]) * (p[l][1] - p[j][1]) - (p[k][1] - p[i][1]) * (p[l][0] - p[j][0])) / 2);
  return most;
}
template <class H> std::vector<Point> places(const std::vector<H>& hits) {
  std::vector<Point> p;
  for (const auto& h : hits) p.push_back(point(h.pos));
  return p;
}
template <class T> void lies_flat() {
  const double slack = sizeof(T) == 8 ? 1e-9 : 1e-5;
  ShapesView<T> all;
  const int slab = all.add(brick({1, 0.8, 0.2})), cube = all.add(brick({0.3, 0.3, 0.3}));
  std::vector<Point> can;                                     // a can of 24 sides
  for (int k = 0; k < 48; ++k) can.push_back({0.3 * std::cos(k % 24 * M_PI / 12), 0.3 * std::sin(k % 24 * M_PI / 12), k < 24 ? -0.4 : 0.4});
  const int drum = all.add(hull_of_points(can));
  struct Trial { const char* what; int type1, g1; Point size1; int type2, g2; Point size2; double height; size_t points; double area; };
  const Trial trials[] = {
    {"cube on slab", geom::mesh, slab, {}, geom::mesh, cube, {}, 0.5, 4, 0.36},
    {"cube on box", geom::box, 0, {1, 0.8, 0.2}, geom::mesh, cube, {}, 0.5, 4, 0.36},
    {"meshed can on slab", geom::mesh, slab, {}, geom::mesh, drum, {}, 0.6, 4, 0.17},
    {"cube on cylinder", geom::cylinder, 0, {0.7, 0.2, 0}, geom::mesh, cube, {}, 0.5, 4, 0.36},
    {"cylinder on box", geom::cylinder, 0, {0.3, 0.4, 0}, geom::box, 0, {1, 0.8, 0.2}, -0.6, 4, 0.17},
    {"cylinder on cylinder", geom::cylinder, 0, {0.5, 0.2, 0}, geom::cylinder, 0, {0.3, 0.4, 0}, 0.6, 4, 0.17},
    {"cube on the ground", geom::plane, 0, {}, geom::mesh, cube, {}, 0.3, 4, 0.36},
    {"meshed can on the ground", geom::plane, 0, {}, geom::mesh, drum, {}, 0.4, 4, 0.17},
  };
  for (const Trial& t : trials) {
    for (const double turn : {0.0, 0.4}) {
      CAPTURE(t.what);
      CAPTURE(turn);
      Placed a, b;
      a.size = t.size1, b.size = t.size2;
      b.quat = {std::cos(turn / 2), 0, 0, std::sin(turn / 2)};
      b.pos = {0.05, -0.02, t.height > 0 ? t.height - 0.001 : t.height + 0.001};
      const auto hits = hits_between(all, true, t.type1, t.g1, a, t.type2, t.g2, b, 0);
      CHECK(hits.size() == t.points);
      for (const auto& h : hits) {
        CHECK(std::fabs(double(h.dist.v) + 0.001) < slack);
        CHECK(std::fabs(std::fabs(double(h.normal.z.v)) - 1) < slack);
      }
      CHECK(area(places(hits)) > t.area - 1e-4);
      if (t.type1 != geom::plane) CHECK(hits_between(all, false, t.type1, t.g1, a, t.type2, t.g2, b, 0).size() == 1);
      // tilted by a hundredth: still there, the deepest first
      b.quat = {std::cos(0.005), 0.6 * std::sin(0.005), 0.8 * std::sin(0.005), 0};
      const auto tilted = hits_between(all, true, t.type1, t.g1, a, t.type2, t.g2, b, 0.02);
      CHECK(tilted.size() >= 3);
      for (const auto& h : tilted) CHECK(h.dist.v >= tilted[0].dist.v);
    }
  }
  // lines: a capsule on a hull, on a cylinder's cap and along its side
  Placed lying, base;
  lying.quat = {std::sqrt(0.5), 0, std::sqrt(0.5), 0};
  lying.pos = {0, 0, 0.299};
  lying.size = {0.1, 0.4, 0};
  base.size = {0.3, 0.2, 0};
  auto hits = hits_between(all, true, geom::capsule, 0, lying, geom::mesh, slab, base, 0);
  REQUIRE(hits.size() == 2);
  CHECK(std::fabs(std::fabs(double(hits[0].pos.x.v - hits[1].pos.x.v)) - 0.8) < slack);
  hits = hits_between(all, true, geom::capsule, 0, lying, geom::cylinder, 0, base, 0);
  REQUIRE(hits.size() == 2);
  CHECK(std::fabs(std::fabs(double(hits[0].pos.x.v - hits[1].pos.x.v)) - 0.6) < slack);
  base.quat = lying.quat;
  lying.pos = {0, 0, 0.399};
  hits = hits_between(all, true, geom::capsule, 0, lying, geom::cylinder, 0, base, 0);
  REQUIRE(hits.size() == 2);
  CHECK(std::fabs(std::fabs(double(hits[0].pos.x.v - hits[1].pos.x.v)) - 0.4) < slack);
  for (const auto& h : hits) CHECK(std::fabs(double(h.dist.v) + 0.001) < slack);
}
}  // namespace

TEST_CASE("what lies flat has several points that span it") {
  lies_flat<double>();
  lies_flat<float>();
}
