// A sorted sweep asks about every pair whose bounding balls may touch, in ascending order, and about few others.
#include "physics/kernel/sweep.h"
#include <cmath>
#include <limits>
#include <random>
#include "engine/model/pairs.h"
#include "physics/pair_sweep.h"
#include "tests/physics/bit_models.h"
#include "tests/physics/kernel/bare_pack.h"

NURI_KERNEL_BEGIN

namespace {
using Lane = BarePack::Lane;
using R = BarePack::Real;

// 60 free bodies of many sizes, some of two geoms, some that do not touch each other, on a plane with a wall.
std::shared_ptr<const model::Model> rubble() {
  std::string bodies;
  for (int i = 0; i < 60; ++i) {
    const std::string size = std::to_string(0.02 + 0.005 * (i % 13)), bits = i % 6 == 5 ? " contype='2' conaffinity='1'" : "";
    bodies += "<body pos='0 0 " + std::to_string(1 + i) + "'><freejoint/><geom size='" + size + "'" + bits + "/>" + (i % 4 ? "" : "<geom type='capsule' size='0.02 0.06' pos='0.1 0 0' margin='0.03'/>") + "</body>";
  }
  return bits_test::compiled({"rubble", "<mujoco><worldbody><geom type='plane' size='5 5 1'/><geom type='box' size='0.1 1 1' pos='1 0 1'/>" + bodies + "</worldbody></mujoco>"});
}
}  // namespace

TEST_CASE("a sorted sweep finds the pairs whose balls touch") {
  const auto model = rubble();
  const model::Model& m = *model;
  REQUIRE(m.heap == 1);
  const PairTable table(m);
  REQUIRE(table.worth());
  const PairSweep sweep = table.view();
  BarePack bare(m);
  Pack<Lane> p = bare.pack();
  std::mt19937 random(3);
  for (double spread : {0.0, 0.1, 1.0, 30.0}) {
    CAPTURE(spread);
    std::uniform_real_distribution<double> number(-spread, spread);
    for (int turn = 0; turn < 20; ++turn) {
      for (int k = 0; k < 3 * m.geom_count; ++k) p.scratch.geom_xpos()[k] = R(number(random) + 1e3 * (turn % 3));
      std::vector<int> asked;
      sweep_pairs(p, sweep, [&](int i) { asked.push_back(i); });
      std::vector<bool> found(m.pair_count, false);
      for (size_t k = 0; k < asked.size(); ++k) {
        REQUIRE((k == 0 || asked[k - 1] < asked[k]));
        found[asked[k]] = true;
      }
      std::vector<double> ball(m.geom_count, 0);
      for (int k = 0; k < sweep.geom_count; ++k) ball[sweep.geom[k]] = sweep.reach[k];
      for (int i = 0; i < m.pair_count; ++i) {
        const int a = m.pair_geom1[i], b = m.pair_geom2[i];
        double square = 0, far = 0;                                // far: a float's steps grow with it, and the balls with them
        for (int c = 0; c < 3; ++c) {
          const double from = p.scratch.geom_xpos()[3 * a + c].v, to = p.scratch.geom_xpos()[3 * b + c].v;
          square += std::pow(from - to, 2);
          far += std::abs(from) + std::abs(to);
        }
        const bool plane = m.geom_type[a] == model::geom_plane, must = plane || std::sqrt(square) <= m.pair_reach[i];
        CHECK((!must || found[i]));
        CHECK((plane || !found[i] || std::sqrt(square) < (ball[a] + ball[b]) * 1.0002 + 2e-6 * far));
      }
    }
  }
}

TEST_CASE("a sweep survives positions that are no numbers, and few or gap pairs are not swept") {
  const auto model = rubble();
  const PairTable table(*model);
  BarePack bare(*model);
  Pack<Lane> p = bare.pack();
  constexpr double strange[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(), 1e300};
  for (int every : {7, 3, 2, 1}) {                                 // the last: no number at all
    CAPTURE(every);
    for (int same = -1; same < 4; ++same) {
      for (int k = 0; k < 3 * model->geom_count; ++k) p.scratch.geom_xpos()[k] = R(k % every ? 0.01 * k : strange[same < 0 ? k / every % 4 : same]);
      int last = -1;
      sweep_pairs(p, table.view(), [&](int i) {
        CHECK((last < i && i < model->pair_count));
        last = i;
      });
    }
  }
  model::Model few = *model, gap = *model;
  few.pair_count = 100;
  gap.flags |= model::flag_gap;
  CHECK(!PairTable(few).worth());
  CHECK(!PairTable(gap).worth());
}

NURI_KERNEL_END
