// What differs between environments and between their episodes: numbers of the model.
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <set>
#include "tools/session/session.h"

using namespace nuri;
using namespace nuri::session;

namespace {

const char* const cart = R"(<mujoco model="cart">
  <option timestep="0.004"/>
  <worldbody><geom name="floor" type="plane" size="0 0 1"/>
    <body name="cart" pos="0 0 0.2"><joint name="slide" type="slide" axis="1 0 0" damping="1"/><geom name="cart" type="box" size="0.1 0.1 0.1"/>
      <body name="pole" pos="0 0 0.1"><joint name="pole" axis="0 1 0" frictionloss="0.01"/><geom name="pole" type="capsule" fromto="0 0 0 0 0 0.5" size="0.02" contype="0" conaffinity="0"/></body></body>
    <body name="ball" pos="0.5 0 0.3"><freejoint name="ball"/><geom name="ball" size="0.1"/></body>
  </worldbody>
  <actuator><motor name="push" joint="slide" gear="10" ctrlrange="-1 1" ctrllimited="true"/></actuator>
</mujoco>)";

Result<std::unique_ptr<Session>> open(const std::string& rest, WorldOptions options) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "nuri_vary_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "cart.xml") << cart;
  auto loaded = load_scene_text("models: [{file: cart.xml}]\nsubsteps: 2\n" + rest, (folder / "vary.yaml").string());
  if (!loaded) return loaded.errors();
  if (options.threads == 0) options.threads = 1;
  return Session::create(std::move(*loaded), options);
}

std::unique_ptr<Session> make(const std::string& rest, WorldOptions options) {
  auto session = open(rest, options);
  if (!session) FAIL(to_string(session.errors().front()));
  return std::move(*session);
}

// "line code" of the first error.
std::string error(const std::string& rest) {
  auto session = open(rest, {.environments = 3});
  return session ? "accepted" : std::to_string(session.errors().front().place.line) + " " + session.errors().front().code;
}

int item_of(const std::vector<std::string>& names, const std::string& name) { return int(std::find(names.begin(), names.end(), name) - names.begin()); }
double number(Session& s, int environment, const char* field, int item) {
  const auto own = s.world().overridden(field, environment, item);
  REQUIRE(own);
  return *own;
}

const char* const rules = R"(initial: {joints: [{joints: "*", position: [-0.2, 0.2], velocity: [-1, 1]}]}
vary:
  - {field: mass, names: pole, scale: [0.5, 2], when: episode}
  - {field: geom_size, names: ball, component: 0, set: [0.05, 0.15], when: episode}
  - {field: gravity, component: 2, set: [-12, -8], when: episode}
  - {field: geom_friction, names: floor, component: 0, scale: [0.5, 1]}
controls: [{type: random, scale: 0.5}]
)";

}  // namespace

TEST_CASE("vary: numbers of an episode are drawn at its beginning, those of the start stay") {
  auto s = make(rules, {.environments = 4, .seed = 3});
  const model::Model& m = s->model();
  const int pole = item_of(m.body_name, "pole"), ball = 3 * item_of(m.geom_name, "ball"), floor = 3 * item_of(m.geom_name, "floor");
  const auto all = [&](int e) {
    return std::vector<double>{number(*s, e, "body_mass", pole), number(*s, e, "geom_size", ball), number(*s, e, "gravity", 2), number(*s, e, "geom_friction", floor)};
  };
  std::vector<std::vector<double>> before, after;
  std::set<double> masses;
  for (int e = 0; e < 4; ++e) before.push_back(all(e)), masses.insert(before.back()[0]);
  CHECK(masses.size() == 4);
  s->step(10);
  const int some[] = {1, 3};
  s->reset(some);
  for (int e = 0; e < 4; ++e) after.push_back(all(e)), masses.insert(after.back()[0]);
  CHECK(masses.size() == 6);
  for (int e : {0, 2}) CHECK(after[size_t(e)] == before[size_t(e)]);
  for (int e : {1, 3}) {
    for (size_t k : {0, 1, 2}) CHECK(after[size_t(e)][k] != before[size_t(e)][k]);
    CHECK(after[size_t(e)][3] == before[size_t(e)][3]);
    CHECK(number(*s, e, "body_mass", pole) / m.body_mass[size_t(pole)] == doctest::Approx(number(*s, e, "body_inertia", 3 * pole) / m.body_inertia[size_t(3 * pole)]));
    CHECK(after[size_t(e)][0] >= 0.5 * m.body_mass[size_t(pole)]);
    CHECK(after[size_t(e)][0] <= 2 * m.body_mass[size_t(pole)]);
    CHECK(after[size_t(e)][2] >= -12);
    CHECK(after[size_t(e)][2] <= -8);
  }
  s->reset();                                    // episode 0 again
  for (int e = 0; e < 4; ++e) CHECK(all(e) == before[size_t(e)]);
  // the draws of an episode 0 are those that there would be at the start
  std::string once = rules;
  for (size_t at; (at = once.find(", when: episode")) != std::string::npos;) once.erase(at, 15);
  s = make(once, {.environments = 4, .seed = 3});
  for (int e = 0; e < 4; ++e) CHECK(all(e) == before[size_t(e)]);
}

TEST_CASE("vary: an episode has the bits that it has alone, whatever came before, in any batch, on any threads") {
  auto alone = make(rules, {.environments = 1, .seed = 77, .first_id = 5});
  alone->step(60);
  const uint64_t expected = alone->world().hash(0);
  for (const int environments : {6, 40})
    for (const int threads : {1, 3}) {
      CAPTURE(environments);
      CAPTURE(threads);
      auto s = make(rules, {.environments = environments, .threads = threads, .seed = 77});
      s->step(14);
      const int mine[] = {5}, others[] = {0, 5, 2};
      s->reset(others);
      s->step(6);
      const uint64_t seeds[] = {77};
      s->reset(mine, seeds);
      s->step(30);
      const Saved saved = s->save(mine);
      s->reset(mine);                            // another episode between, with other numbers
      s->step(8);
      CHECK(s->restore(saved));
      s->step(30);
      CHECK(s->world().hash(5) == expected);
      CHECK(s->world().hash(4) != expected);
      // and a later episode is not the first one
      s->reset(mine);
      s->step(60);
      CHECK(s->world().hash(5) != expected);
    }
}

TEST_CASE("vary: a reset derives the numbers of the environments that it resets, and of no others") {
  for (const int environments : {4, 200}) {
    auto s = make(rules, {.environments = environments});
    const Bucket& bucket = s->world().bucket(0);
    CHECK(bucket.derivations() == uint64_t(environments));
    const int some[] = {0, 2};
    s->reset(some);
    CHECK(bucket.derivations() == uint64_t(environments) + 2);
    s->step(10);
    CHECK(bucket.derivations() == uint64_t(environments) + 2);
  }
}

TEST_CASE("vary: rules of the start and of episodes act one after the other on one number") {
  auto s = make(R"(vary:
  - {field: dof_damping, names: slide, set: [1, 2]}
  - {field: dof_damping, names: slide, scale: [10, 20], when: episode}
)", {.environments = 1});
  const double first = number(*s, 0, "dof_damping", 0);
  const int one[] = {0};
  std::set<double> seen{first};
  for (int k = 0; k < 20; ++k) {
    s->reset(one);
    const double now = number(*s, 0, "dof_damping", 0);
    seen.insert(now);
    CHECK(now / first > 0.5);                    // the start's factor is the same: only that of 10 .. 20 differs
    CHECK(now / first < 2);
  }
  CHECK(seen.size() == 21);
  CHECK(*seen.begin() >= 10);
  CHECK(*seen.rbegin() <= 40);
}

TEST_CASE("vary: an initial position that varies is where an episode begins") {
  auto s = make("vary: [{field: qpos0, component: 0, set: [1, 2], when: episode}]\n", {.environments = 3});
  for (int pass = 0; pass < 3; ++pass) {
    for (int e = 0; e < 3; ++e) CHECK(s->world().get(StateField::qpos, e, 0) == float(number(*s, e, "qpos0", 0)));
    const int all[] = {0, 1, 2};
    s->reset(all);
  }
}

TEST_CASE("vary: what cannot be is said with its place") {
  CHECK(error("vary: [{field: mass, scale: 2, when: episode}]\n") == "accepted");
  CHECK(error("vary: [{field: mass, scale: 2, when: start}]\n") == "accepted");
  CHECK(error("vary:\n  - {field: mass, scale: 2, when: never}\n") == "4 bad-keyword");
  CHECK(error("vary:\n  - {field: timestep, scale: 2}\n") == "4 fixed-field");
  CHECK(error("vary:\n  - {field: mocap_pos0, add: 2}\n") != "accepted");
  CHECK(error("vary: [{field: dof_frictionloss, scale: [0, 2]}]\n") == "accepted");
  CHECK(error("vary: [{field: dof_frictionloss, names: pole, add: [0, 2]}]\n") == "accepted");
  CHECK(error("vary:\n  - {field: dof_frictionloss, names: slide, add: [0, 2]}\n") == "4 fixed-field");
  CHECK(error("vary:\n  - {field: dof_frictionloss, names: slide, set: {mean: -1, deviation: 1}}\n") == "4 fixed-field");
}
