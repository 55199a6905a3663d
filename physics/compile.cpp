#include "physics/compile.h"

#include <algorithm>
#include <cmath>
#include "physics/kernel/enums.h"
#include "physics/world.h"

namespace nuri {
namespace {

using model::Model;

bool is_muscle(const Model& m, int a) {
  return m.actuator_gain[a] == int(scene::Gain::muscle) || m.actuator_bias[a] == int(scene::Bias::muscle);
}

std::vector<int> unknown_lengths(const Model& m) {
  std::vector<int> out;
  for (int a = 0; a < m.actuator_count; ++a)
    if (is_muscle(m, a) && !(m.actuator_lengthrange[2 * a] < m.actuator_lengthrange[2 * a + 1])) out.push_back(a);
  return out;
}

// The model in which muscles are driven and their lengths sensed, and nothing else acts.
Model driven(Model m, const std::vector<int>& muscles, const scene::LengthRange& how) {
  m.flags = model::flag_constraint | model::flag_equality | model::flag_limit | model::flag_warmstart | model::flag_actuation | model::flag_sensor | model::flag_refsafe |
            model::flag_island | model::flag_drive | (m.flags & model::flag_tendon_armature);
  m.integrator = m.integrator == int(scene::Integrator::rk4) ? int(scene::Integrator::euler) : m.integrator;
  if (how.timestep > 0) m.timestep[0] = how.timestep;
  std::ranges::fill(m.dof_frictionloss, 0);
  std::ranges::fill(m.tendon_frictionloss, 0);
  std::ranges::fill(m.joint_force_limited, 0);
  std::ranges::fill(m.tendon_force_limited, 0);
  m.activation_count = m.key_count = 0;
  m.track_count = m.clock_count = m.history_count = 0;
  std::ranges::fill(m.actuator_track, -1);
  m.sensor_count = m.sensor_value_count = int(muscles.size());
  m.sensor_adr = {0};
  std::ranges::fill(m.actuator_act_adr, 0);
  std::ranges::fill(m.control_limited, 0);
  for (int a = 0; a < m.actuator_count; ++a) {
    m.actuator_dynamics[a] = int(scene::Dynamics::none);
    m.actuator_states[a] = 0;
    m.actuator_limits[a] = model::actuator_disabled;
    if (m.actuator_gain[a] != int(scene::Gain::muscle) && m.actuator_bias[a] != int(scene::Bias::muscle)) continue;
    m.actuator_gain[a] = int(gain::drive);
    m.actuator_bias[a] = int(scene::Bias::none);
    m.actuator_limits[a] = 0;
    m.actuator_gainprm[model::actuator_parameters * a] = how.accel;
    m.actuator_gainprm[model::actuator_parameters * a + 1] = how.maxforce;
  }
  resize(m);
  for (size_t i = 0; i < muscles.size(); ++i) {
    m.sensor_type[i] = int(scene::SensorType::actuatorpos);
    m.sensor_object_type[i] = int(scene::ObjectType::actuator);
    m.sensor_object[i] = muscles[i];
    m.sensor_reference_type[i] = m.sensor_data[i] = m.sensor_reduce[i] = 0;
    m.sensor_reference[i] = m.sensor_track[i] = -1;
    m.sensor_cutoff[i] = 0;
    m.sensor_adr[i + 1] = int(i) + 1;
  }
  derive(m);
  return m;
}

struct Ends { double least = 0, most = 0; bool seen = false; };

std::string label(const Model& m, int a) { return m.actuator_name[a].empty() ? "actuator " + std::to_string(a) : "actuator '" + m.actuator_name[a] + "'"; }

}  // namespace

std::vector<Diagnostic> find_length_ranges(Model& m, const scene::Scene& scene) {
  const std::vector<int> muscles = unknown_lengths(m);
  if (muscles.empty()) return {};
  std::vector<Diagnostic> errors;
  const auto fail = [&](int a, const std::string& why, const std::string& hint) {
    errors.push_back({Severity::error, "no-length-range", label(m, a) + ": " + why, hint, scene.actuators[size_t(a)].place, "", {}});
  };
  const scene::LengthRange& how = scene.compiler.lengthrange;
  const int needed = model::flag_constraint | model::flag_limit | model::flag_equality;
  if ((m.flags & needed) != needed) {
    for (const int a : muscles) fail(a, "its length range cannot be found while constraints, limits or equalities are switched off", "give it 'lengthrange'");
    return errors;
  }

  // environment 2 i pulls muscle i to its least length, 2 i + 1 to its greatest
  WorldOptions options;
  options.environments = 2 * int(muscles.size());
  options.precision = Precision::f64;
  options.backend = "cpu";
  auto created = World::create(std::make_shared<const Model>(driven(m, muscles, how)), options);
  if (!created) return created.errors();
  World& world = **created;
  world.reset();
  std::vector<Ends> ends(size_t(options.environments));
  for (int e = 0; e < options.environments; ++e) world.set(StateField::ctrl, e, m.actuator_control_adr[muscles[size_t(e / 2)]], e % 2 ? 1 : -1);
  const double h = world.model().timestep[0], decay = std::exp(-h / std::max(0.01, how.timeconst));
  for (double time = 0; time < how.inttotal; ) {
    for (int e = 0; e < options.environments; ++e)
      for (double& v : world.row<double>(StateField::qvel, e)) v *= decay;
    world.step(1);
    time += h;
    if (!(time > how.inttotal - how.interval)) continue;
    for (int e = 0; e < options.environments; ++e) {
      const double length = world.row<double>(StateField::sensordata, e)[size_t(e / 2)];
      Ends& seen = ends[size_t(e)];
      seen.least = seen.seen ? std::min(seen.least, length) : length;
      seen.most = seen.seen ? std::max(seen.most, length) : length;
      seen.seen = true;
    }
  }

  for (size_t i = 0; i < muscles.size(); ++i) {
    const int a = muscles[i];
    const Ends &shortest = ends[2 * i], &longest = ends[2 * i + 1];
    const double least = shortest.least, most = longest.most, loose = how.tolrange * (most - least);
    const std::string hint = "limit its joints, or give it 'lengthrange'";
    if (world.fault(int(2 * i)) || world.fault(int(2 * i + 1))) fail(a, "the simulation that looks for its length range is unstable", hint);
    else if (!(least < most)) fail(a, "its length does not change", hint);
    else if (shortest.most - least > loose || most - longest.least > loose) fail(a, "nothing ends its length: the simulation that looks for its range does not settle", hint);
    m.actuator_lengthrange[2 * a] = least;
    m.actuator_lengthrange[2 * a + 1] = most;
  }
  return errors;
}

Result<Model> compile(const scene::Scene& scene, std::vector<Diagnostic>* out_report, std::vector<model::MeshFacts>* out_meshes) {
  Result<Model> out = model::compile(scene, out_report, out_meshes);
  if (!out) return out;
  const std::vector<int> muscles = unknown_lengths(*out);
  std::vector<Diagnostic> errors = find_length_ranges(*out, scene);
  if (!errors.empty()) return errors;
  if (out_report)
    for (const int a : muscles)
      out_report->push_back({Severity::note, "length-range", label(*out, a) + ": lengths from " + std::to_string(out->actuator_lengthrange[2 * a]) + " to " +
                             std::to_string(out->actuator_lengthrange[2 * a + 1]) + ", found by simulation", "", scene.actuators[size_t(a)].place, "", {}});
  return out;
}

}  // namespace nuri
