// Springs that give way: closed forms of one spring, what a state keeps of them, and environments that do not notice each other.
// Expected values of tendons are those of MuJoCo 4.0.1 for the same text.
#include <vector>
#include "tests/physics/scene_text.h"

using namespace nuri;
using namespace nuri::closed_forms;

namespace {

std::string slide(const std::string& joint, const std::string& option = "") {
  return "<mujoco><option timestep='0.01' gravity='0 0 0' " + option + "/><worldbody><body><joint type='slide' axis='1 0 0' " + joint + "/><geom size='0.1' mass='1'/></body></worldbody></mujoco>";
}
std::string string(const std::string& range, const std::string& option = "") {
  return "<mujoco><option timestep='0.01' gravity='0 0 0'>" + option + "</option><worldbody><body><joint name='t' type='slide' axis='1 0 0'/><geom size='0.1' mass='1'/></body></worldbody><tendon><fixed stiffness='10' springlength='" +
         range + "' springyield='0.05'><joint joint='t' coef='1'/></fixed></tendon></mujoco>";
}
double rest(const World& world, int item, int environment = 0) { return world.get(StateField::plastic, environment, item); }

}  // namespace

TEST_CASE("a slide that is pulled too far keeps what its spring bears, one that is not springs back to where it was") {
  for (const Precision p : both_precisions)
    for (const char* integrator : {"Euler", "implicit", "implicitfast", "RK4"}) {
      CAPTURE(integrator);
      const auto model = compiled(slide("stiffness='10' springref='0.2' springyield='0.1'", std::string("integrator='") + integrator + "'"));
      const auto world = make_world(model, p, 3);
      const double start[] = {0.5, 0.29, -0.4};
      for (int e = 0; e < 3; ++e) world->set(StateField::qpos, e, 0, start[e]);
      CHECK(rest(*world, 0) == doctest::Approx(0.2));
      world->step(1);
      for (const int e : {0, 2}) judge("excess of a slide", p, std::fabs(rest(*world, 0, e) - (world->get(StateField::qpos, e, 0) - (e ? -0.1 : 0.1))), 2 * epsilon(p));   // measured 0
      judge("a slide within", p, std::fabs(rest(*world, 0, 1) - 0.2), epsilon(p));
      // from there it is a free oscillation about the new rest, with the amplitude it bears: it never yields again but for the step's error
      const double settled = rest(*world, 0);
      world->step(200);
      judge("rest of what oscillates", p, std::fabs(rest(*world, 0) - settled), 0.03);
    }
}

TEST_CASE("a ball joint turned too far rests turned, by the excess about the same axis") {
  for (const Precision p : both_precisions) {
    const auto world = make_world(compiled("<mujoco><compiler angle='radian'/><option timestep='0.001' gravity='0 0 0'/><worldbody><body><joint type='ball' stiffness='1' springyield='0.3'/><geom size='0.1' mass='1'/></body></worldbody></mujoco>"), p, 2);
    const double angle = 1.2, axis[] = {0.6, 0, 0.8};
    world->set(StateField::qpos, 0, 0, std::cos(angle / 2));
    for (int k = 0; k < 3; ++k) world->set(StateField::qpos, 0, 1 + k, axis[k] * std::sin(angle / 2));
    world->step(1);
    const double turned = 2 * std::atan2(std::hypot(rest(*world, 1), rest(*world, 3)), rest(*world, 0));
    const double here = 2 * std::atan2(std::hypot(world->get(StateField::qpos, 0, 1), world->get(StateField::qpos, 0, 3)), world->get(StateField::qpos, 0, 0));
    judge("excess of a ball", p, std::fabs(here - turned - 0.3), 8 * epsilon(p));
    judge("axis of a ball", p, std::fabs(rest(*world, 1) / rest(*world, 3) - 0.75), 16 * epsilon(p));
    for (int k = 0; k < 4; ++k) CHECK(rest(*world, k, 1) == (k == 0 ? 1 : 0));
  }
}

TEST_CASE("a slack range moves as a whole, a slack string pulled keeps its 0") {
  struct { const char* range; double from, low, high; } cases[] = {
      {"0.1 0.2", 0.5, 0.3497, 0.4497}, {"0.1 0.2", -0.3, -0.2496, -0.1496}, {"0 0.2", 0.5, 0, 0.4497}, {"0 0.2", -0.3, -0.2497, -0.0497}, {"0 0", 0.5, 0.4495, 0.4495}, {"0.1 0.2", 0.24, 0.1, 0.2}};
  for (const auto& c : cases) {
    CAPTURE(c.range);
    CAPTURE(c.from);
    const auto world = make_world(compiled(string(c.range)), Precision::f64, 1);
    world->set(StateField::qpos, 0, 0, c.from);
    world->step(1);
    CHECK(rest(*world, 0) == doctest::Approx(c.low).epsilon(1e-12));
    CHECK(rest(*world, 1) == doctest::Approx(c.high).epsilon(1e-12));
  }
  const auto still = make_world(compiled(string("0.1 0.2", "<flag spring='disable'/>")), Precision::f64, 1);
  still->set(StateField::qpos, 0, 0, 0.5);
  still->step(10);
  CHECK(rest(*still, 1) == 0.2);
}

TEST_CASE("where springs rest belongs to the state: saved, restored, hashed, reset with the environment's own numbers, kept by a keyframe") {
  const auto model = compiled("<mujoco><option timestep='0.01' gravity='0 0 0'/><worldbody><body><joint name='j' type='slide' stiffness='10' springyield='0.1'/><geom size='0.1' mass='1'/></body></worldbody>"
                              "<tendon><fixed springlength='0 1' springyield='0.1'><joint joint='j' coef='1'/></fixed></tendon><keyframe><key plastic='0.3 0.4 0.5'/><key qpos='0.1'/></keyframe></mujoco>");
  const auto world = make_world(model, Precision::f64, 2);
  world->set(StateField::qpos, 0, 0, 1.5);
  world->step(1);
  const uint64_t hash = world->hash(0);
  std::vector<std::byte> saved(world->saved_bytes(0));
  world->save(0, saved.data());
  const double bent = rest(*world, 0), longer = rest(*world, 2);
  CHECK(bent > 1.3);
  CHECK(longer > 1.3);
  world->set(StateField::plastic, 0, 0, bent + 1e-9);
  CHECK(world->hash(0) != hash);
  REQUIRE(world->override_field("qpos_spring", 0, 0, -0.2));
  REQUIRE(world->override_field("tendon_spring", 0, 1, 2));
  world->reset();
  CHECK(rest(*world, 0) == -0.2);
  CHECK(rest(*world, 2) == 2);
  CHECK(rest(*world, 0, 1) == 0);
  CHECK(rest(*world, 2, 1) == 1);
  world->restore(0, saved.data());
  CHECK(rest(*world, 0) == bent);
  CHECK(world->hash(0) == hash);
  CHECK(model->key_plastic == std::vector<double>{0.3, 0.4, 0.5, 0, 0, 1});
  world->reset(0);
  for (int k = 0; k < 3; ++k) CHECK(rest(*world, k) == 0.3 + 0.1 * k);
}

TEST_CASE("an environment that explodes goes back to where its springs rested, and its neighbour does not notice") {
  const auto model = compiled(slide("stiffness='10' springyield='0.1'"));
  const auto world = make_world(model, Precision::f64, 2);
  for (int e = 0; e < 2; ++e) world->set(StateField::qpos, e, 0, 0.4);
  world->step(1);
  const double bent = rest(*world, 0);
  world->set(StateField::qvel, 0, 0, 1e300);
  world->step(1);
  CHECK(world->fault(0) != 0);
  CHECK(rest(*world, 0) == bent);
  CHECK(world->fault(1) == 0);
}
