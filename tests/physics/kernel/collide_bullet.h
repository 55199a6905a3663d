// Shapes, an arbiter and the voices of Bullet 3.24 (double) for tests of the narrow phase. The arbiter: the overlap of two convex geoms
// in a direction n is h(n) = reach of A along n + reach of B along -n, and the least h over all n is the depth (negative: minus the
// distance). h takes three lines per type, so the arbiter shares nothing with either engine:
//
//   an upper bound   any direction at all: a sweep, face normals and edge crosses (polytopes deep in each other: exact), our normal,
//                    Bullet's normals, and a pattern search from the best of them
//   a lower bound    where the cores (less the radii of spheres and capsules) are apart: our two points, shown to lie in the two cores
//
// Bullet: btGjkPairDetector with btGjkEpaPenetrationDepthSolver (what its worlds ask), btGjkEpaSolver2 alone, btBoxBoxDetector, and whole
// worlds for planes and height fields. Margins are 0 but for spheres and capsules, whose radius is their margin. It has no ellipsoid
// (btMultiSphereShape scales the support point of a sphere, which is no ellipsoid's), so its algorithms are given ours: a shape by its
// support function.
#pragma once
#include <memory>
#include <btBulletCollisionCommon.h>
#include <BulletCollision/CollisionDispatch/btBoxBoxDetector.h>
#include <BulletCollision/NarrowPhaseCollision/btGjkEpa2.h>
#include <BulletCollision/NarrowPhaseCollision/btGjkEpaPenetrationDepthSolver.h>
#include <BulletCollision/NarrowPhaseCollision/btGjkPairDetector.h>
#include <BulletCollision/NarrowPhaseCollision/btPointCollector.h>
#include "tests/physics/kernel/shapes_view.h"

NURI_KERNEL_BEGIN

static_assert(sizeof(btScalar) == 8);
using Vec = btVector3;

class Ellipsoid : public btConvexInternalShape {
 public:
  explicit Ellipsoid(const Vec& half) : half_(half) { m_shapeType = CUSTOM_CONVEX_SHAPE_TYPE, setMargin(0); }
  Vec localGetSupportingVertexWithoutMargin(const Vec& n) const override {
    const Vec scaled = half_ * n;
    return half_ * scaled / scaled.length();
  }
  void batchedUnitVectorGetSupportingVertexWithoutMargin(const Vec* n, Vec* out, int count) const override {
    for (int k = 0; k < count; ++k) out[k] = localGetSupportingVertexWithoutMargin(n[k]);
  }
  void calculateLocalInertia(btScalar, Vec& inertia) const override { inertia.setZero(); }
  const char* getName() const override { return "ellipsoid"; }

 private:
  Vec half_;
};

// One geom, as all three see it.
struct Body {
  int type = 0, index = 0;                // index: of a mesh's hull
  Placed placed;
  Polyhedron hull;
  std::vector<Vec> faces, edges;          // directions, in the geom's frame
  btTransform frame;
  std::unique_ptr<btConvexShape> shape;

  Vec half() const { return {placed.size[0], placed.size[1], placed.size[2]}; }
  bool flat() const { return type != geom::ellipsoid && type != geom::cylinder; }
  double size() const {                   // radius of a ball around it
    if (type == geom::sphere) return placed.size[0];
    return type == geom::capsule ? placed.size[0] + placed.size[1] : half().length();
  }
  double radius() const { return type == geom::sphere || type == geom::capsule ? placed.size[0] : 0; }
  void move(const Vec& by) {
    for (int k = 0; k < 3; ++k) placed.pos[k] += by[k];
    frame.setOrigin(Vec(placed.pos[0], placed.pos[1], placed.pos[2]));
  }
  // reach along unit n from the origin
  double reach(const Vec& n) const {
    const Vec d = n * frame.getBasis(), s = half();
    double r = 0;
    if (type == geom::sphere) r = s[0];
    if (type == geom::capsule) r = s[0] + s[1] * std::fabs(d[2]);
    if (type == geom::ellipsoid) r = (s * d).length();
    if (type == geom::cylinder) r = s[0] * std::hypot(d[0], d[1]) + s[1] * std::fabs(d[2]);
    if (type == geom::box) r = d.absolute().dot(s);
    if (type == geom::mesh) {
      r = -1e300;
      for (const Point& p : hull.vertices) r = std::max(r, p[0] * d[0] + p[1] * d[1] + p[2] * d[2]);
    }
    return n.dot(frame.getOrigin()) + r;
  }
  // how far a point lies outside the core
  double outside(const Vec& p) const {
    const Vec l = frame.invXform(p), s = half();
    if (type == geom::sphere) return l.length();
    if (type == geom::capsule) return Vec(l[0], l[1], l[2] - std::clamp(l[2], -s[1], s[1])).length();
    if (type == geom::ellipsoid) return ((l / s).length() - 1) * s[s.maxAxis()];
    if (type == geom::cylinder) return std::max(std::hypot(l[0], l[1]) - s[0], std::fabs(l[2]) - s[1]);
    if (type == geom::box) return std::max({std::fabs(l[0]) - s[0], std::fabs(l[1]) - s[1], std::fabs(l[2]) - s[2]});
    double out = -1e300;
    for (size_t f = 0; f < hull.polygons.size(); ++f) out = std::max(out, inner(hull.normals[f], minus({l[0], l[1], l[2]}, hull.vertices[hull.polygons[f][0]])));
    return out;
  }
};

struct Verdict {
  bool touches = false, known = false;    // known: depth and normal are there
  double depth = 0;                       // m; negative: distance
  Vec normal{0, 0, 0}, pos{0, 0, 0};      // from A to B; halfway
};

struct Pair {
  const Body &a, &b;
  double overlap(const Vec& n) const { return a.reach(n) + b.reach(-n); }
  double radii() const { return a.radius() + b.radius(); }
  // where a contact's two points lie: on A's core and on B's
  Vec on_a(const Verdict& v) const { return v.pos + v.normal * (v.depth / 2 - a.radius()); }
  Vec on_b(const Verdict& v) const { return v.pos - v.normal * (v.depth / 2 - b.radius()); }
  bool is(int type1, int type2) const { return a.type == type1 && b.type == type2; }
  double size() const { return a.size() + b.size(); }
};

// ---- the arbiter --------------------------------------------------------------------------------------------------
struct Truth {
  double depth = 1e300;                   // m; the least overlap found
  Vec normal{0, 0, 0};
  void offer(const Pair& p, Vec n) {
    const double length = n.length();
    if (!(length > 1e-12 && length < 1e12)) return;
    n /= length;
    for (int side = 0; side < 2; ++side, n = -n)
      if (const double h = p.overlap(n); h < depth) depth = h, normal = n;
  }
  // Eight directions around the best, turned every time, because valleys of h have sharp floors.
  void descend(const Pair& p, double step) {
    double turn = 0;
    for (int k = 0; step > 1e-9 && k < 400; ++k) {
      Vec u, v;
      btPlaneSpace1(normal, u, v);
      const double before = depth;
      const Vec n = normal;
      turn += 2.39996322972865;
      for (int i = 0; i < 8; ++i) {
        const Vec m = (n + u * (step * std::cos(turn + i * M_PI / 4)) + v * (step * std::sin(turn + i * M_PI / 4))).normalized();
        if (const double h = p.overlap(m); h < depth) depth = h, normal = m;
      }
      if (!(depth < before)) step *= 0.6;
    }
  }
};
inline Truth truth_of(const Pair& p, const std::vector<Vec>& hints) {
  Truth best;
  best.offer(p, p.b.frame.getOrigin() - p.a.frame.getOrigin());
  for (const Body* g : {&p.a, &p.b})
    for (const Vec& f : g->faces) best.offer(p, g->frame.getBasis() * f);
  for (const Vec& e : p.a.edges)
    for (const Vec& f : p.b.edges) best.offer(p, (p.a.frame.getBasis() * e).cross(p.b.frame.getBasis() * f));
  for (const Vec& n : hints) best.offer(p, n);
  if (p.a.flat() && p.b.flat() && best.depth > p.radii()) return best;       // polytopes inside each other: these are all there are
  std::vector<Truth> starts{best};
  const int count = 300;
  for (int k = 0; k < count; ++k) {
    const double z = 1 - 2 * (k + 0.5) / count, r = std::sqrt(1 - z * z), turn = k * 2.39996322972865;
    Truth t;
    t.offer(p, {r * std::cos(turn), r * std::sin(turn), z});
    starts.push_back(t);
  }
  const int kept = 4;
  std::partial_sort(starts.begin() + 1, starts.begin() + kept, starts.end(), [](const Truth& x, const Truth& y) { return x.depth < y.depth; });
  for (int k = 0; k < kept; ++k) {
    starts[k].descend(p, k ? 0.1 : 1e-3);
    if (starts[k].depth < best.depth) best = starts[k];
  }
  return best;
}

// ---- the two engines ----------------------------------------------------------------------------------------------
inline Verdict verdict(const Hit<Wide<double, 1>>& h) {
  return {h.dist.v <= 0, true, -h.dist.v, {h.normal.x.v, h.normal.y.v, h.normal.z.v}, {h.pos.x.v, h.pos.y.v, h.pos.z.v}};
}
// The deepest hit; `out_all`: all of them. Whether they touch is asked without a margin.
inline Verdict nuri_says(const ShapesView<double>& all, const Pair& p, double margin, bool manifold, std::vector<Verdict>* out_all = nullptr) {
  Verdict v;
  v.touches = !hits_between(all, manifold, p.a.type, p.a.index, p.a.placed, p.b.type, p.b.index, p.b.placed, 0).empty();
  for (const auto& h : hits_between(all, manifold, p.a.type, p.a.index, p.a.placed, p.b.type, p.b.index, p.b.placed, v.touches ? 0 : margin)) {
    if (out_all) out_all->push_back(verdict(h));
    if (!v.known || -h.dist.v > v.depth) v = {v.touches, true, -h.dist.v, verdict(h).normal, verdict(h).pos};
  }
  return v;
}
struct Deepest : btPointCollector {       // of a manifold
  void addContactPoint(const Vec& normal, const Vec& point, btScalar depth) override {
    if (!m_hasResult || depth < m_distance) btPointCollector::addContactPoint(normal, point, depth);
  }
};
inline Verdict verdict(const Deepest& d) { return {d.m_hasResult && d.m_distance <= 0, d.m_hasResult, -d.m_distance, -d.m_normalOnBInWorld, d.m_pointInWorld}; }
inline Verdict detector_says(const Pair& p) {
  btVoronoiSimplexSolver simplex;
  btGjkEpaPenetrationDepthSolver epa;
  btGjkPairDetector detector(p.a.shape.get(), p.b.shape.get(), &simplex, &epa);
  btGjkPairDetector::ClosestPointInput input;
  input.m_transformA = p.a.frame, input.m_transformB = p.b.frame;
  Deepest d;
  detector.getClosestPoints(input, d, nullptr);
  return verdict(d);
}
inline Verdict epa_says(const Pair& p) {
  btGjkEpaSolver2::sResults r{};                                               // it says nothing where it fails
  const Vec guess = p.b.frame.getOrigin() - p.a.frame.getOrigin();
  Verdict v;
  if (btGjkEpaSolver2::Distance(p.a.shape.get(), p.a.frame, p.b.shape.get(), p.b.frame, guess, r)) {   // of the cores
    v.known = true, v.depth = p.radii() - r.distance;
  } else if (btGjkEpaSolver2::Penetration(p.a.shape.get(), p.a.frame, p.b.shape.get(), p.b.frame, guess, r, true)) v.known = true, v.depth = -r.distance;
  v.touches = v.known && v.depth >= 0;
  v.normal = p.a.frame.getBasis() * r.normal;                                  // told in A's frame, of either sign
  if (p.overlap(-v.normal) < p.overlap(v.normal)) v.normal = -v.normal;
  return v;
}
inline Verdict boxes_say(const Pair& p) {
  btBoxBoxDetector detector(static_cast<btBoxShape*>(p.a.shape.get()), static_cast<btBoxShape*>(p.b.shape.get()));
  btBoxBoxDetector::ClosestPointInput input;
  input.m_transformA = p.a.frame, input.m_transformB = p.b.frame;
  Deepest d;
  detector.getClosestPoints(input, d, nullptr);
  return verdict(d);
}

// The samples: one alone is luck. Bounds in the tests were measured over twenty of them.
constexpr uint64_t samples[] = {26, 1, 4, 5, 8, 17};
constexpr int sample_count = 6;

struct Yard {
  explicit Yard(uint64_t seed) : dice(seed) {}
  Dice dice;
  ShapesView<double> all;

  Body body(int type) {
    Body g;
    g.type = type;
    g.placed.quat = type == geom::sphere ? std::array<double, 4>{1, 0, 0, 0} : dice.turn();
    for (double& x : g.placed.size) x = 0.5 * std::pow(8, -dice.uniform(0, 1));        // proportions to 8
    const Vec s = g.half();
    const auto& q = g.placed.quat;
    g.frame = btTransform(btQuaternion(q[1], q[2], q[3], q[0]));
    const Vec axes[3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    switch (type) {
      case geom::sphere: g.shape = std::make_unique<btSphereShape>(s[0]); break;
      case geom::capsule: g.shape = std::make_unique<btCapsuleShapeZ>(s[0], 2 * s[1]), g.edges = {axes[2]}; break;
      case geom::ellipsoid: g.shape = std::make_unique<Ellipsoid>(s); break;
      case geom::cylinder: g.shape = std::make_unique<btCylinderShapeZ>(Vec(s[0], s[0], s[1])), g.faces = g.edges = {axes[2]}; break;
      case geom::box: g.shape = std::make_unique<btBoxShape>(s), g.faces = g.edges = {axes, axes + 3}; break;
      default: {
        g.hull = dice.rock(6 + dice.pick(8), g.placed.size);
        g.index = all.add(g.hull);
        for (const Point& n : g.hull.normals) g.faces.push_back({n[0], n[1], n[2]});
        for (const auto& f : g.hull.polygons)
          for (size_t k = 0; k < f.size(); ++k) {
            const int i = f[k], j = f[(k + 1) % f.size()];
            const Point e = minus(g.hull.vertices[j], g.hull.vertices[i]);
            if (i < j) g.edges.push_back({e[0], e[1], e[2]});
          }
        auto hull = std::make_unique<btConvexHullShape>();
        for (const Point& v : g.hull.vertices) hull->addPoint(Vec(v[0], v[1], v[2]), false);
        hull->recalcLocalAabb();                                                                     // worlds ask for it, detectors do not
        g.shape = std::move(hull);
      }
    }
    if (type >= geom::cylinder) g.shape->setMargin(0);
    return g;
  }
  // Kinds: 0 apart, 1 barely apart or touching, 2 shallow, 3 deep.
  void place(const Body& a, Body& b, int kind) {
    const Pair p{a, b};
    const Point d = dice.direction();
    const Vec n(d[0], d[1], d[2]);
    b.move(n * (p.overlap(n) * (kind == 3 ? dice.uniform(0.02, 0.8) : dice.uniform(1.02, 1.4))));
    if (kind == 0 || kind == 3) return;
    const Truth t = truth_of(p, {epa_says(p).normal});                                                // together along the shortest way
    const double size = kind == 1 ? std::pow(10, -dice.uniform(3, 8)) : dice.uniform(0.002, 0.03);
    const double share = kind == 1 && dice.pick(2) == 0 ? -size : size;
    b.move(t.normal * (t.depth - share * p.size()));
  }
};

// Whole algorithms of a world, for grounds.
struct World : btCollisionWorld::ContactResultCallback {
  btDefaultCollisionConfiguration settings;
  btCollisionDispatcher dispatcher{&settings};
  btDbvtBroadphase broadphase;
  btCollisionWorld world{&dispatcher, &broadphase, &settings};
  Verdict found;                          // the deepest
  std::vector<Verdict> all;

  btScalar addSingleResult(btManifoldPoint& p, const btCollisionObjectWrapper*, int, int, const btCollisionObjectWrapper*, int, int) override {
    all.push_back({p.m_distance1 <= 0, true, -p.m_distance1, p.m_normalWorldOnB, p.m_positionWorldOnB});
    if (!found.known || all.back().depth > found.depth) found = all.back();
    return 0;
  }
  Verdict says(btCollisionShape& ground, const btTransform& frame, const Body& g, double margin) {
    btCollisionObject a, b;
    a.setCollisionShape(&ground), a.setWorldTransform(frame);
    b.setCollisionShape(g.shape.get()), b.setWorldTransform(g.frame);
    m_closestDistanceThreshold = margin;
    found = {}, all.clear();
    world.contactPairTest(&a, &b, *this);
    return found;
  }
};

NURI_KERNEL_END
