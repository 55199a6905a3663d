// An environment's bits depend on its own state, controls, overrides and id: not on width, threads, batch, place or neighbours.
//
// Golden hashes (tests/golden/steps.txt: model, precision, steps, hash) say that they do not depend on the machine or the
// compiler either. After a change that is meant to change results: NURI_UPDATE_GOLDEN=1 test_physics -tc='*golden*'.
#include "tests/physics/bit_models.h"
#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <new>
#include <numeric>
#include <set>
#include "engine/core/hash.h"
#include "physics/cpu/registry.h"

using namespace nuri;
using namespace nuri::bits_test;

namespace {
std::atomic<long> allocations{0};
}
void* operator new(size_t n) {
  ++allocations;
  if (void* p = std::malloc(n ? n : 1)) return p;
  throw std::bad_alloc();
}
void* operator new(size_t n, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(n ? n : 1);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }

namespace {

using Ids = std::vector<uint64_t>;
using Hashes = std::vector<uint64_t>;
using ModelPointer = std::shared_ptr<const model::Model>;

Ids first_ids(int n, uint64_t from = 0) {
  Ids ids(n);
  std::iota(ids.begin(), ids.end(), from);
  return ids;
}

const NamedModel& named(const std::string& name) {
  static const std::vector<NamedModel> all = models();
  for (const NamedModel& m : all) if (m.name == name) return m;
  FAIL("no model " << name);
  return all[0];
}

// Everything that can be read of an environment: state and outputs.
uint64_t all_of(World& world, int e) {
  Hash h;
  for (int f = 0; f < state_field_count; ++f)
    for (int i = 0; i < world.columns(StateField(f)); ++i) h.add(world.get(StateField(f), e, i));
  return h.add(world.hash(e)).add(world.contacts(e)).add(world.step_count(e)).value();
}
Hashes all_of(World& world) {
  Hashes out;
  for (int e = 0; e < world.environments(); ++e) out.push_back(all_of(world, e));
  return out;
}

// New controls every `chunk` steps (a divisor of 10); environment e lives the life of ids[e].
void live(World& world, const Ids& ids, int steps, int chunk = 5, uint64_t from = 0) {
  for (uint64_t step = from; step < from + uint64_t(steps); step += uint64_t(chunk)) {
    if (step % 10 == 0) for (size_t e = 0; e < ids.size(); ++e) drive(world, int(e), ids[e], step);
    world.step(chunk);
  }
}
std::unique_ptr<World> born(const ModelPointer& model, WorldOptions options, const Ids& ids) {
  options.environments = int(ids.size());
  auto world = make_world(model, options);
  for (size_t e = 0; e < ids.size(); ++e) scatter(*world, int(e), ids[e]);
  return world;
}
Hashes lives(const ModelPointer& model, const WorldOptions& options, const Ids& ids, int steps, int chunk = 5) {
  const auto world = born(model, options, ids);
  live(*world, ids, steps, chunk);
  CHECK(world->faults() == 0);
  return all_of(*world);
}

std::vector<int> widths(Precision precision) {
  std::vector<int> out;
  for (int w : {1, 2, 4, 8, 16}) if (find_kernel(precision, w)) out.push_back(w);
  return out;
}
std::string text(Precision p) { return p == Precision::f32 ? "f32" : "f64"; }

const char* const a_few[] = {"figure", "figure_cone_pgs", "heap", "pile", "machine_implicitfast"};

const std::string golden_path = "tests/golden/steps.txt";
std::map<std::string, std::string> read_golden() {
  std::map<std::string, std::string> out;
  std::ifstream file(golden_path);
  for (std::string line; std::getline(file, line);)
    if (const size_t at = line.rfind(' '); at != std::string::npos && line[0] != '#') out[line.substr(0, at)] = line.substr(at + 1);
  return out;
}

}  // namespace

TEST_CASE("every width gives every environment the same bits, and the golden ones") {
  const char* const asked = std::getenv("NURI_UPDATE_GOLDEN");
  const bool update = asked && *asked == '1';
  const std::map<std::string, std::string> golden = read_golden();
  std::string lines = "# world hashes after so many steps: model, precision, steps, hash (written by NURI_UPDATE_GOLDEN=1 test_physics -tc='*golden*')\n";
  constexpr int steps = 200;
  const Ids ids = first_ids(20);
  for (const NamedModel& m : models()) {
    const ModelPointer model = compiled(m);
    for (Precision precision : {Precision::f32, Precision::f64}) {
      Hashes reference;
      uint64_t whole = 0;
      for (int width : widths(precision)) {
        const auto world = born(model, {.precision = precision, .threads = 2, .width = width}, ids);
        live(*world, ids, steps);
        const Hashes found = all_of(*world);
        if (reference.empty()) {
          reference = found;
          whole = world->hash();
          CHECK(std::set<uint64_t>(found.begin(), found.end()).size() == ids.size());
          const double contacts = world->statistics().contacts / double(world->statistics().steps);
          MESSAGE(m.name << " " << text(precision) << ": " << contacts << " contacts, " << world->statistics().rows / double(world->statistics().steps) << " rows on average");
          CHECK(world->faults() == 0);
        }
        for (size_t e = 0; e < ids.size(); ++e) CHECK_MESSAGE(found[e] == reference[e], m.name << " " << text(precision) << " width " << width << " environment " << e);
      }
      char hex[32];
      std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(whole));
      const std::string key = m.name + " " + text(precision) + " " + std::to_string(steps);
      lines += key + " " + hex + "\n";
      if (!update) {
        const auto line = golden.find(key);
        const bool known = line != golden.end();
        CHECK_MESSAGE(known, "no golden hash for " << key << "; to write it: NURI_UPDATE_GOLDEN=1 test_physics -tc='*golden*'");
        if (known) CHECK_MESSAGE(line->second == hex, key << " differs from " << golden_path << "; if that is meant: NURI_UPDATE_GOLDEN=1 test_physics -tc='*golden*'");
      }
    }
  }
  if (update) {
    std::ofstream(golden_path) << lines;
    MESSAGE("written: " << golden_path);
  }
}

TEST_CASE("threads, runs and packing alike do not show") {
  const Ids ids = first_ids(41);
  for (const std::string name : a_few) {
    CAPTURE(name);
    const ModelPointer model = compiled(named(name));
    const Hashes reference = lives(model, {.threads = 1}, ids, 220);
    CHECK(lives(model, {.threads = 1}, ids, 220) == reference);
    for (int threads : {2, 3, 5}) CHECK(lives(model, {.threads = threads}, ids, 220) == reference);
    CHECK(lives(model, {.threads = 2, .pack_alike = false}, ids, 220) == reference);
    CHECK(lives(model, {.threads = 2, .profile = true}, ids, 220) == reference);
  }
}

TEST_CASE("batch, place and neighbours do not show") {
  const Ids all = first_ids(100);
  for (const std::string name : a_few) {
    CAPTURE(name);
    const ModelPointer model = compiled(named(name));
    const Hashes reference = lives(model, {.width = 1}, all, 60);
    for (int n : {1, 2, 7, 8, 9, 31, 33, 100}) {
      const Hashes found = lives(model, {}, first_ids(n), 60);
      CHECK_MESSAGE(std::equal(found.begin(), found.end(), reference.begin()), "batch of " << n);
    }
    // other places: environment e lives the life of 37 e mod 100
    Ids shuffled;
    for (uint64_t e = 0; e < 100; ++e) shuffled.push_back(37 * e % 100);
    const Hashes found = lives(model, {}, shuffled, 60);
    for (size_t e = 0; e < 100; ++e) CHECK(found[e] == reference[shuffled[e]]);
    // other neighbours
    for (size_t stay : {0, 5, 7, 8}) {
      Ids others = first_ids(18, 5000);
      others[stay] = 3;
      CHECK(lives(model, {}, others, 60)[stay] == reference[3]);
    }
  }
}

TEST_CASE("step(K) is K times step(1)") {
  const Ids ids = first_ids(9);
  for (const NamedModel& m : models()) {
    CAPTURE(m.name);
    const ModelPointer model = compiled(m);
    const Hashes reference = lives(model, {}, ids, 60, 1);
    for (int chunk : {2, 5, 10}) CHECK(lives(model, {}, ids, 60, chunk) == reference);
  }
}

TEST_CASE("publishing poses and details changes nothing else") {
  const Ids ids = first_ids(9);
  for (const NamedModel& m : models()) {
    CAPTURE(m.name);
    const ModelPointer model = compiled(m);
    const auto with = born(model, {.publish = true, .detail = true}, ids), without = born(model, {.publish = false}, ids);
    live(*with, ids, 40);
    live(*without, ids, 40);
    for (StateField f : {StateField::qpos, StateField::qvel, StateField::warmstart, StateField::qacc, StateField::sensordata}) {
      int different = 0;
      for (int e = 0; e < with->environments(); ++e)
        for (int i = 0; i < with->columns(f); ++i) different += with->get(f, e, i) != without->get(f, e, i);
      CHECK_MESSAGE(different == 0, m.name << " " << std::string(info(f).name));
    }
  }
}

TEST_CASE("a pack that runs out of room is stepped again with more, and nobody sees it") {
  // 27 boxes that are pushed together: 8 contacts for each pair
  std::string boxes;
  for (int i = 0; i < 27; ++i)
    boxes += "<body pos='" + std::to_string(0.3 * (i % 3)) + " " + std::to_string(0.3 * (i / 3 % 3)) + " " + std::to_string(0.2 + 0.3 * (i / 9)) + "'><freejoint/><geom type='box' size='0.1 0.1 0.1'/></body>";
  const ModelPointer model = compiled({"crowd", "<mujoco><option timestep='0.004'/><worldbody><geom type='plane' size='5 5 1'/>" + boxes + "</worldbody></mujoco>"});
  const auto gather = [](World& world) {
    for (int e = 0; e < world.environments(); ++e)
      for (int i = 0; i < 27; ++i) {
        const double strength = e == 3 ? -1 : -3 - 0.2 * e;                          // environment 3 hardly meets anybody
        world.set(StateField::qvel, e, 6 * i, strength * (i % 3 - 1));
        world.set(StateField::qvel, e, 6 * i + 1, strength * (i / 3 % 3 - 1));
      }
  };
  Hashes reference;
  for (int width : widths(Precision::f32)) {
    CAPTURE(width);
    const auto world = make_world(model, {.environments = 5, .threads = 1, .width = width});
    gather(*world);
    Hashes first;
    for (int k = 0; k < 10; ++k) {
      world->step(4);
      first.push_back(combine(world->hash(), all_of(*world, 4)));
    }
    CHECK(world->statistics().redone > 0);
    MESSAGE("width " << width << ": " << world->statistics().redone << " packs done again, " << world->contacts(0) << " contacts");
    // now there is room from the start
    world->reset();
    world->clear_statistics();
    gather(*world);
    Hashes second;
    for (int k = 0; k < 10; ++k) {
      world->step(4);
      second.push_back(combine(world->hash(), all_of(*world, 4)));
    }
    CHECK(world->statistics().redone == 0);
    CHECK(first == second);
    if (reference.empty()) reference = first;
    CHECK(first == reference);
  }
}

// A robot with many hands, which each environment lays into heaps of its own.
TEST_CASE("environments that together touch themselves in more rows than one may are stepped one by one; one that alone does stands still") {
  constexpr int hands = 40;
  std::string arms;
  for (int i = 0; i < hands; ++i)
    arms += "<body pos='" + std::to_string(3 * i) + " 0 0'><joint type='slide' axis='1 0 0' armature='1'/><joint type='slide' axis='0 1 0' armature='1'/><geom type='sphere' size='0.1' mass='0.1'/></body>";
  const ModelPointer model = compiled({"hands", "<mujoco><option timestep='0.002' gravity='0 0 0'/><worldbody><body><freejoint/><geom type='sphere' size='0.01' mass='1' contype='0' conaffinity='0'/>" +
                                                    arms + "</body></worldbody></mujoco>"});
  REQUIRE(model->along_tree);
  const auto spread = [](World& world) {
    for (int e = 0; e < world.environments(); ++e)
      for (int i = 0; i < hands; ++i) {
        const int place = e == 4 ? i / 20 : (i + 3 * e) % hands / 5;                // environment 4: two heaps of 20, the others eight of 5
        world.set(StateField::qpos, e, 7 + 2 * i, 3.0 * (place - i) + 0.01 * (i % 7));
        world.set(StateField::qpos, e, 7 + 2 * i + 1, 0.013 * (i % 5));
      }
  };
  for (const Precision precision : {Precision::f32, Precision::f64}) {
    Hashes reference;
    for (int width : widths(precision)) {
      CAPTURE(width);
      const auto world = make_world(model, {.environments = 6, .precision = precision, .threads = 1, .width = width});
      spread(*world);
      world->step(1);
      CHECK(world->fault(4) == fault_no_room);
      for (int e = 0; e < 6; ++e) CHECK_MESSAGE((world->fault(e) == (e == 4 ? fault_no_room : fault_none)), "environment " << e << " has fault " << world->fault(e) << " and " << world->contacts(e) << " contacts");
      CHECK(world->contacts(0) == 80);
      Hashes now{world->hash()};
      if (reference.empty()) reference = now;
      CHECK(now == reference);
    }
  }
}

TEST_CASE("an environment that explodes freezes at its last good state; its neighbours never notice; reset revives it") {
  const Ids ids = first_ids(9);
  for (const std::string name : a_few)
    for (double poison : {double(std::numeric_limits<float>::quiet_NaN()), 1e30, -1e30, double(std::numeric_limits<float>::infinity())})
      for (StateField where : {StateField::qvel, StateField::qfrc_applied, StateField::xfrc_applied, StateField::qpos}) {
        CAPTURE(name);
        CAPTURE(poison);
        CAPTURE(std::string(info(where).name));
        const ModelPointer model = compiled(named(name));
        const auto good = born(model, {}, ids), sick = born(model, {}, ids);
        live(*good, ids, 10);
        live(*sick, ids, 10);
        sick->set(where, 4, where == StateField::xfrc_applied ? 6 * model->dof_body.back() + 4 : 1, poison);   // a torque; forces live() sets
        const uint64_t steps_before = sick->step_count(4);
        std::vector<double> before;
        for (StateField f : {StateField::qpos, StateField::qpos_residual, StateField::qvel, StateField::act, StateField::plastic, StateField::warmstart})
          for (int i = 0; i < sick->columns(f); ++i) before.push_back(sick->get(f, 4, i));
        live(*good, ids, 20, 5, 10);
        live(*sick, ids, 20, 5, 10);
        const Hashes a = all_of(*good), b = all_of(*sick);
        for (int e = 0; e < 9; ++e) if (e != 4) CHECK(a[e] == b[e]);
        CHECK(sick->fault(4) != 0);
        CHECK(sick->faults() == 1);
        CHECK(sick->step_count(4) == steps_before);
        size_t at = 0;
        int moved = 0;
        for (StateField f : {StateField::qpos, StateField::qpos_residual, StateField::qvel, StateField::act, StateField::plastic, StateField::warmstart})
          for (int i = 0; i < sick->columns(f); ++i, ++at) moved += !(sick->get(f, 4, i) == before[at] || (std::isnan(before[at]) && std::isnan(sick->get(f, 4, i))));
        CHECK(moved == 0);
        // back to life
        const int four[] = {4};
        sick->reset(four);
        good->reset(four);
        scatter(*sick, 4, 4);
        scatter(*good, 4, 4);
        CHECK(sick->fault(4) == 0);
        live(*good, ids, 20, 5, 30);
        live(*sick, ids, 20, 5, 30);
        CHECK(all_of(*good) == all_of(*sick));
        CHECK(sick->faults() == 0);
      }
}

TEST_CASE("an environment's own model numbers equal a model made with them, whichever number it is") {
  const Ids ids = {0, 0, 0, 0, 0};
  constexpr int own_steps = 60;
  int tried = 0, refused = 0, visible = 0;
  for (const std::string name : {"machine_implicitfast", "figure_elliptic"}) {
    const ModelPointer model = compiled(named(name));
    const Hashes base = lives(model, {.width = 1}, {0}, own_steps);
    const auto start = born(model, {.width = 1}, {0});
    const auto try_field = [&](const std::string& field, const std::vector<double>& values, auto member) {
      if (values.empty()) return;
      // the middle item, and the first one that is not 0
      std::vector<int> items = {int(values.size() / 2)};
      const auto nonzero = std::find_if(values.begin(), values.end(), [](double x) { return x != 0; });
      if (nonzero != values.end()) items.push_back(int(nonzero - values.begin()));
      for (int item : items) {
        if (!std::isfinite(values[item])) continue;
        std::vector<double> changed_values = values;
        const bool turns = field.ends_with("quat");                                    // stays a unit quaternion: all four numbers move
        const int first = turns ? item / 4 * 4 : item, end = turns ? first + 4 : item + 1;
        if (turns) {
          const double* const q = &values[first];
          const double c = std::sqrt(0.99), s = 0.1;                                   // times a turn about y
          const double turned[4] = {c * q[0] - s * q[2], c * q[1] - s * q[3], c * q[2] + s * q[0], c * q[3] + s * q[1]};
          std::copy(turned, turned + 4, &changed_values[first]);
        } else {
          changed_values[item] = values[item] == 0 ? 0.01 : values[item] * 1.1;
        }
        CAPTURE(name);
        CAPTURE(field);
        CAPTURE(item);
        const auto world = born(model, {}, ids);
        bool taken = true;
        for (int i = first; i < end; ++i) taken = taken && world->override_field(field, 3, i, changed_values[i]);
        if (!taken) {
          ++refused;
          continue;
        }
        live(*world, ids, own_steps);
        model::Model changed = *model;
        changed.*member = changed_values;
        model::derive(changed);
        const auto other = born(std::make_shared<const model::Model>(changed), {.width = 1}, {0});
        for (int f = 0; f < state_field_count; ++f)                                   // qpos0 says where a reset puts things; here all start alike
          for (int i = 0; i < other->columns(StateField(f)); ++i) other->set(StateField(f), 0, i, start->get(StateField(f), 0, i));
        live(*other, {0}, own_steps);
        ++tried;
        const Hashes found = all_of(*world);
        CHECK(found[3] == all_of(*other)[0]);
        for (int e : {0, 1, 2, 4}) CHECK(found[e] == base[0]);
        visible += found[3] != base[0];
      }
    };
#define NURI_REAL(name, count, unit, doc) try_field(#name, model->name, &model::Model::name);
#include "engine/model/model_fields.inl"
  }
  MESSAGE(tried << " numbers tried, " << visible << " of them show, " << refused << " refused");
  CHECK(visible > 50);
}

TEST_CASE("an environment's own numbers equal a model compiled from changed text") {
  const NamedModel& figure = named("figure");
  const auto swapped = [&](const std::string& from, const std::string& to) {
    NamedModel m = figure;
    for (size_t at = 0; (at = m.text.find(from, at)) != std::string::npos; at += to.size()) m.text.replace(at, from.size(), to);
    REQUIRE(m.text != figure.text);
    return compiled(m);
  };
  const ModelPointer model = compiled(figure);
  const auto same = [&](const ModelPointer& other, auto change) {
    const auto world = born(model, {}, {7, 7, 7});
    change(*world);
    live(*world, {7, 7, 7}, 40);
    const auto alone = born(other, {.width = 1}, {7});
    live(*alone, {7}, 40);
    CHECK(all_of(*world, 1) == all_of(*alone, 0));
    CHECK(all_of(*world, 0) == all_of(*world, 2));
    CHECK(all_of(*world, 0) != all_of(*world, 1));
  };
  same(swapped("<option timestep='0.004'", "<option gravity='0.5 0 -3' timestep='0.004'"), [](World& w) {
    CHECK(w.override_field("gravity", 1, 0, 0.5));
    CHECK(w.override_field("gravity", 1, 2, -3));
  });
  same(swapped("damping='0.5'", "damping='0.8'"), [&](World& w) {
    for (int i = 0; i < model->dof_count; ++i) if (model->dof_damping[i] == 0.5) CHECK(w.override_field("dof_damping", 1, i, 0.8));
  });
  same(swapped("density='900'", "density='900' friction='0.4 0.01 0.001'"), [&](World& w) {
    for (int i = 0; i < model->geom_count; ++i) {
      CHECK(w.override_field("geom_friction", 1, 3 * i, 0.4));
      CHECK(w.override_field("geom_friction", 1, 3 * i + 1, 0.01));
      CHECK(w.override_field("geom_friction", 1, 3 * i + 2, 0.001));
    }
  });
  same(swapped("gear='15'", "gear='9'"), [&](World& w) {
    for (int i = 0; i < model->actuator_count; ++i) CHECK(w.override_field("actuator_gear", 1, 6 * i, 9));
  });
}

TEST_CASE("negative control: one unit in the last place of one environment changes its hash and no other") {
  const Ids ids = first_ids(20);
  for (const std::string name : a_few) {
    CAPTURE(name);
    const ModelPointer model = compiled(named(name));
    const auto a = born(model, {}, ids), b = born(model, {}, ids);
    live(*a, ids, 10);
    live(*b, ids, 10);
    float& x = b->row<float>(StateField::qvel, 13)[0];
    x = std::bit_cast<float>(std::bit_cast<uint32_t>(x) + 1);
    live(*a, ids, 30, 5, 10);
    live(*b, ids, 30, 5, 10);
    for (int e = 0; e < 20; ++e) CHECK((a->hash(e) == b->hash(e)) == (e != 13));
  }
}

TEST_CASE("a step does not allocate") {
  for (const NamedModel& m : models()) {
    CAPTURE(m.name);
    const Ids ids = first_ids(32);
    const auto world = born(compiled(m), {.threads = 2}, ids);
    live(*world, ids, 100);
    world->clear_statistics();
    const long before = allocations;
    for (int k = 0; k < 20; ++k) world->step(2);                                      // fewer than until packs are sorted again
    CHECK(allocations - before == 0);
    CHECK(world->statistics().redone == 0);
  }
}
