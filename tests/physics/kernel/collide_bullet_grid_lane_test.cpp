// T26: height fields against Bullet 3.24 and against the arbiter of collide_bullet.h, triangle by triangle.
//
// What is compared, on fields of random heights, gentle and rough:
//
//   apart     the distance to the nearest triangle. Away from overlap h has one valley, so the arbiter's search ends in it.
//   shallow   from apart, the geom is pushed along the shortest way until it stands `push` deep. By how it was made the depth along that
//             way is `push`, and no depth may be said to be more. Less is right only where the hits together are enough: the geom is moved
//             until every hit's depth is gone along its normal, as a solver would, and must be free.
//   anywhere  whether they touch: the field as MuJoCo has it, a prism under every triangle, down to the base.
//
// Depths beyond that are not compared, because engines mean different things: here a way out per feature of the surface, in Bullet one per
// triangle, sideways or down through the ground as well, in MuJoCo one per prism. Bullet's world has btBvhTriangleMeshShape with these
// triangles; it is hollow, so it is not asked in the last case, but its pair detector is, prism by prism. Geoms stay over the field: its
// walls do not push.
//
// Boundaries that show, each held where it was measured:
//   - With a margin, corners of boxes and hulls, and the lowest points of cylinders, are measured to the plane of the triangle that they hang
//     over. Near a seam that plane is not the surface: up to a third of the distance too near or too far; never said to touch.
//   - Hits of 6 cylinders, 29 boxes and 33 hulls of 720 each leave a rest of a shallow overlap, up to 2e-3 of the size.
#include "tests/skip.h"
#ifdef NURI_BULLET
#include "tests/physics/kernel/collide_bullet.h"

using namespace nuri;

namespace {
constexpr int points = 13;                                                     // a side
constexpr double half_side = 3, base = 3;                                      // m

struct Ground {
  std::vector<double> heights;
  int index;
  Placed placed;
  std::vector<Body> triangles;
  btTriangleMesh mesh;
  std::unique_ptr<btBvhTriangleMeshShape> shape;

  static Vec vec(const Point& p) { return {p[0], p[1], p[2]}; }
  Point at(int r, int c) const { return {half_side * (2.0 * c / (points - 1) - 1), half_side * (2.0 * r / (points - 1) - 1), heights[r * points + c]}; }
  std::array<Point, 3> corners(int t) const {
    const int r = t / 2 / (points - 1), c = t / 2 % (points - 1);
    if (t % 2) return {at(r, c), at(r + 1, c + 1), at(r + 1, c)};
    return {at(r, c), at(r, c + 1), at(r + 1, c + 1)};
  }
  static Body body(const std::vector<Point>& corners) {
    Body b;
    b.type = geom::mesh;
    b.hull.vertices = corners;
    b.frame.setIdentity();
    auto hull = std::make_unique<btConvexHullShape>();
    for (const Point& p : corners) hull->addPoint(vec(p), false);
    hull->setMargin(0);
    b.shape = std::move(hull);
    return b;
  }
  Ground(ShapesView<double>& all, Dice& dice, double rough) {
    for (int k = 0; k < points * points; ++k) heights.push_back(dice.uniform(0, rough));
    index = all.add_field(points, points, {half_side, half_side, 1, base}, heights);
    for (int t = 0; t < 2 * (points - 1) * (points - 1); ++t) {
      const auto [p, q, r] = corners(t);
      triangles.push_back(body({p, q, r}));
      Body& b = triangles.back();
      b.edges = {vec(minus(q, p)), vec(minus(r, q)), vec(minus(p, r))};
      b.faces = {b.edges[0].cross(b.edges[1])};
      mesh.addTriangle(vec(p), vec(q), vec(r));
    }
    shape = std::make_unique<btBvhTriangleMeshShape>(&mesh, true);
    shape->setMargin(0);
  }
  Body prism(int t) const {
    std::vector<Point> six;
    for (const Point& p : corners(t)) six.push_back(p), six.push_back({p[0], p[1], -base});
    Body b = body(six);
    b.edges = triangles[t].edges;
    for (int k = 0; k < 3; ++k) b.faces.push_back(b.edges[k].cross(Vec(0, 0, 1))), b.edges.push_back({b.edges[k][0], b.edges[k][1], 0});
    b.faces.push_back(triangles[t].faces[0]), b.faces.push_back({0, 0, 1}), b.edges.push_back({0, 0, 1});
    return b;
  }
  std::vector<int> around(const Body& g, double reach) const {
    std::vector<int> found;
    for (int t = 0; t < int(triangles.size()); ++t) {
      Vec low(1e9, 1e9, 1e9), high = -low;
      for (const Point& p : triangles[t].hull.vertices) low.setMin(vec(p)), high.setMax(vec(p));
      bool near = true;
      for (int k = 0; k < 2; ++k) near &= low[k] <= g.placed.pos[k] + reach && high[k] >= g.placed.pos[k] - reach;
      if (near) found.push_back(t);
    }
    return found;
  }
};

// The distance to the surface: the nearest triangle's (depth: less than 0). Of others a direction that proves them farther is enough.
struct Surface_truth : Truth {
  int triangle = -1;
};
Surface_truth apart(const Ground& ground, const Body& g, const std::vector<Vec>& hints) {
  Surface_truth worst;
  worst.depth = -1e300;
  struct Candidate { int triangle; Truth truth; };
  std::vector<Candidate> all;
  for (int t : ground.around(g, 2 * g.size() + 0.5)) {
    const Pair p{ground.triangles[t], g};
    Candidate c{t, {}};
    c.truth.offer(p, ground.triangles[t].faces[0]);
    c.truth.offer(p, epa_says(p).normal);
    for (const Vec& n : hints) c.truth.offer(p, n);
    all.push_back(c);
  }
  std::sort(all.begin(), all.end(), [](const Candidate& x, const Candidate& y) { return x.truth.depth > y.truth.depth; });
  for (Candidate& c : all) {
    if (c.truth.depth <= worst.depth) break;
    const Pair p{ground.triangles[c.triangle], g};
    c.truth.descend(p, 1e-3);
    if (c.truth.depth > -1e-3) c.truth = truth_of(p, {c.truth.normal});          // hardly apart, or not at all: nothing is left out
    if (c.truth.depth > worst.depth) static_cast<Truth&>(worst) = c.truth, worst.triangle = c.triangle;
  }
  return worst;
}
bool inside(const Ground& ground, const Body& g, double& out_depth) {
  out_depth = -1e300;
  for (int t : ground.around(g, g.size())) {
    const Body prism = ground.prism(t);
    const Pair p{prism, g};
    Truth cheap;
    cheap.offer(p, ground.triangles[t].faces[0]);
    cheap.offer(p, epa_says(p).normal);
    if (cheap.depth > out_depth) out_depth = std::max(out_depth, truth_of(p, {cheap.normal}).depth);
  }
  return out_depth > 0;
}
struct Voice {
  int judged = 0, silent = 0, off[3] = {0, 0, 0}, trapped = 0;
  int claimed = 0;                                                             // apart, and said to touch
  double worst = 0, deep = 0, less = 0, normal = 0, share = 0;                 // deep, less: said too deep or near, too shallow or far
  void depth(double said, double truth, double size) {
    const double error = std::fabs(said - truth) / size, steps[3] = {1e-9, 1e-6, 1e-3};
    ++judged, worst = std::max(worst, error), deep = std::max(deep, (said - truth) / size), less = std::max(less, (truth - said) / size);
    share = std::max(share, std::fabs(said / truth - 1)), claimed += truth < 0 && said >= 0;
    for (int k = 0; k < 3; ++k) off[k] += error > steps[k];
  }
  std::string row() const {
    char text[400];
    std::snprintf(text, sizeof text, "%5d judged, silent %d, off by > 1e-9 / 1e-6 / 1e-3: %d %d %d, too much by %.2g, too little by %.2g, share %.2g, said to touch %d, not freed %d, normals turned by %.2g", judged,
                  silent, off[0], off[1], off[2], deep, less, share, claimed, trapped, normal);
    return text;
  }
};
// A way that takes every hit's depth off along its normal.
Vec way_out(const std::vector<Verdict>& hits) {
  Vec x(0, 0, 0);
  bool moved = true;
  for (int k = 0; moved && k < 10000; ++k) {
    moved = false;
    for (const Verdict& h : hits)
      if (const double lack = h.depth - h.normal.dot(x); lack > 1e-13) x += lack * h.normal, moved = true;
  }
  return x;
}
}  // namespace

TEST_CASE("height fields against Bullet") {
  World world;
  enum { apart_kind, shallow_kind, kinds };
  const char* const names[] = {"apart", "shallow"};
  Voice ours[kinds][geom::mesh + 1], theirs[kinds][geom::mesh + 1];
  int touching = 0, free = 0, invented = 0, missed[geom::mesh + 1] = {}, prisms_wrong = 0, noticed = 0, pushed = 0;
  double outside = 0, missed_depth = 0;
  for (const uint64_t sample : samples) {
    Yard yard(sample);
    for (const double rough : {0.05, 0.5}) {
      Ground ground(yard.all, yard.dice, rough);
      const Placed still;
      const auto nuri = [&](const Body& g, double margin, std::vector<Verdict>* hits = nullptr) {
        Verdict v;
        for (const auto& h : hits_between(yard.all, true, geom::hfield, ground.index, still, g.type, g.index, g.placed, margin)) {
          if (hits) hits->push_back(verdict(h));
          if (!v.known || -h.dist.v > v.depth) v = verdict(h);
        }
        return v;
      };
      // is it free once it has gone that way?
      const auto frees = [&](const Body& g, const Vec& way) {
        Body moved;
        moved.type = g.type, moved.index = g.index, moved.placed = g.placed, moved.hull = g.hull, moved.faces = g.faces, moved.edges = g.edges, moved.frame = g.frame;
        moved.move(way);
        for (int t : ground.around(g, g.size())) {
          const Pair p{ground.triangles[t], moved};
          if (way.length2() > 0 && std::min(p.overlap(way.normalized()), p.overlap(ground.triangles[t].faces[0].normalized())) < 0) continue;
          if (truth_of(p, {way}).depth > 1e-8 * g.size()) return false;
        }
        return true;
      };
      for (int type = geom::sphere; type <= geom::mesh; ++type)
        for (int round = 0; round < 60; ++round) {
          CAPTURE(sample);
            CAPTURE(rough);
          CAPTURE(type);
          CAPTURE(round);
          Body g = yard.body(type);
          const double above = yard.dice.uniform(0.001, 0.2), aside = yard.dice.uniform(-1.7, 1.7);   // drawn in this order by every compiler
          g.move(Vec(yard.dice.uniform(-1.7, 1.7), aside, rough + g.reach(Vec(0, 0, -1)) + above));
          const double size = g.size(), margin = 2 * size + 0.5;
          const Verdict other = world.says(*ground.shape, btTransform::getIdentity(), g, margin);
          std::vector<Verdict> hits;
          const Verdict v = nuri(g, margin, &hits);
          const Surface_truth truth = apart(ground, g, {v.normal, other.normal});
          if (!(truth.depth < -1e-4 * size)) continue;
          for (int k = 0; k < 2; ++k) {
            Voice& voice = (k ? theirs : ours)[apart_kind][type];
            const Verdict& said = k ? other : v;
            if (!said.known) { ++voice.silent; continue; }
            voice.depth(said.depth, truth.depth, size);
            if (std::fabs(said.depth - truth.depth) < 1e-9 * size) voice.normal = std::max(voice.normal, (said.normal - truth.normal).length());
          }
          // in, along the shortest way
          const double push = std::pow(10, -yard.dice.uniform(2, 5)) * std::min({g.placed.size[0], g.placed.size[1], g.placed.size[2]});
          g.move(truth.normal * (truth.depth - push));
          hits.clear();
          const Verdict in = nuri(g, 0, &hits), bullet_in = world.says(*ground.shape, btTransform::getIdentity(), g, 0);
          for (int k = 0; k < 2; ++k) {
            Voice& voice = (k ? theirs : ours)[shallow_kind][type];
            const Verdict& said = k ? bullet_in : in;
            if (!said.known) { ++voice.silent; continue; }
            voice.depth(said.depth, push, size);
            voice.trapped += said.depth < push - 1e-9 * size && !frees(g, way_out(k ? world.all : hits));
          }
          if (in.known && std::fabs(in.depth - push) < 1e-9 * size) {
            ++pushed;
            noticed += !frees(g, 0.99 * push * in.normal);
            outside = std::max(outside, g.outside(in.pos - in.normal * (in.depth / 2 - g.radius())) / size);
          }
          // anywhere
          const double height = yard.dice.uniform(-1, rough + 1.2 * size), across = yard.dice.uniform(-0.2, 0.2);
          g.move(Vec(yard.dice.uniform(-0.2, 0.2), across, height - g.placed.pos[2]));
          double depth = 0;
          const bool touches = inside(ground, g, depth);
          if (std::fabs(depth) < 1e-9 * size) continue;
          ++(touches ? touching : free);
          const bool said_touch = nuri(g, 0).known;
          if (said_touch && !touches) ++invented;
          if (touches && !said_touch) ++missed[type], missed_depth = std::max(missed_depth, depth / size);
          bool prisms = false;
          for (int t : ground.around(g, size)) {
            const Body prism = ground.prism(t);
            prisms |= detector_says({prism, g}).touches;
          }
          prisms_wrong += prisms != touches;
        }
    }
  }
  for (int kind = 0; kind < kinds; ++kind)
    for (int type = geom::sphere; type <= geom::mesh; ++type) {
      MESSAGE(std::string(names[kind]), ", type ", type, ", Nuri:   ", ours[kind][type].row());
      MESSAGE(std::string(names[kind]), ", type ", type, ", Bullet: ", theirs[kind][type].row());
    }
  int all_missed = 0;
  for (int type = geom::sphere; type <= geom::mesh; ++type) {
    CAPTURE(type);
    const Voice &a = ours[apart_kind][type], &b = ours[shallow_kind][type];
    const bool round = type <= geom::ellipsoid;
    CHECK(a.judged > 110 * sample_count);
    CHECK(a.silent + a.claimed == 0);
    if (round) CHECK(std::max(a.less, a.deep) < 1e-9);
    CHECK(a.share < (round ? 1e-8 : 0.35));                                    // measured: 1.2e-9, 0.33
    CHECK(a.normal < 1e-4);                                                    // 4e-5
    CHECK(b.silent == 0);
    CHECK(b.deep < (type == geom::cylinder ? 1e-5 : 1e-9));                    // never too deep; 1.4e-6
    if (round) CHECK(b.less < 1e-9);
    CHECK(b.trapped <= (round ? 0 : type == geom::cylinder ? 7 : 36));
    CHECK(missed[type] == 0);
    all_missed += missed[type];
    if (missed[type]) MESSAGE("anywhere, type ", type, ": missed ", missed[type]);
  }
  MESSAGE("anywhere: ", touching, " touch, ", free, " do not; Nuri missed ", all_missed, ", at most ", missed_depth, " deep, invented ", invented, "; Bullet's prisms wrong on ",
          prisms_wrong, "; a way 1 % too short noticed on ", noticed, " of ", pushed, "; points outside by ", outside);
  CHECK(touching > 500 * sample_count);
  CHECK(free > 100 * sample_count);
  CHECK(invented == 0);
  CHECK(pushed > 600 * sample_count);
  CHECK(noticed == pushed);
  CHECK(outside < 1e-5);
}
#else
TEST_CASE("height fields against Bullet") { NURI_SKIP("libbullet-dev is not installed"); }
#endif
