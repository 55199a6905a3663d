// Surfaces that move, contacts that pull, actuators that pull bodies: closed forms, and values of MuJoCo 3.17 where its rule was found by
// experiment. Scenes get what is theirs after reading, so that these tests do not depend on how it is written in a file.
#include <functional>
#include "tests/physics/closed_forms_bodies.h"

using namespace nuri;
using namespace nuri::closed_forms;

namespace {

std::unique_ptr<World> world_of(const std::string& mjcf, const std::function<void(scene::Scene&)>& change, Precision precision) {
  auto scene = scene::read_mjcf_text(mjcf, "text");
  if (!scene) FAIL(to_string(scene.errors()[0]));
  change(*scene);
  const auto model = model::compile(*scene);
  if (!model) FAIL(to_string(model.errors()[0]));
  return make_world(std::make_shared<const model::Model>(*model), precision, 1);
}

std::string on_floor(const std::string& geom, const std::string& z, const std::string& option = "", const std::string& floor = "", const std::string& more = "") {
  return "<mujoco><option timestep='0.002' " + option + "/><worldbody><geom name='floor' type='plane' size='5 5 1' " + floor + "/><body name='b' pos='0 0 " + z + "'><freejoint/><geom name='g' " + geom +
         " mass='1'/><site name='s' size='0.5'/></body></worldbody>" + more + "<sensor><touch site='s'/></sensor></mujoco>";
}
double field(const Probe& p, const char* name, size_t i) { return p.fields.at(name).values.at(i); }

}  // namespace

TEST_CASE("a belt carries a box: mu g until it has the belt's speed, then no further") {
  for (const Precision p : both_precisions) {
    const double mu = 0.3, speed = 0.6;
    const auto world = world_of(on_floor("type='box' size='0.1 0.1 0.05' friction='0.3'", "0.05", "cone='elliptic' impratio='10'", "friction='0.3'"),
                                [&](scene::Scene& s) { s.geoms[0].surfacevel = {speed, 0, 0.4, 0, 0, 0}; }, p);   // 0.4 along the normal: nothing
    world->step(50);
    const double before = world->get(StateField::qvel, 0, 0);
    world->step(40);
    judge("belt, acceleration of a box / mu g - 1", p, std::fabs((world->get(StateField::qvel, 0, 0) - before) / 0.08 / (mu * gravity) - 1), 0.02);   // measured: 0.01, the start
    world->step(1000);
    judge("belt, speed of the box", p, std::fabs(world->get(StateField::qvel, 0, 0) - speed), 1e-3);                                                  // measured: 2e-8
    judge("belt, rise of the box", p, std::fabs(world->get(StateField::qpos, 0, 2) - 0.05), 1e-3);
  }
}

TEST_CASE("a turntable turns what stands in its middle, whichever geom comes first") {
  // a cylinder on a plane, and one on a box that hangs upside down and turns the other way in its own frame
  for (const bool box : {false, true}) {
    const std::string disc = "type='cylinder' size='0.1 0.05'";
    std::string text = on_floor(disc, box ? "0.25" : "0.05", "cone='elliptic'");
    if (box) text.insert(text.find("<body"), "<geom name='table' type='box' size='0.3 0.3 0.1' pos='0 0 0.1' euler='180 0 0'/>");
    const auto world = world_of(text, [&](scene::Scene& s) { s.geoms[box ? 1 : 0].surfacevel = {0, 0, 0, 0, 0, box ? -0.8 : 0.8}; }, Precision::f64);
    world->step(1500);
    CHECK(world->get(StateField::qvel, 0, 5) == doctest::Approx(0.8).epsilon(0.01));
    CHECK(std::fabs(world->get(StateField::qpos, 0, 0)) < 0.01);
  }
}

TEST_CASE("adhesion: the same depth at rest, a pull against lifting, nothing beyond") {
  const std::string sphere = "type='sphere' size='0.1'";
  auto sticky = [](double force) { return [force](scene::Scene& s) { s.geoms[0].adhesion = force, s.geoms[0].gap = 0.01; }; };   // it holds as far as the gap goes
  for (const Precision p : both_precisions)
    for (const char* option : {"", "cone='elliptic'"}) {
      const auto plain = world_of(on_floor(sphere, "0.1", option), sticky(0), p), held = world_of(on_floor(sphere, "0.1", option), sticky(30), p);
      plain->step(2000);
      held->step(2000);
      judge("adhesion, rest depth", p, std::fabs(plain->get(StateField::qpos, 0, 2) - held->get(StateField::qpos, 0, 2)), 2e-7);   // measured: 0, 1.5e-8
      const Probe at_rest = held->probe(0);
      judge("adhesion, net force of the contact / weight - 1", p, std::fabs(at_rest.contacts.at(0).force[0] / gravity - 1), 1e-3);
      judge("adhesion, touch / weight - 1", p, std::fabs(field(at_rest, "sensors", 0) / gravity - 1), 1e-3);
      CHECK(field(at_rest, "passive", 2) == doctest::Approx(-30));
      for (const double lift : {gravity + 25, gravity + 35}) {     // less and more than it holds
        for (int k = 1; k <= 20; ++k) {                            // slowly, or it swings past where it would rest
          held->set(StateField::xfrc_applied, 0, 8, lift * k / 20);
          held->step(100);
        }
        CHECK((held->get(StateField::qpos, 0, 2) > 0.2) == (lift > gravity + 30));
      }
    }
}

TEST_CASE("adhesion of contacts: who decides, and what becomes of the gap") {
  // MuJoCo 3.17: geoms add up, the higher priority decides, a pair has its own; contacts in the gap of adhesive geoms are frictionless rows
  auto acceleration = [](double z, const std::function<void(scene::Scene&)>& change, const std::string& more = "") {
    const auto world = world_of(on_floor("type='sphere' size='0.1' gap='0.02' margin='0.001'", std::to_string(z), "", "", more), change, Precision::f64);
    const Probe p = world->probe(0);
    return std::array<double, 4>{field(p, "acc", 2), field(p, "passive", 2), double(p.rows.size()), p.rows.empty() ? 0 : p.rows[0].aref};
  };
  const auto both = [](scene::Scene& s) { s.geoms[0].adhesion = 3, s.geoms[1].adhesion = 2; };
  auto is = [](std::array<double, 4> found, std::array<double, 4> mujoco) { for (int k = 0; k < 4; ++k) CHECK(found[k] == doctest::Approx(mujoco[k]).epsilon(1e-6)); };
  is(acceleration(0.099, both), {4.5095, -5, 4, 5.526316});
  is(acceleration(0.105, both), {-10.4905, -5, 1, -10.263158});
  is(acceleration(0.105, [](scene::Scene& s) { s.geoms[0].adhesion = -2, s.geoms[1].adhesion = 2; }), {-9.81, 0, 0, 0});   // no pull: not found in the gap
  is(acceleration(0.125, both), {-9.81, 0, 0, 0});
  CHECK(acceleration(0.099, [](scene::Scene& s) { s.geoms[0].adhesion = 30, s.geoms[1].adhesion = 2, s.geoms[1].priority = 1; })[1] == doctest::Approx(-2));
  const std::string pair = "<contact><pair geom1='floor' geom2='g' gap='0.01' margin='0.002'/></contact>";
  CHECK(acceleration(0.099, both, pair)[1] == 0);
  CHECK(acceleration(0.099, [](scene::Scene& s) { s.pairs[0].adhesion = 4; }, pair)[1] == doctest::Approx(-4));
  CHECK(acceleration(0.111, [](scene::Scene& s) { s.pairs[0].adhesion = 4; }, pair)[1] == doctest::Approx(-4));
}

TEST_CASE("an actuator on a body pulls it towards what it touches, and what lies in its gap") {
  const std::string text = on_floor("type='sphere' size='0.1' gap='0.02'", "0.1", "", "", "<actuator><motor name='a' joint='j'/></actuator>");
  auto on_body = [](scene::Scene& s) {
    s.actuators[0].transmission = scene::Transmission::body;
    s.actuators[0].target = 1;
    s.actuators[0].gainprm = {7, 0, 0};
  };
  std::string named = text;
  named.replace(named.find("<freejoint/>"), 12, "<freejoint name='j'/>");
  for (const Precision p : both_precisions) {
    const auto world = world_of(named, on_body, p);
    world->set(StateField::ctrl, 0, 0, 0.5);
    for (const double height : {0.099, 0.11, 0.13}) {              // touching, in the gap, beyond
      world->set(StateField::qpos, 0, 2, height);
      world->set(StateField::qvel, 0, 2, -0.3);
      const Probe probe = world->probe(0);
      const double pull = height < 0.12 ? -3.5 : 0;
      CHECK(field(probe, "actuation", 2) == doctest::Approx(pull));
      CHECK(field(probe, "actuator_length", 0) == 0);
      CHECK(field(probe, "actuator_velocity", 0) == doctest::Approx(pull ? 0.3 : 0));
      CHECK(probe.contacts.size() == (height < 0.1 ? 1u : 0u));    // in the gap it is counted, but no row
      if (height > 0.1) CHECK(field(probe, "acc", 2) == doctest::Approx(pull - gravity));
    }
  }
}
