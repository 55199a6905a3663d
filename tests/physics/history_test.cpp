// What environments remember: delays, intervals and noise belong to the state. It is saved and restored with it, begins anew with it, and
// noise is drawn by an environment's id, the world's seed (or who gives another) and the step alone.
#include <map>
#include "tests/physics/bit_models.h"

using namespace nuri;
using namespace nuri::bits_test;

namespace {

using Rows = std::map<std::string, std::vector<std::byte>>;

Rows rows_of(World& world, int e) {
  Rows out;
  for (int f = 0; f < state_field_count; ++f) {
    const auto row = world.bytes(StateField(f), e);
    out[info(StateField(f)).name].assign(row.begin(), row.end());
  }
  return out;
}

std::unique_ptr<World> world_of(int environments, Precision precision, uint64_t first_id = 0, uint64_t seed = 7, int width = 0) {
  static const std::shared_ptr<const model::Model> model = compiled({"senses", senses("timestep='0.004'")});
  return make_world(model, {.environments = environments, .backend = "cpu", .precision = precision, .threads = 1, .width = width, .seed = seed, .first_id = first_id});
}

void live(World& world, int from, int to) {
  for (int step = from; step < to; ++step) {
    for (int e = 0; e < world.environments(); ++e) drive(world, e, world.id(e), uint64_t(step));
    world.step(1);
  }
}

constexpr Precision both[] = {Precision::f64, Precision::f32};

}  // namespace

TEST_CASE("what is late and noisy depends on the environment's id and the seed, not on its batch or place") {
  for (const Precision precision : both) {
    const auto all = world_of(9, precision), alone = world_of(1, precision, 3), other = world_of(9, precision, 0, 8);
    REQUIRE(all->model(0).clock_count == 6);
    REQUIRE(all->model(0).track_count > 20);
    for (World* const world : {all.get(), alone.get(), other.get()}) live(*world, 0, 40);
    CHECK(rows_of(*all, 3) == rows_of(*alone, 0));
    Rows one = rows_of(*all, 2), same = rows_of(*other, 2);
    CHECK(one["qpos"] == same["qpos"]);                                 // noise moves nothing
    for (const char* name : {"sensordata", "history", "clock"}) CHECK_MESSAGE(one[name] != same[name], name);
    CHECK(rows_of(*all, 4)["sensordata"] != rows_of(*all, 5)["sensordata"]);
  }
}

TEST_CASE("a saved state goes on as it would have, with its past and its noise") {
  for (const Precision precision : both) {
    const auto world = world_of(5, precision), fresh = world_of(5, precision);
    live(*world, 0, 23);
    std::vector<std::byte> saved(world->saved_bytes(2));
    world->save(2, saved.data());
    live(*world, 23, 60);
    const Rows went = rows_of(*world, 2);
    world->restore(2, saved.data());
    live(*world, 23, 60);
    CHECK(rows_of(*world, 2) == went);
    fresh->restore(2, saved.data());                                    // in a world that knows nothing of it
    live(*fresh, 23, 60);
    CHECK(rows_of(*fresh, 2) == went);
    const Rows plain = rows_of(*fresh, 1);
    CHECK(plain.at("history") != rows_of(*world, 1).at("history"));
  }
}

TEST_CASE("environments that begin anew forget, the others do not") {
  for (const Precision precision : both) {
    const auto world = world_of(5, precision), never = world_of(5, precision), fresh = world_of(5, precision);
    live(*world, 0, 30);
    live(*never, 0, 30);
    const int chosen[] = {1, 4};
    world->reset(chosen);
    for (const int e : chosen) CHECK(rows_of(*world, e) == rows_of(*fresh, e));
    live(*world, 30, 50);
    live(*never, 30, 50);
    live(*fresh, 30, 50);
    for (int e = 0; e < 5; ++e) CHECK(rows_of(*world, e) == rows_of(e == 1 || e == 4 ? *fresh : *never, e));
  }
}

TEST_CASE("noise of another seed, as episodes have it") {
  const auto world = world_of(2, Precision::f64), again = world_of(2, Precision::f64), plain = world_of(2, Precision::f64);
  for (World* const w : {world.get(), again.get()}) w->seed_noise(1, 99);
  for (World* const w : {world.get(), again.get(), plain.get()}) live(*w, 0, 10);
  CHECK(rows_of(*world, 1) == rows_of(*again, 1));
  CHECK(rows_of(*world, 0) == rows_of(*plain, 0));
  CHECK(rows_of(*world, 1).at("sensordata") != rows_of(*plain, 1).at("sensordata"));
}

TEST_CASE("an environment that stands still with a fault keeps its past") {
  const auto world = world_of(3, Precision::f64), never = world_of(3, Precision::f64);
  live(*world, 0, 12);
  live(*never, 0, 12);
  world->set(StateField::qvel, 1, 0, 1e300);
  const Rows before = rows_of(*world, 1);
  live(*world, 12, 20);
  live(*never, 12, 20);
  REQUIRE(world->fault(1) != fault_none);
  const Rows after = rows_of(*world, 1);
  for (const char* name : {"history", "clock"}) CHECK_MESSAGE(after.at(name) == before.at(name), name);
  for (const int e : {0, 2}) CHECK(rows_of(*world, e) == rows_of(*never, e));
}
