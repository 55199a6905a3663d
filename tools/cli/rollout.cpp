#include "tools/cli/rollout.h"

#include <fmt/format.h>
#include <algorithm>
#include <ctime>
#include "tools/cli/npy.h"

namespace nuri::cli {
namespace {

struct Asked {
  Options options;
  std::string states, controls, trace;
  int periods = 0, runs = 3, hold = 1;
};

constexpr StateField parts[] = {StateField::qpos, StateField::qvel, StateField::act, StateField::warmstart, StateField::ctrl};

template <class T> void load_states(World& world, const Table& states) {
  const double* from = states.values.data();
  for (int e = 0; e < world.environments(); ++e)
    for (const StateField part : parts)
      for (T& value : world.row<T>(part, e)) value = T(*from++);
}

// What one environment shows after a period: positions, velocities, activations, sensors.
constexpr StateField shown[] = {StateField::qpos, StateField::qvel, StateField::act, StateField::sensordata};
size_t shown_columns(const model::Model& m) {
  size_t columns = 0;
  for (const StateField field : shown) columns += size_t(nuri::columns(m, field));
  return columns;
}

struct Seconds { double wall = 0, processor = 0; };               // processor: of all threads, whatever else the machine does

// One run from the given states: seconds inside World::step and the copy of controls, which is part of the work on both sides.
// seen(period): after each period, not counted.
template <class T, class F> Seconds roll(World& world, const Table& states, const std::vector<T>& controls, size_t periods, int hold, F seen) {
  world.reset();
  load_states<T>(world, states);
  world.clear_statistics();
  const size_t environments = size_t(world.environments()), actuators = size_t(world.model().control_count);
  Seconds spent;
  for (size_t t = 0; t < periods && !interrupted(); ++t) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t worked = std::clock();
    for (size_t e = 0; e < environments; ++e)
      std::copy_n(controls.data() + (e * periods + t) * actuators, actuators, world.row<T>(StateField::ctrl, int(e)).data());
    world.step(hold);
    spent.wall += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    spent.processor += double(std::clock() - worked) / CLOCKS_PER_SEC;
    seen(t);
  }
  return spent;
}

// trace: what is seen in the first run, [environment][period][shown]; or null.
template <class T> std::vector<Seconds> roll_all(World& world, const Table& states, const Table& controls, size_t periods, int runs, int hold, Table* trace) {
  const std::vector<T> own(controls.values.begin(), controls.values.end());
  const size_t environments = size_t(world.environments()), columns = shown_columns(world.model());
  if (trace) *trace = {environments, periods * columns, std::vector<double>(environments * periods * columns)};
  auto write = [&](size_t t) {
    for (size_t e = 0; e < environments; ++e) {
      double* to = trace->values.data() + (e * periods + t) * columns;
      for (const StateField field : shown)
        for (const T value : world.row<T>(field, int(e))) *to++ = double(value);
    }
  };
  std::vector<Seconds> spent;
  for (int run = 0; run < runs && !interrupted(); ++run)
    spent.push_back(roll<T>(world, states, own, periods, hold, [&](size_t t) { if (trace && run == 0) write(t); }));
  return spent;
}

int rollout(const Asked& asked) {
  const Options& options = asked.options;
  auto loaded = session::load(options.scene, options.paths);
  if (!loaded) return report(loaded.errors(), options.json);
  if (const std::string wrong = refuse_variants(*loaded); !wrong.empty()) return report(wrong, options.json);
  const model::Model& m = *loaded->models[0];
  if (asked.controls.empty() != (m.control_count == 0) || (asked.periods > 0) != (m.control_count == 0))
    return report(options.scene + (m.control_count ? " has actuators: --controls FILE.npy says what they do, and how long" : " has no actuators: --periods says how long, instead of --controls"), options.json);
  auto states = read_npy(asked.states);
  if (!states) return report(states.errors(), options.json);
  auto controls = asked.controls.empty() ? Result<Table>(Table{}) : read_npy(asked.controls);
  if (!controls) return report(controls.errors(), options.json);
  const size_t columns = size_t(m.qpos_count) + 2 * size_t(m.dof_count) + size_t(m.activation_count) + size_t(m.control_count);
  if (states->rows == 0 || states->columns != columns) return report("states must be [environments][" + std::to_string(columns) + "]: qpos, qvel, act, warmstart, ctrl", options.json);
  if (m.control_count && (controls->rows != states->rows || controls->columns == 0 || controls->columns % size_t(m.control_count) != 0))
    return report("controls must be [" + std::to_string(states->rows) + "][periods * " + std::to_string(m.control_count) + "]", options.json);

  const size_t periods = m.control_count ? controls->columns / size_t(m.control_count) : size_t(asked.periods);
  WorldOptions chosen = world_options(options, loaded->settings);
  chosen.environments = int(states->rows);
  chosen.threads = options.threads.value_or(1);
  chosen.publish = false;                                  // nobody reads poses between the steps, nor does mujoco.rollout store them
  auto made = World::create(loaded->models[0], chosen);
  if (!made) return report(made.errors(), options.json);
  World& world = **made;
  const auto all = world.options().precision == Precision::f32 ? roll_all<float> : roll_all<double>;
  Table seen;
  const std::vector<Seconds> spent = all(world, *states, *controls, periods, asked.runs, asked.hold, asked.trace.empty() ? nullptr : &seen);
  if (interrupted()) return report("interrupted", options.json, failed);
  if (!asked.trace.empty() && !write_npy(asked.trace, seen)) return report("cannot write " + asked.trace, options.json, failed);

  std::vector<double> seconds, worked;
  for (const Seconds& s : spent) {
    seconds.push_back(s.wall);
    worked.push_back(s.processor);
  }
  std::sort(seconds.begin(), seconds.end());
  std::sort(worked.begin(), worked.end());
  const Statistics t = world.statistics();                        // of the last run; all runs do the same work
  const double steps = double(t.steps), lanes = double(t.rounds) * world.options().width;
  const Json row{{"ok", true},
                 {"scene", loaded->path},
                 {"backend", world.describe()},
                 {"environments", world.environments()},
                 {"steps", t.steps},
                 {"runs", asked.runs},
                 {"steps_per_second", steps / seconds[seconds.size() / 2]},
                 {"slowest", steps / seconds.back()},
                 {"fastest", steps / seconds.front()},
                 {"steps_per_processor_second", steps / worked[worked.size() / 2]},
                 {"contacts", t.contacts / steps},
                 {"rows", t.rows / steps},
                 {"iterations", t.iterations / steps},
                 {"occupancy", lanes > 0 ? t.iterations / lanes : 0.0},
                 {"faults", world.faults()},
                 {"state_hash", hex(world.hash())}};
  if (options.json) print(row);
  else
    for (const auto& [key, value] : row.items()) fmt::print("{:<18} {}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
  return good;
}

}  // namespace

void add_rollout(CLI::App& app, int& status) {
  auto asked = std::make_shared<Asked>();
  CLI::App* command = app.add_subcommand("rollout", "Measure the speed of given states under given controls");
  add_scene(*command, asked->options);
  add_world(*command, asked->options);
  command->add_option("--states", asked->states, "[environment][qpos qvel act warmstart ctrl], float64")->required()->type_name("FILE.npy");
  command->add_option("--controls", asked->controls, "[environment][period * actuator], float64")->type_name("FILE.npy");
  command->add_option("--periods", asked->periods, "Periods of a model without actuators, which has no controls")->check(CLI::Range(1, 10'000'000));
  command->add_option("--runs", asked->runs, "Runs from the same states; the median is shown")->check(CLI::Range(1, 1000))->capture_default_str();
  command->add_option("--hold", asked->hold, "Steps of a period: how long each control is held")->check(CLI::Range(1, 100000))->capture_default_str();
  command->add_option("--trace", asked->trace, "Where to write what is seen after every period: [environment][period * (qpos qvel act sensors)], float64")->type_name("FILE.npy");
  command->footer("One thread unless --threads says otherwise. The number of environments is that of the states.");
  command->callback([=, &status] { status = rollout(*asked); });
}

}  // namespace nuri::cli
