// Numbers of a model that environments have for themselves, changed while they live: what they do to motion in closed form, whose derived
// fields are computed for it, and that the way to a set of numbers does not show in the bits.
#include <map>
#include <set>
#include "tests/physics/bit_models.h"
#include "tests/physics/scene_text.h"

using namespace nuri;
using namespace nuri::bits_test;
using closed_forms::epsilon;
using closed_forms::judge;

namespace {

std::shared_ptr<const model::Model> figure() {
  for (const NamedModel& m : models())
    if (m.name == "figure") return compiled(m);
  FAIL("no such model");
  return nullptr;
}

std::shared_ptr<const model::Model> from(const std::string& text) { return compiled(NamedModel{"here", text}); }

// The same past for every environment: its id says which start and controls it has.
std::vector<uint64_t> hashes_after(World& world, int steps) {
  for (int e = 0; e < world.environments(); ++e) scatter(world, e, 5);
  for (int step = 0; step < steps; step += 10) {
    for (int e = 0; e < world.environments(); ++e) drive(world, e, 5, uint64_t(step));
    world.step(10);
  }
  std::vector<uint64_t> out;
  for (int e = 0; e < world.environments(); ++e) out.push_back(world.hash(e));
  return out;
}

}  // namespace

TEST_CASE("gravity of an environment: it falls as the closed form says, and its neighbours under theirs") {
  const auto model = from("<mujoco><option timestep='0.002' gravity='0 0 -9.81'/><worldbody><body pos='0 0 10'><freejoint/><geom size='0.1' mass='1'/></body></worldbody></mujoco>");
  const double h = 0.002, gravity[] = {9.81, 1.62, 3.71, 24.79, -2};
  const int n = 400;
  for (const Precision precision : closed_forms::both_precisions) {
    const auto world = make_world(model, {.environments = 5, .precision = precision, .threads = 1});
    for (int e = 1; e < 5; ++e) CHECK(world->override_field("gravity", e, 2, -gravity[e]));
    world->step(n);
    for (int e = 0; e < 5; ++e) {                // v_n = -g h n, z_n = z_0 - g h^2 n (n + 1) / 2
      const double v = -gravity[e] * h * n, z = 10 - gravity[e] * h * h * n * (n + 1) / 2;
      judge("own gravity, speed", precision, std::fabs(world->get(StateField::qvel, e, 2) - v) / std::fabs(v), 200 * epsilon(precision));   // measured 34, 34 epsilon
      judge("own gravity, height", precision, std::fabs(world->get(StateField::qpos, e, 2) - z) / 10, 50 * epsilon(precision));     // measured 7.4, 12 epsilon
      CHECK(std::fabs(world->get(StateField::qvel, e, 2) + gravity[(e + 1) % 5] * h * n) > 0.01);
    }
  }
}

TEST_CASE("size of an environment's ball: it comes to rest its own radius above the floor") {
  // one frictionless contact of constant impedance d: at rest -k r = g (1 - d) / d, and MuJoCo's solref means k = d / (d timeconst)^2, so that
  // -r = g (1 - d) timeconst^2, whatever radius and mass
  const auto model = from(R"(<mujoco><option timestep='0.002'/><worldbody><geom type='plane' size='0 0 1' condim='1' solimp='0.9 0.9 0.001'/>
    <body pos='0 0 0.6'><freejoint/><geom size='0.1' mass='1' condim='1' solimp='0.9 0.9 0.001'/></body></worldbody></mujoco>)");
  const double d = 0.9, depth = closed_forms::gravity * (1 - d) * 0.02 * 0.02, radius[] = {0.1, 0.05, 0.2, 0.5};
  for (const Precision precision : closed_forms::both_precisions) {
    const auto world = make_world(model, {.environments = 4, .precision = precision, .threads = 1});
    for (int e = 1; e < 4; ++e) CHECK(world->override_field("geom_size", e, 3, radius[e]));   // the ball is the second geom
    world->step(3000);
    for (int e = 0; e < 4; ++e)
      judge("own size, height at rest", precision, std::fabs(world->get(StateField::qpos, e, 2) - (radius[e] - depth)),
            precision == Precision::f64 ? 1e-12 : 1e-7);           // m; measured 1.2e-13 (what is left of settling), 1.7e-8
  }
}

TEST_CASE("one environment's new number is derived once, whatever the batch; what did not change is not") {
  const auto model = figure();
  for (const int environments : {3, 300}) {
    CAPTURE(environments);
    const auto world = make_world(model, {.environments = environments, .threads = 2});
    const Bucket& bucket = world->bucket(0);
    CHECK(bucket.derivations() == 0);
    for (int e = 0; e < environments; ++e) world->override_field("body_mass", e, 1, 2 + 0.01 * e), world->override_field("geom_friction", e, 0, 0.5 + 0.001 * e);
    CHECK(bucket.derivations() == 0);            // when they are needed
    world->step(1);
    CHECK(bucket.derivations() == uint64_t(environments));
    world->step(1);
    CHECK(bucket.derivations() == uint64_t(environments));
    world->override_field("body_mass", 2, 1, 3.5);
    world->override_field("body_mass", 2, 2, 1.5);
    world->override_field("body_mass", 1, 1, 2.01);                        // which it has
    world->step(1);
    CHECK(bucket.derivations() == uint64_t(environments) + 1);
    CHECK(world->clear_override("geom_friction", 0, 0));
    world->step(1);
    CHECK(bucket.derivations() == uint64_t(environments) + 2);
    CHECK(world->clear_override("body_mass", 0, 1));                       // the model's numbers need no derivation
    world->step(1);
    CHECK(bucket.derivations() == uint64_t(environments) + 2);
    CHECK(!world->overridden("body_mass", 0, 1));
    CHECK(*world->overridden("body_mass", 2, 1) == 3.5);
  }
}

TEST_CASE("how an environment came to its numbers, and on how many threads, does not show in the bits") {
  const auto model = figure();
  using Numbers = std::map<std::pair<std::string, int>, double>;
  // at each turn some environments get other numbers, of other fields; the last turn's count
  const auto drawn = [&](int turn, int e) {
    Numbers out;
    if ((e + turn) % 3 == 0) return out;
    const auto draw = [&](uint32_t i) { return uniform(3, uint64_t(e), 1, uint64_t(turn), i); };
    for (int b = 1; b < model->body_count; b += 1 + (e + turn) % 2) {
      const double factor = 0.8 + 0.4 * draw(uint32_t(b));
      out[{"body_mass", b}] = factor * model->body_mass[size_t(b)];
      for (int k = 0; k < 3; ++k) out[{"body_inertia", 3 * b + k}] = factor * model->body_inertia[size_t(3 * b + k)];
    }
    if (turn % 2 == 0) out[{"geom_friction", 0}] = 0.5 + draw(100);
    if (turn % 2 == 1) out[{"dof_damping", model->dof_count - 1}] = draw(101);
    if (e % 4 == 1) out[{"gravity", 2}] = -5 - draw(102);
    if (e % 5 == 2) out[{"body_quat", 4}] = 0.9, out[{"body_quat", 5}] = 0.1 * draw(103);      // not unit: made so
    return out;
  };
  constexpr int environments = 40, turns = 4;
  for (const Precision precision : closed_forms::both_precisions) {
    std::vector<uint64_t> reference;
    for (int e = 0; e < environments; ++e) {     // alone, at once
      const auto world = make_world(model, {.environments = 1, .precision = precision, .threads = 1});
      for (const auto& [at, value] : drawn(turns - 1, e)) REQUIRE(world->override_field(at.first, 0, at.second, value));
      reference.push_back(hashes_after(*world, 40)[0]);
    }
    CHECK(std::set<uint64_t>(reference.begin(), reference.end()).size() > environments / 2);
    for (const int threads : {1, 4}) {
      const auto world = make_world(model, {.environments = environments, .precision = precision, .threads = threads});
      for (int turn = 0; turn < turns; ++turn) {
        for (int e = 0; e < environments; ++e) {
          const Numbers now = drawn(turn, e);
          if (turn > 0)
            for (const auto& [at, value] : drawn(turn - 1, e))
              if (!now.contains(at)) CHECK(world->clear_override(at.first, e, at.second));
          for (const auto& [at, value] : now) REQUIRE(world->override_field(at.first, e, at.second, value));
        }
        world->step(3);
      }
      world->reset();
      CHECK(hashes_after(*world, 40) == reference);
    }
  }
}
