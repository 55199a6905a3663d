#include "tools/session/session.h"

#include <doctest/doctest.h>
#include <algorithm>
#include <string>
#include <vector>

using namespace nuri;

namespace {

// A two-link arm that falls onto a plane, and a ball.
const char* const model_text = R"(<mujoco model="arm">
  <compiler angle="radian"/>
  <option timestep="0.004"/>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1"/>
    <body name="upper" pos="0 0 0.4">
      <joint name="shoulder" axis="0 1 0" damping="0.05"/>
      <geom name="upper" type="capsule" fromto="0 0 0 0.3 0 0" size="0.03"/>
      <body name="lower" pos="0.3 0 0">
        <joint name="elbow" axis="0 1 0" damping="0.05" range="-2 2" limited="true"/>
        <geom name="lower" type="capsule" fromto="0 0 0 0.3 0 0" size="0.03"/>
      </body>
    </body>
    <body name="ball" pos="0.5 0.4 0.3"><freejoint name="ball"/><geom name="ball" size="0.05"/></body>
  </worldbody>
  <actuator><motor name="shoulder" joint="shoulder" gear="3" ctrlrange="-1 1" ctrllimited="true"/><motor name="elbow" joint="elbow" gear="2"/></actuator>
  <keyframe><key name="bent" qpos="0.5 -1 0.5 0.4 0.3 1 0 0 0" ctrl="0.25 -0.5"/></keyframe>
</mujoco>)";

std::unique_ptr<session::Session> make(int environments, int width = 0, void (*change)(scene::Settings&) = nullptr, uint64_t seed = 0) {
  auto loaded = session::load_mjcf_text(model_text, "arm.xml");
  REQUIRE(loaded);
  if (change) change(loaded->settings);
  WorldOptions options;
  options.environments = environments;
  options.threads = 1;
  options.width = width;
  options.seed = seed;
  auto session = session::Session::create(std::move(*loaded), options);
  if (!session) FAIL(to_string(session.errors().front()));
  return std::move(*session);
}

}  // namespace

TEST_CASE("session: the number of environments, pieces of steps and resets do not show in the bits") {
  auto few = make(3), many = make(21);
  few->step(60);
  for (int i = 0; i < 60; ++i) many->step(1);
  for (int e = 0; e < 3; ++e) CHECK(few->world().hash(e) == many->world().hash(e));
  CHECK(many->world().hash(0) != many->world().hash(1));
  const uint64_t hash = few->world().hash();
  few->reset();
  CHECK(few->substep() == 0);
  few->step(60);
  CHECK(few->world().hash() == hash);
  CHECK(make(3, 0, nullptr, 1)->world().hash() != make(3)->world().hash());
}

TEST_CASE("session: who watches sees every stretch, and changes nothing") {
  struct Watching final : session::Witness {
    explicit Watching(session::Session& s) : session(s) {}
    void before(int substeps) override {
      CHECK(session.substep() == seen);
      begun = substeps;
    }
    void after(int substeps) override {
      CHECK(substeps == begun);
      CHECK(session.substep() == seen + uint64_t(substeps));
      seen += uint64_t(substeps), stretches.push_back(substeps);
    }
    session::Session& session;
    uint64_t seen = 0;
    int begun = 0;
    std::vector<int> stretches;
  };
  auto control_steps = [](scene::Settings& settings) { settings.substeps = 5; };
  auto plain = make(3, 0, control_steps), watched = make(3, 0, control_steps);
  Watching witness(*watched);
  watched->show(&witness);
  plain->step(17);
  watched->step(12), watched->step(5);
  CHECK((witness.stretches == std::vector<int>{5, 5, 2, 3, 2}));
  CHECK(watched->world().hash() == plain->world().hash());
  watched->show(nullptr);
  watched->step(1);
  CHECK(witness.seen == 17);
}

TEST_CASE("session: control steps hold their controls") {
  auto session = make(2, 0, [](scene::Settings& s) { s.substeps = 5; });
  session->step(1);
  const double first = session->world().get(StateField::ctrl, 1, 0);
  session->step(4);
  CHECK(session->world().get(StateField::ctrl, 1, 0) == first);
  session->step(1);
  CHECK(session->world().get(StateField::ctrl, 1, 0) != first);
}

TEST_CASE("session: controls are what they are called") {
  World* world;
  auto held = make(2, 0, [](scene::Settings& s) {
    s.controls[0].type = scene::ControlType::hold;
    s.controls[0].keyframe = "bent";
  });
  world = &held->world();
  CHECK(world->get(StateField::ctrl, 1, 0) == 0.25);
  CHECK(world->get(StateField::ctrl, 1, 1) == -0.5);

  auto zero = make(1, 0, [](scene::Settings& s) { s.controls[0].type = scene::ControlType::zero; });
  zero->step(3);
  CHECK(zero->world().get(StateField::ctrl, 0, 0) == 0);

  auto range = make(50, 0, [](scene::Settings& s) { s.controls[0].scale = 0.5; });
  range->step(1);
  double least = 1, most = -1;
  for (int e = 0; e < 50; ++e) least = std::min(least, range->world().get(StateField::ctrl, e, 0)), most = std::max(most, range->world().get(StateField::ctrl, e, 0));
  CHECK(least >= -0.5);
  CHECK(most <= 0.5);
  CHECK(most - least > 0.8);

  auto target = make(1, 0, [](scene::Settings& s) {
    s.keyframe = "bent";
    s.joints.clear();
    s.bodies.clear();
    s.controls[0].type = scene::ControlType::target;
    s.controls[0].stiffness = 2, s.controls[0].damping = 0.1;
  });
  target->step(1);
  CHECK(target->world().get(StateField::ctrl, 0, 1) == doctest::Approx(2.0 * (0 - -1) / 2));        // stiffness * error / gear
  CHECK(target->world().get(StateField::ctrl, 0, 0) == doctest::Approx(2.0 * (0 - 0.5) / 3));
}

TEST_CASE("session: initial states are drawn from their ranges and stay within joint limits") {
  auto session = make(200, 0, [](scene::Settings& s) {
    s.joints.resize(1);
    s.joints[0].joints = {"elb*"};
    s.joints[0].position = {-4, 4};
    s.joints[0].velocity = {};
    s.bodies.resize(1);
    s.bodies[0].any_orientation = true;
    s.bodies[0].position[2] = {1, 2};
  });
  World& world = session->world();
  double least = 9, most = -9;
  for (int e = 0; e < 200; ++e) {
    CHECK(world.get(StateField::qpos, e, 0) == 0);
    least = std::min(least, world.get(StateField::qpos, e, 1)), most = std::max(most, world.get(StateField::qpos, e, 1));
    const double z = world.get(StateField::qpos, e, 4);
    CHECK((z >= 1.3 && z <= 2.3));
    double norm = 0;
    for (int k = 5; k < 9; ++k) norm += world.get(StateField::qpos, e, k) * world.get(StateField::qpos, e, k);
    CHECK(norm == doctest::Approx(1).epsilon(1e-6));
  }
  CHECK(least == -2);
  CHECK(most == 2);
}

TEST_CASE("session: varied fields change the environments that they are of") {
  auto plain = [](scene::Settings& s) { s.joints.clear(), s.bodies.clear(), s.controls.clear(); };
  auto heavier = [](scene::Settings& s) {
    s.joints.clear(), s.bodies.clear(), s.controls.clear();
    scene::RandomField field;
    field.field = "dof_damping";
    field.names = {"shoulder"};
    field.draw = {0.5, 2};
    s.fields.push_back(field);
  };
  auto same = make(4, 0, plain), varied = make(4, 0, heavier);
  same->step(50);
  varied->step(50);
  CHECK(same->world().get(StateField::qpos, 0, 0) == same->world().get(StateField::qpos, 1, 0));
  CHECK(varied->world().get(StateField::qpos, 0, 0) != varied->world().get(StateField::qpos, 1, 0));
  CHECK(varied->world().get(StateField::qpos, 0, 0) != same->world().get(StateField::qpos, 0, 0));
}

TEST_CASE("session: names that fit nothing are errors") {
  auto refuse = [](void (*change)(scene::Settings&)) {
    auto loaded = session::load_mjcf_text(model_text, "arm.xml");
    REQUIRE(loaded);
    change(loaded->settings);
    auto session = session::Session::create(std::move(*loaded), {});
    return session ? std::string("accepted") : session.errors().front().code;
  };
  CHECK(refuse([](scene::Settings& s) { s.keyframe = "none"; }) == "unknown-name");
  CHECK(refuse([](scene::Settings& s) { s.joints[0].joints = {"knee"}; }) == "unknown-name");
  CHECK(refuse([](scene::Settings& s) { s.bodies[0].bodies = {"upper"}; }) == "unknown-name");
  CHECK(refuse([](scene::Settings& s) { s.controls[0].actuators = {"hip"}; }) == "unknown-name");
  CHECK(refuse([](scene::Settings& s) { s.fields.emplace_back().field = "geom_fricton"; }) == "unknown-field");
  CHECK(refuse([](scene::Settings& s) { s.fields.emplace_back().field = "mass", s.fields.back().operation = scene::Operation::add; }) == "bad-operation");
  CHECK(refuse([](scene::Settings& s) { s.fields.emplace_back().field = "geom_friction", s.fields.back().component = 3; }) == "out-of-range");
}

TEST_CASE("session: making environments can be watched, and ended") {
  auto make = [](const session::Session::Watch& watch) {
    auto loaded = session::load_mjcf_text(model_text, "arm.xml");
    REQUIRE(loaded);
    return session::Session::create(std::move(*loaded), {.environments = 3, .threads = 1}, watch);
  };
  std::vector<double> shares;
  auto whole = make([&](double share) { return shares.push_back(share), true; });
  REQUIRE(whole);
  CHECK(shares.size() >= 3);
  CHECK(std::is_sorted(shares.begin(), shares.end()));
  CHECK(shares.back() <= 1);
  auto plain = make({});
  REQUIRE(plain);
  CHECK((*whole)->world().hash() == (*plain)->world().hash());
  for (size_t stop = 0; stop < shares.size(); ++stop) {
    size_t heard = 0;
    auto ended = make([&](double) { return heard++ < stop; });
    REQUIRE(!ended);
    CHECK(ended.errors().front().code == "interrupted");
  }
}
