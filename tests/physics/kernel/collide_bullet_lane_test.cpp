// T26: random pairs of everything convex, and planes, against Bullet 3.24 and the arbiter of collide_bullet.h.
//
// Where: two points belong to a contact, half its depth from `pos` along the normal. Which two is a choice wherever faces or edges lie
// flat on each other, so no engine's points are compared. What every choice owes is: each point lies in its core (with the distance, that
// proves it: cores cannot be nearer), and the deepest hit's lie as far along the normal as their geom reaches. The first is as good as the
// root of the polytope's tolerance: corners of a face that is flat to t = 1e-11 have normals sqrt(2 t) = 4.5e-6 apart, and by as much of
// the radius of the rounding the points move sideways. The second is as good as the tolerance itself.
//
// Left out, as conventions and no depth of the whole (both are MuJoCo's): distances of box and box that are apart, and depths of a
// capsule whose axis runs through a box (that it touches is asked). Box and box prefers a face to an edge that is less than 5 % better, here as in Bullet.
// Height fields: collide_bullet_grid_lane_test.cpp.
#include "tests/skip.h"
#ifdef NURI_BULLET
#include "tests/physics/kernel/collide_bullet.h"

using namespace nuri;

namespace {
// ---- judging ------------------------------------------------------------------------------------------------------
// All lengths as shares of both sizes.
struct Tally {
  int judged = 0, hits = 0, wrong_touch = 0, grossly = 0, silent = 0, off[3] = {0, 0, 0};
  double worst = 0, own = 0, points = 0, reach = 0;
  static constexpr double steps[3] = {1e-9, 1e-6, 1e-3};

  void judge(const Pair& p, const Truth& truth, const Verdict& v, bool depths) {
    const double size = p.size();
    ++judged;
    const bool wrong = v.touches != (truth.depth > 0);
    wrong_touch += wrong && std::fabs(truth.depth) > steps[0] * size, grossly += wrong && std::fabs(truth.depth) > steps[1] * size;
    if (!depths) return;
    if (!v.known) return void(++silent);
    const double error = std::fabs(v.depth - truth.depth) / size;
    for (int k = 0; k < 3; ++k) off[k] += !(error < steps[k]);
    worst = std::max(worst, error);
    own = std::max(own, std::fabs(p.overlap(v.normal) - v.depth) / size);
  }
  void judge_points(const Pair& p, const Verdict& deepest, const std::vector<Verdict>& all) {
    for (const Verdict& v : all) points = std::max({points, p.a.outside(p.on_a(v)) / p.size(), p.b.outside(p.on_b(v)) / p.size()});
    const Vec n = deepest.normal, a = p.on_a(deepest), b = p.on_b(deepest);
    reach = std::max({reach, std::fabs(p.a.reach(n) - p.a.radius() - n.dot(a)) / p.size(), std::fabs(p.b.reach(-n) - p.b.radius() + n.dot(b)) / p.size()});
    hits += int(all.size());
  }
  std::string row() const {
    char text[400];
    std::snprintf(text, sizeof text, "%5d judged, touching wrong beyond 1e-9 / 1e-6: %d %d, silent %d, depth off by > 1e-9 / 1e-6 / 1e-3: %d %d %d, worst %.2g, against its own normal %.2g, points of %d hits outside by %.2g, off their reach by %.2g",
                  judged, wrong_touch, grossly, silent, off[0], off[1], off[2], worst, own, hits, points, reach);
    return text;
  }
};

}  // namespace

TEST_CASE("convex pairs against Bullet") {
  const char* const kinds[] = {"apart", "touching", "shallow", "deep"};
  enum { nuri_voice, wide, pair_voice, epa_voice, voices };
  const char* const names[] = {"Nuri", "Nuri, margin as wide as both", "Bullet's pair detector", "Bullet's EPA"};
  Tally tally[4][2][voices], our_boxes, ode, moved, silenced, tilted, shifted;
  double turned = 0;                                                           // rad; between normals of pairs apart
  int alike = 0, both = 0;
  for (const uint64_t sample : samples) {
    Yard yard(sample);
    for (int type1 = geom::sphere; type1 <= geom::mesh; ++type1)
      for (int type2 = type1; type2 <= geom::mesh; ++type2)
        for (int round = 0; round < 240; ++round) {
          Body a = yard.body(type1), b = yard.body(type2);
          const int kind = round % 4, curved = !(a.flat() && b.flat());
          yard.place(a, b, kind);
          const Pair p{a, b};
          const Verdict detector = detector_says(p), solver = epa_says(p);
          const double near = 1.5 * std::max(std::fabs(detector.depth), std::fabs(solver.depth)) + 1e-6 * p.size();
          std::vector<Verdict> near_hits, far_hits;
          const Verdict nuri = nuri_says(yard.all, p, near, round & 4, &near_hits), far = nuri_says(yard.all, p, p.size(), round & 4, &far_hits);
          const Truth truth = truth_of(p, {nuri.normal, detector.normal, solver.normal, far.normal});
          Tally* const t = tally[kind][curved];
          t[pair_voice].judge(p, truth, detector, true);
          t[epa_voice].judge(p, truth, solver, true);
          if (p.is(geom::box, geom::box)) {
            const bool inside = truth.depth > 1e-9 * p.size();
            our_boxes.judge(p, truth, nuri, inside);
            ode.judge(p, truth, boxes_say(p), inside);
            if (inside) CHECK(nuri.depth <= 1.05 * truth.depth + 1e-9);
            continue;
          }
          const bool depths = !p.is(geom::capsule, geom::box) || truth.depth < p.radii();
          t[nuri_voice].judge(p, truth, nuri, depths);
          t[wide].judge(p, truth, far, depths);
          if (!depths) continue;
          t[nuri_voice].judge_points(p, nuri, near_hits);
          t[wide].judge_points(p, far, far_hits);
          if (std::fabs(solver.depth - truth.depth) < 1e-10 * p.size() && std::fabs(truth.depth) > 1e-2 * p.size()) {
            const double angle = nuri.normal.cross(solver.normal).length();
            if (kind == 0) turned = std::max(turned, angle);
            ++both, alike += angle < 1e-3 && nuri.normal.dot(solver.normal) > 0;
          }
          if (kind == 2) {                                                       // the judge must notice
            Verdict wrong = nuri;
            wrong.depth += 1e-6 * p.size();
            moved.judge(p, truth, wrong, true);
            wrong = nuri, wrong.touches = !nuri.touches;
            silenced.judge(p, truth, wrong, true);
            Vec u, v;
            btPlaneSpace1(nuri.normal, u, v);
            wrong = nuri, wrong.normal = (nuri.normal + 0.1 * u).normalized();
            tilted.judge(p, truth, wrong, true);
            wrong = nuri, wrong.pos += 1e-6 * p.size() * nuri.normal;
            shifted.judge_points(p, wrong, {wrong});
          }
        }
  }
  for (int kind = 0; kind < 4; ++kind)
    for (int curved = 0; curved < 2; ++curved)
      for (int voice = 0; voice < voices; ++voice)
        MESSAGE(std::string(kinds[kind]), std::string(curved ? ", curved, " : ", flat, "), std::string(names[voice]), ": ", tally[kind][curved][voice].row());
  // Shares of both sizes. Worst seen in twenty samples: apart 8.8e-11, the polytope's own tolerance being 1e-11; touching within 1e-3 6.5e-7,
  // where two edges or corners meet and the polytope runs out of corners; curved, one pair in ten thousand, 5.5e-5 shallow and 4e-5 deep, as in
  // collide_fuzz_lane_test.cpp. Points: 1.1e-4 outside; off their reach 9e-11, touching 9.8e-7, curved and deep 7.7e-5. The same with a margin as wide as
  // both geoms.
  const double limits[4][2] = {{1e-9, 1e-9}, {1e-6, 1e-6}, {1e-9, 2e-4}, {1e-9, 1e-3}}, points = 5e-4, reach[4] = {1e-9, 1e-6, 2e-4, 2e-4};
  for (int kind = 0; kind < 4; ++kind)
    for (int curved = 0; curved < 2; ++curved) {
      const Tally &t = tally[kind][curved][nuri_voice], &w = tally[kind][curved][wide];
      CAPTURE(kind);
      CAPTURE(curved);
      CHECK(t.judged > 500 * sample_count);
      CHECK(t.grossly + t.silent + w.grossly + w.silent == 0);
      if (kind != 1) CHECK(t.wrong_touch == 0);
      CHECK(t.worst < limits[kind][curved]);
      CHECK(t.own < 1e-9);
      CHECK(t.points < points);
      CHECK(t.reach < reach[kind]);
      CHECK(w.worst < limits[kind][curved]);
      CHECK(w.points < points);
      CHECK(w.reach < reach[kind]);
    }
  CHECK(our_boxes.wrong_touch == 0);
  CHECK(alike > 2500 * sample_count);
  CHECK(alike == both);
  CHECK(turned < 1e-4);                                                        // a distance good to 1e-11 of 1e-2 says a direction to 1e-4.5
  CHECK(moved.judged > 1000 * sample_count);
  CHECK(moved.off[0] == moved.judged);
  CHECK(silenced.grossly == silenced.judged);
  CHECK(tilted.own > 1e-4);
  CHECK(shifted.hits == moved.judged);
  CHECK(shifted.reach > 0.9e-6);
  MESSAGE("two boxes, Nuri: ", our_boxes.row());
  MESSAGE("two boxes, btBoxBoxDetector: ", ode.row());
  MESSAGE("normals of ", both, " pairs, alike ", alike, ", of those apart at most ", turned, " rad");
}

TEST_CASE("planes against Bullet") {
  Yard yard(samples[0]);
  World world;
  btStaticPlaneShape plane(Vec(0, 0, 1), 0);
  plane.setMargin(0);
  double worst = 0, bullet = 0, points = 0, bullet_points = 0;
  int hits = 0;
  int wrong = 0, bullet_wrong = 0, bullet_silent = 0, judged = 0;
  for (int type = geom::sphere; type <= geom::mesh; ++type)
    for (int round = 0; round < 200; ++round, ++judged) {
      Body g = yard.body(type);
      Placed ground;
      ground.quat = yard.dice.turn();
      const btTransform frame(btQuaternion(ground.quat[1], ground.quat[2], ground.quat[3], ground.quat[0]));
      const Vec up = frame.getBasis().getColumn(2);
      const double want = round % 2 ? yard.dice.uniform(-0.2, 0.8) * g.size() : (round & 2 ? 1 : -1) * std::pow(10, -yard.dice.uniform(3, 10));
      g.move(up * (g.reach(-up) - want));
      const double depth = g.reach(-up), size = g.size();
      wrong += hits_between(yard.all, round & 4, geom::plane, 0, ground, type, g.index, g.placed, 0).empty() == (depth > 0);
      double ours = -1e300;
      for (const auto& h : hits_between(yard.all, round & 4, geom::plane, 0, ground, type, g.index, g.placed, size)) {
        const Verdict v = verdict(h);
        const Vec on_plane = v.pos + v.normal * (v.depth / 2), on_g = v.pos - v.normal * (v.depth / 2 - g.radius());
        points = std::max({points, std::fabs(up.dot(on_plane)) / size, g.outside(on_g) / size, (v.normal - up).length()});
        ours = std::max(ours, v.depth), ++hits;
      }
      worst = std::max(worst, std::fabs(ours - depth) / size);
      const Verdict other = world.says(plane, frame, g, size);
      bullet_wrong += other.touches != (depth > 0);
      bullet_silent += !other.known;
      if (!other.known) continue;
      bullet = std::max(bullet, std::fabs(other.depth - depth) / size);
      bullet_points = std::max({bullet_points, std::fabs(up.dot(other.pos)) / size, g.outside(other.pos - other.normal * (other.depth - g.radius())) / size});
    }
  MESSAGE(judged, " on planes; Nuri: touching wrong ", wrong, ", depth off by ", worst, ", points of ", hits, " hits off by ", points, "; Bullet: ", bullet_wrong, ", silent ",
          bullet_silent, ", ", bullet, ", ", bullet_points);
  CHECK(wrong == 0);
  CHECK(hits > judged);
  CHECK(worst < 1e-12);
  CHECK(points < 1e-12);                                                       // on the plane, on the geom; normals too
}
#else
TEST_CASE("convex pairs against Bullet") { NURI_SKIP("libbullet-dev is not installed"); }
#endif
