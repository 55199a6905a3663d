#include "tools/editor/workbench/hand.h"

#include <doctest/doctest.h>
#include <cmath>
#include "tests/tools/editor/little_scene.h"

using namespace nuri;
using namespace nuri::editor;

namespace {

// At rest the damper does nothing: what is left of its motion after some seconds, measured.
constexpr double at_rest = 1e-3;

}  // namespace

TEST_CASE("hand: a free box hangs from it by its weight, as far below as its stiffness says") {
  Workbench bench(test::options(1));
  test::open(bench, (test::little_folder("hand") / "box.xml").string());
  CHECK(bench.pulling() == 0);
  bench.pull({0, 1, -1}, {0, 0, 0}, {0.1f, -0.2f, 1});
  for (int i = 0; i < 2000; ++i) bench.step_forward();
  const World& world = bench.session().world();
  CHECK(bench.pulling() == doctest::Approx(2 * 9.81).epsilon(at_rest));
  const double sag = 9.81 / (hand::frequency * hand::frequency);
  CHECK(world.get(StateField::xpos, 0, 3) == doctest::Approx(0.1).epsilon(at_rest));
  CHECK(world.get(StateField::xpos, 0, 4) == doctest::Approx(-0.2).epsilon(at_rest));
  CHECK(world.get(StateField::xpos, 0, 5) == doctest::Approx(1 - sag).epsilon(at_rest));

  bench.let_go();
  CHECK(bench.pulling() == 0);
  for (int k = 0; k < 6; ++k) CHECK(world.get(StateField::xfrc_applied, 0, 6 + k) == 0);
  const double height = world.get(StateField::xpos, 0, 5);
  for (int i = 0; i < 100; ++i) bench.step_forward();   // 0.2 s of free fall
  CHECK(height - world.get(StateField::xpos, 0, 5) == doctest::Approx(0.5 * 9.81 * 0.04).epsilon(0.02));
}

TEST_CASE("hand: held at a corner, a box comes to hang below it") {
  Workbench bench(test::options(1));
  test::open(bench, (test::little_folder("hand_corner") / "box.xml").string());
  bench.set_field({"viscosity", 0}, 2);          // air that brings its swinging to rest
  REQUIRE(bench.errors().empty());
  bench.pull({0, 1, -1}, {0.1f, 0.1f, 0.1f}, {0, 0, 1});
  for (int i = 0; i < 10000; ++i) bench.step_forward();
  const World& world = bench.session().world();
  CHECK(bench.pulling() == doctest::Approx(2 * 9.81).epsilon(0.01));
  const double sag = 9.81 / (hand::frequency * hand::frequency);
  CHECK(world.get(StateField::xpos, 0, 5) == doctest::Approx(1 - sag - 0.1 * std::sqrt(3.0)).epsilon(0.01));
  CHECK(std::abs(world.get(StateField::xpos, 0, 3)) < 0.01);
}

TEST_CASE("hand: it leaves to the scene what the scene applied") {
  Workbench bench(test::options(1));
  test::open(bench, (test::little_folder("hand_keeps") / "box.xml").string());
  World& world = bench.session().world();
  world.set(StateField::xfrc_applied, 0, 6 + 2, 2 * 9.81);   // floats
  bench.pull({0, 1, -1}, {0, 0, 0}, {0, 0, 0.5f});
  for (int i = 0; i < 1500; ++i) bench.step_forward();
  CHECK(world.get(StateField::xpos, 0, 5) == doctest::Approx(0.5).epsilon(at_rest));
  CHECK(bench.pulling() < 0.01);
  bench.let_go();
  CHECK(world.get(StateField::xfrc_applied, 0, 6 + 2) == doctest::Approx(2 * 9.81));
  bench.pull({0, 0, -1}, {0, 0, 0}, {0, 0, 1});  // the world: nothing to pull
  bench.step_forward();
  CHECK(bench.pulling() == 0);
}

TEST_CASE("hand: the velocity of a point is what its position does") {
  Workbench bench(test::options(1));
  const auto folder = test::little_folder("hand_velocity");
  test::write(folder / "chain.xml", R"(<mujoco><option gravity="0 0 0" timestep="0.0001"/><worldbody>
    <body name="a" pos="0 0 1" euler="10 20 30"><freejoint/><geom size="0.1" mass="3"/>
      <body name="b" pos="0.1 0.2 0.3" euler="40 0 20"><joint type="slide" axis="1 1 0"/><joint type="hinge" axis="0 1 0" pos="0 0 0.1"/><joint type="hinge" axis="1 0 0" pos="0.1 0 0"/>
        <geom size="0.1" mass="1"/>
        <body name="c" pos="0 0 0.4"><joint type="ball" pos="0 0.1 0"/><geom size="0.1" mass="1" pos="0.1 0 0"/></body></body></body></worldbody></mujoco>)");
  auto options = test::options(1);
  options.world.precision = Precision::f64;
  Workbench exact(options);
  test::open(exact, (folder / "chain.xml").string());
  World& world = exact.session().world();
  for (int i = 0; i < world.columns(StateField::qvel); ++i) world.set(StateField::qvel, 0, i, 0.3 + 0.2 * i - 0.05 * i * i);
  for (int j = 1; j < 4; ++j) exact.set_joint(j, 0, 0.2 * j);
  exact.session().step(50);
  auto point = [&](double* out) {                // of body c, 0.2 along its x axis
    double q[4];
    for (int k = 0; k < 4; ++k) q[k] = world.get(StateField::xquat, 0, 12 + k);
    out[0] = 0.2 * (q[0] * q[0] + q[1] * q[1] - q[2] * q[2] - q[3] * q[3]), out[1] = 0.4 * (q[1] * q[2] + q[0] * q[3]),
        out[2] = 0.4 * (q[1] * q[3] - q[0] * q[2]);
    for (int k = 0; k < 3; ++k) out[k] += world.get(StateField::xpos, 0, 9 + k);
  };
  double before[3], now[3], after[3];
  point(before);
  exact.session().step(1);
  point(now);
  const auto v = point_velocity(world, 0, 3, {now[0], now[1], now[2]});
  exact.session().step(1);
  point(after);
  // central differences over steps of semi-implicit Euler
  for (int k = 0; k < 3; ++k) CHECK(v[k] == doctest::Approx((after[k] - before[k]) / 0.0002).epsilon(2e-3));
}
