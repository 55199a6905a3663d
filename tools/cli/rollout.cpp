#include "tools/cli/rollout.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <regex>
#include <sstream>

namespace nuri::cli {
namespace {

struct Asked {
  Options options;
  std::string states, controls;
  int runs = 3;
};

// A C-ordered array of little-endian doubles.
struct Array {
  std::vector<size_t> shape;
  std::vector<double> values;
};

Result<Array> read_array(const std::string& path, size_t dimensions) {
  auto refuse = [&](const char* message) { return Diagnostic{Severity::error, "bad-array", message, "numpy.save('X.npy', array.astype('<f8'))", {path, 0, 0}, {}, {}}; };
  std::ifstream file(path, std::ios::binary);
  std::stringstream buffer;
  buffer << file.rdbuf();
  const std::string bytes = buffer.str();
  if (bytes.size() < 12 || bytes.compare(0, 6, "\x93NUMPY") != 0) return refuse("this is not a NumPy array file");
  const bool wide = bytes[6] >= 2;                                 // version 2 has a longer length of the header
  uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 8, wide ? 4 : 2);
  const size_t begin = (wide ? 12 : 10) + size_t(length);
  const std::string header = bytes.substr(0, std::min(begin, bytes.size()));
  std::smatch found;
  if (header.find("'<f8'") == std::string::npos || header.find("'fortran_order': False") == std::string::npos) return refuse("the array is not of C-ordered doubles");
  if (!std::regex_search(header, found, std::regex("'shape': *\\(([0-9, ]*)\\)"))) return refuse("the header has no shape");
  Array out;
  std::istringstream shape(std::regex_replace(found[1].str(), std::regex(","), " "));
  size_t numbers = 1;
  for (size_t n; shape >> n; numbers *= n) out.shape.push_back(n);
  if (out.shape.size() != dimensions) return refuse("the array has the wrong number of dimensions");
  if (begin > bytes.size() || (bytes.size() - begin) / sizeof(double) != numbers) return refuse("the file does not have the length that its header says");
  out.values.resize(numbers);
  std::memcpy(out.values.data(), bytes.data() + begin, numbers * sizeof(double));
  return out;
}

constexpr StateField parts[] = {StateField::qpos, StateField::qvel, StateField::act, StateField::warmstart, StateField::ctrl};

template <class T> void load_states(World& world, const Array& states) {
  const double* from = states.values.data();
  for (int e = 0; e < world.environments(); ++e)
    for (const StateField part : parts)
      for (T& value : world.row<T>(part, e)) value = T(*from++);
}

// One run from the given states; seconds inside World::step and the copy of controls, which is part of the work on both sides.
template <class T> double roll(World& world, const Array& states, const std::vector<T>& controls, size_t steps) {
  world.reset();
  load_states<T>(world, states);
  world.clear_statistics();
  const size_t environments = size_t(world.environments()), actuators = size_t(world.model().actuator_count);
  const auto start = std::chrono::steady_clock::now();
  for (size_t t = 0; t < steps; ++t) {
    for (size_t e = 0; e < environments; ++e)
      std::copy_n(controls.data() + (e * steps + t) * actuators, actuators, world.row<T>(StateField::ctrl, int(e)).data());
    world.step(1);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

template <class T> std::vector<double> roll_all(World& world, const Array& states, const Array& controls, int runs) {
  const std::vector<T> own(controls.values.begin(), controls.values.end());
  std::vector<double> seconds;
  for (int run = 0; run < runs && !interrupted(); ++run) seconds.push_back(roll<T>(world, states, own, controls.shape[1]));
  return seconds;
}

int rollout(const Asked& asked) {
  const Options& options = asked.options;
  auto loaded = session::load(options.scene);
  if (!loaded) return report(loaded.errors(), options.json);
  auto states = read_array(asked.states, 2), controls = read_array(asked.controls, 3);
  if (!states) return report(states.errors(), options.json);
  if (!controls) return report(controls.errors(), options.json);
  const model::Model& m = *loaded->model;
  const size_t columns = size_t(m.qpos_count) + 2 * size_t(m.dof_count) + size_t(m.activation_count) + size_t(m.actuator_count);
  if (states->shape[0] == 0 || states->shape[1] != columns) return report("states must be [environments][" + std::to_string(columns) + "]: qpos, qvel, act, warmstart, ctrl", options.json);
  if (controls->shape[0] != states->shape[0] || controls->shape[1] == 0 || controls->shape[2] != size_t(m.actuator_count))
    return report("controls must be [" + std::to_string(states->shape[0]) + "][steps][" + std::to_string(m.actuator_count) + "]", options.json);

  WorldOptions world_options_ = world_options(options, loaded->settings);
  world_options_.environments = int(states->shape[0]);
  world_options_.threads = options.threads.value_or(1);
  world_options_.publish = false;                                  // nobody reads poses between the steps, nor does mujoco.rollout store them
  auto made = World::create(loaded->model, world_options_);
  if (!made) return report(made.errors(), options.json);
  World& world = **made;
  std::vector<double> seconds = world.options().precision == Precision::f32 ? roll_all<float>(world, *states, *controls, asked.runs) : roll_all<double>(world, *states, *controls, asked.runs);
  if (interrupted()) return report("interrupted", options.json, failed);

  std::sort(seconds.begin(), seconds.end());
  const Statistics& t = world.statistics();                        // of the last run; all runs do the same work
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
                 {"contacts", t.contacts / steps},
                 {"rows", t.rows / steps},
                 {"iterations", t.iterations / steps},
                 {"occupancy", lanes > 0 ? t.iterations / lanes : 0.0},
                 {"faults", world.faults()},
                 {"state_hash", hex(world.hash())}};
  if (options.json) print(row);
  else
    for (const auto& [key, value] : row.items()) printf("%-18s %s\n", key.c_str(), value.is_string() ? value.get<std::string>().c_str() : value.dump().c_str());
  return good;
}

}  // namespace

void add_rollout(CLI::App& app, int& status) {
  auto asked = std::make_shared<Asked>();
  CLI::App* command = app.add_subcommand("rollout", "Time given states under given controls");
  add_scene(*command, asked->options);
  add_world(*command, asked->options);
  command->add_option("--states", asked->states, ".npy, doubles [environment][qpos, qvel, act, warmstart, ctrl]")->required()->check(CLI::ExistingFile);
  command->add_option("--controls", asked->controls, ".npy, doubles [environment][step][actuator]")->required()->check(CLI::ExistingFile);
  command->add_option("--runs", asked->runs, "Runs from the same states; the median is shown")->check(CLI::Range(1, 1000))->capture_default_str();
  command->footer("One thread unless --threads says otherwise. The number of environments is that of the states.");
  command->callback([=, &status] { status = rollout(*asked); });
}

}  // namespace nuri::cli
