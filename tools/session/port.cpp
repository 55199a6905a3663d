#include "tools/session/port.h"

#include <unistd.h>
#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>
#include "tools/session/link.h"
#include "tools/session/port_text.h"
#include "tools/session/session.h"
#if defined(NURI_WITH_CUDA)
#include "tools/session/cuda_port.h"
#endif

namespace nuri::session {
namespace {

using model::Model;

constexpr int chunk = 32;                        // environments that a thread takes at once

// Port of one model.
struct Plan {
  std::vector<PortColumn> columns;
  std::vector<PortMove> moves;
  std::vector<std::string> labels, actuators;
  std::vector<int> driven;
};

std::string shown(const std::vector<std::string>& names, int index) { return names[index].empty() ? "#" + std::to_string(index) : names[index]; }

// What each control is to begin with.
std::vector<double> initial_controls(const Model& m, const scene::Settings& settings, int key) {
  std::vector<double> out = m.control0;
  if (key >= 0) {
    const auto from = m.key_ctrl.begin() + ptrdiff_t(key) * m.control_count;
    std::copy(from, from + m.control_count, out.begin());
    if (std::any_of(out.begin(), out.end(), [](double u) { return u != 0; })) return out;   // a keyframe without 'ctrl' has zeros
  }
  for (int u = 0; u < m.control_count; ++u) {
    const int a = m.control_actuator[u], joint = m.actuator_target[a], transmission = m.actuator_transmission[a];
    const double *gain = &m.actuator_gainprm[model::actuator_parameters * a], *bias = &m.actuator_biasprm[model::actuator_parameters * a];
    const bool on_joint = transmission == int(scene::Transmission::joint) || transmission == int(scene::Transmission::joint_in_parent);
    const bool holds = m.actuator_gain[a] == int(scene::Gain::fixed) && gain[0] != 0 && m.actuator_bias[a] == int(scene::Bias::affine) && bias[1] < 0 &&
                       m.actuator_dynamics[a] != int(scene::Dynamics::integrator) && m.actuator_gear[6 * a] != 0;
    if (!on_joint || !holds || m.joint_type[joint] < int(scene::JointType::slide)) continue;
    Drive servo;
    servo.gear = m.actuator_gear[6 * a], servo.gain = gain[0], servo.constant = bias[0], servo.per_length = bias[1];
    const double* const from = key >= 0 ? &m.key_qpos[size_t(key) * m.qpos_count] : m.qpos0.data();
    out[u] = servo.control(from[m.joint_qpos[joint]], 0);
  }
  Fit told;                                      // what is wrong with the scene's controls, the session has said
  for (const Channel& c : make_channels(m, settings, told))
    if (c.type == scene::ControlType::hold) out[c.actuator] = c.limited ? std::clamp(c.value, c.low, c.high) : c.value;
  return out;
}

void plan_input(const Model& m, const Input& input, const Plan& moved, const double* initial, int commands, Plan& out, Fit& fit) {
  const std::string kind = input_kinds[size_t(input.kind)];
  if (!std::isfinite(input.scale)) fit.add(&input, "bad-number", "the scale of an input '" + kind + "' is not a finite number", {}, input.place);
  auto add = [&](PortSource source, int item, double offset, const std::string& label) {
    out.columns.push_back({source, item, offset, input.scale});
    out.labels.push_back(kind + " " + label);
  };
  auto fits = [&](const std::string& name) { return scene::matches(input.names, name); };
  auto need = [&](const std::vector<std::string>& names, const char* what) { fit.fits(input.names, names, what, {}, input.place); };
  switch (input.kind) {
    case InputKind::sensor:
      for (int s = 0; s < m.sensor_count; ++s) {
        const int from = m.sensor_adr[s], count = m.sensor_adr[s + 1] - from;
        for (int i = 0; fits(m.sensor_name[s]) && i < count; ++i)
          add(port_sensordata, from + i, 0, shown(m.sensor_name, s) + (count > 1 ? " " + std::to_string(i) : ""));
      }
      return need(m.sensor_name, "sensor");
    case InputKind::position: case InputKind::offset: case InputKind::velocity: {
      std::vector<std::string> known;
      for (int j = 0; j < m.joint_count; ++j) {
        if (m.joint_type[j] < int(scene::JointType::slide)) continue;
        known.push_back(m.joint_name[j]);
        if (!fits(m.joint_name[j])) continue;
        const int position = m.joint_qpos[j];
        if (input.kind == InputKind::velocity) add(port_qvel, m.joint_dof[j], 0, shown(m.joint_name, j));
        else add(port_qpos, position, input.kind == InputKind::offset ? initial[position] : 0, shown(m.joint_name, j));
      }
      return need(known, "hinge or slide");
    }
    case InputKind::control:
      for (int u = 0; u < m.control_count; ++u)
        if (fits(m.control_name[u])) add(port_ctrl, u, 0, shown(m.control_name, u));
      return need(m.control_name, "actuator");
    case InputKind::action: {
      std::vector<std::string> known;
      for (size_t i = 0; i < moved.moves.size(); ++i) {
        const int a = moved.moves[i].actuator;
        known.push_back(m.control_name[a]);
        if (fits(m.control_name[a])) add(port_last, int(i), 0, shown(m.control_name, a));
      }
      return need(known, "actuator among the outputs");
    }
    case InputKind::command:
      for (int i = 0; i < commands; ++i) add(port_command, i, 0, std::to_string(i));
  }
}

void plan_output(const Model& m, const Output& output, const std::vector<double>& initial, Plan& out, Fit& fit) {
  if (!std::isfinite(output.scale)) fit.add(&output, "bad-number", "the scale of an output is not a finite number", {}, output.place);
  if (!std::isfinite(output.limit) || output.limit <= 0)
    fit.add(&output, "bad-number", "the limit of an output is not a finite number above 0", "actions are clipped to [-limit, limit]", output.place);
  for (int u = 0; u < m.control_count; ++u) {
    if (!scene::matches(output.actuators, m.control_name[u])) continue;
    const std::string name = shown(m.control_name, u);
    if (std::find(out.driven.begin(), out.driven.end(), u) != out.driven.end())
      fit.add(&output, "two-drivers", "the actuator '" + name + "' fits two outputs", {}, output.place);
    const bool limited = m.control_limited[u] != 0;
    const double inf = std::numeric_limits<double>::infinity();
    PortMove move{u, output.map == OutputMap::increment, initial[u], output.scale, output.limit, limited ? m.actuator_ctrlrange[2 * u] : -inf, limited ? m.actuator_ctrlrange[2 * u + 1] : inf};
    if (output.map == OutputMap::range) {
      if (!limited)
        fit.add(&output, "no-range", "the actuator '" + name + "' has no control range that 'range' could map to", "give it a 'ctrlrange', or take the map 'around'", output.place);
      move.centre = 0.5 * (move.low + move.high), move.scale *= 0.5 * (move.high - move.low);
    }
    out.moves.push_back(move);
    out.actuators.push_back(name);
    out.driven.push_back(u);
  }
  fit.fits(output.actuators, m.control_name, "actuator", {}, output.place);
}

Plan make_plan(const Model& m, const scene::Settings& settings, const std::vector<Input>& inputs, const std::vector<Output>& outputs, int commands, Fit& fit) {
  const int key = settings.keyframe.empty() ? -1 : find_key(m, settings.keyframe);
  const std::vector<double> controls = initial_controls(m, settings, key);
  Plan out;
  for (const Output& output : outputs) plan_output(m, output, controls, out, fit);
  const double* const initial = key >= 0 ? &m.key_qpos[size_t(key) * m.qpos_count] : m.qpos0.data();
  for (const Input& input : inputs) plan_input(m, input, out, initial, commands, out, fit);
  return out;
}

// The first column in which two variants differ, in words.
std::string difference(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    if (i < a.size() && i < b.size() && a[i] == b[i]) continue;
    return "column " + std::to_string(i) + " is " + (i < a.size() ? "'" + a[i] + "'" : "missing") + " in one and " + (i < b.size() ? "'" + b[i] + "'" : "missing") + " in the other";
  }
  return "";
}

template <class Names> int find(const Names& names, const std::string& word) {
  const auto at = std::find(names.begin(), names.end(), word);
  return at == names.end() ? -1 : int(at - names.begin());
}

}  // namespace

int find_input(const std::string& word) { return find(input_kinds, word); }
int find_output(const std::string& word) { return find(output_maps, word); }

struct Port::Inside {
  explicit Inside(Session& s) : session(s) {}
  Session& session;
  int inputs = 0, outputs = 0, commands = 0;
  std::vector<Plan> plans;                       // per bucket, as the following
  std::vector<std::vector<int>> members;         // environments of the world
  std::tuple<std::vector<PortJob<float>>, std::vector<PortJob<double>>> jobs;   // made at the first use; no address ever changes
  std::vector<float> limits;
  AlignedVector<float> observation, action, command, last;
  std::optional<Link> actions, observations;     // where the scene's link has that way
  std::vector<float> sent, seen;                 // [environment][outputs], [environment][inputs]: controls and observations as they set out
  std::vector<uint64_t> begun;                   // per environment: beginnings that its links know of
  std::string why_host;
#if defined(NURI_WITH_CUDA)
  std::unique_ptr<CudaPort> gpu;                 // has the tables, then
#endif

  uint64_t control_step(int e) const { return session.age(e) / uint64_t(session.settings().substeps); }
  template <class T> void notice(int e) {
    if (begun[size_t(e)] == session.beginnings(e)) return;
    begun[size_t(e)] = session.beginnings(e);
    const uint64_t seed = session.episode_seed(e), id = session.world().id(e);
    if (observations) observations->begin(e, seed, id);
    if (!actions) return;
    actions->begin(e, seed, id);
    const T* const controls = session.world().row<T>(StateField::ctrl, e).data();
    float* to = sent.data() + size_t(e) * outputs;
    for (const PortMove& move : plans[session.world().place(e).bucket].moves) *to++ = float(controls[move.actuator]);
  }

  // Of the host's tables and rows.
  template <class T> PortJob<T> job(int b) {
    Bucket& bucket = session.world().bucket(b);
    const Plan& plan = plans[size_t(b)];
    PortJob<T> out{plan.columns.data(), plan.moves.data(), inputs, outputs, commands, members[size_t(b)].data(), bucket.environments(), {}, {},
                   observations ? seen.data() : observation.data(), action.data(), last.data(), command.data(), actions ? sent.data() : nullptr};
    constexpr StateField fields[port_fields] = {StateField::sensordata, StateField::qpos, StateField::qvel, StateField::ctrl};   // as PortSource has them
    for (int f = 0; f < port_fields; ++f) out.state[f] = reinterpret_cast<T*>(bucket.data(fields[f])), out.width[f] = bucket.columns(fields[f]);
    return out;
  }

  template <class T> void observe(int e, const PortJob<T>& of) {
    for (int c = 0; c < inputs; ++c) port_observe(of, session.world().place(e).index, c);
    if (!observations) return;
    notice<T>(e);
    observations->push(e, control_step(e), {seen.data() + size_t(e) * inputs, size_t(inputs)});
    std::ranges::copy(observations->pop(e, control_step(e)), observation.begin() + ptrdiff_t(e) * inputs);
  }

  template <class T> void act(int e, const PortJob<T>& of) {
    if (actions) notice<T>(e);
    for (int c = 0; c < outputs; ++c) port_act(of, session.world().place(e).index, c);
    if (!actions) return;
    actions->push(e, control_step(e), {sent.data() + size_t(e) * outputs, size_t(outputs)});
    const std::span<const float> arrived = actions->pop(e, control_step(e));
    T* const controls = session.world().row<T>(StateField::ctrl, e).data();
    for (size_t i = 0; i < arrived.size(); ++i) controls[of.moves[i].actuator] = T(arrived[i]);
  }

  // work(e, job of its bucket)
  template <class T, class Work> void each_with_job(const Work& work) {
    std::vector<PortJob<T>>& all = std::get<std::vector<PortJob<T>>>(jobs);
    for (int b = int(all.size()); b < session.world().buckets(); ++b) all.push_back(job<T>(b));
    each_environment([&](int e) { work(e, all[size_t(session.world().place(e).bucket)]); });
  }
  template <class Work> void each_environment(const Work& work) {
    const int count = session.environments();
    auto job = [&](int index, int) {
      const NumericMode mode;
      for (int e = index * chunk; e < std::min(count, (index + 1) * chunk); ++e) work(e);
    };
    const int chunks = (count + chunk - 1) / chunk;
    if (chunks == 1) job(0, 0);
    else session.world().pool().run(chunks, job);
  }
  bool is_float() const { return session.world().options().precision == Precision::f32; }
};

Port::Port(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Port::~Port() = default;

Result<std::unique_ptr<Port>> Port::make(Session& session, std::vector<Input> inputs, std::vector<Output> outputs, int commands, [[maybe_unused]] bool on_device) {
  const Loaded& loaded = session.loaded();
  const Place here{loaded.path, 0, 0};
  auto error = [](std::string code, std::string message, std::string hint, const Place& place) {
    return Diagnostic{Severity::error, std::move(code), std::move(message), std::move(hint), place, {}, {}};
  };
  if (commands < 0 || commands > port_limits::commands)
    return error("too-many", "a port has 0 to " + std::to_string(port_limits::commands) + " commands, not " + std::to_string(commands), {}, here);

  // every variant has the same columns
  Fit fit;
  std::vector<Plan> plans;
  for (const auto& model : loaded.models) {
    fit.begin(loaded.models.size() > 1 ? model->name : "");
    plans.push_back(make_plan(*model, loaded.settings, inputs, outputs, commands, fit));
  }
  if (std::vector<Diagnostic> errors = fit.errors(); !errors.empty()) {
    for (Diagnostic& d : errors)
      if (d.place.file.empty()) d.place = here;
    return errors;
  }
  const Plan& first = plans[0];
  for (size_t v = 1; v < plans.size(); ++v) {
    std::string differ = difference(first.labels, plans[v].labels);
    if (differ.empty()) differ = difference(first.actuators, plans[v].actuators);
    if (!differ.empty())
      return error("variants-differ", "the variants '" + loaded.models[0]->name + "' and '" + loaded.models[v]->name + "' differ in what a policy would see or move: " + differ,
                   "name what all variants have", here);
  }
  if (first.moves.empty()) return error("no-output", "no output moves an actuator", {}, outputs.empty() ? here : outputs[0].place);
  if (first.columns.size() > size_t(port_limits::columns))
    return error("too-many", "the inputs have " + std::to_string(first.columns.size()) + " columns; " + std::to_string(port_limits::columns) + " are allowed", {}, here);

  auto inside = std::make_unique<Inside>(session);
  Inside& in = *inside;
  in.inputs = int(first.columns.size()), in.outputs = int(first.moves.size()), in.commands = commands;
  for (const PortMove& move : first.moves) in.limits.push_back(float(move.limit));
  const World& world = session.world();
  for (int b = 0; b < world.buckets(); ++b)
    for (size_t v = 0; v < plans.size(); ++v)
      if (loaded.models[v].get() == &world.bucket(b).model()) {
        in.plans.push_back(plans[v]);
        break;
      }
  in.members.resize(size_t(world.buckets()));
  for (int e = 0; e < world.environments(); ++e) in.members[size_t(world.place(e).bucket)].push_back(e);
  const size_t n = size_t(session.environments());
  const scene::LinkPath &out = loaded.settings.action_link, &back = loaded.settings.observation_link;
#if defined(NURI_WITH_CUDA)
  if (on_device && world.options().resident && world.stream()) {
    if (out.used() || back.used()) {
      in.why_host = "the scene's link keeps its packets on the host";
    } else {
      std::vector<CudaPort::Plan> parts;
      for (const Plan& plan : in.plans) parts.push_back({plan.columns, plan.moves});
      try {
        in.gpu = std::make_unique<CudaPort>(session.world(), parts, commands);
      } catch (const device::Error& failed) {
        return error(failed.code == cudaErrorMemoryAllocation ? "gpu-memory" : "cuda-failed", std::string("the port's tables: ") + failed.what(), "fewer environments need less memory", here);
      }
      return std::unique_ptr<Port>(new Port(std::move(inside)));
    }
  }
#endif
  in.observation.resize(n * size_t(in.inputs));
  in.action.resize(n * size_t(in.outputs));
  in.last.resize(n * size_t(in.outputs));
  in.command.resize(n * size_t(in.commands));
  const double period = loaded.models[0]->timestep[0] * loaded.settings.substeps;
  const double needed = (out.used() ? Link::bytes(out, period, int(n), in.outputs) : 0) + (back.used() ? Link::bytes(back, period, int(n), in.inputs) : 0);
  if (needed > double(sysconf(_SC_PHYS_PAGES)) * double(sysconf(_SC_PAGESIZE)))
    return error("no-memory", "the packets under way on the scene's link would take " + std::to_string(int64_t(needed / 1e9)) + " GB", "use fewer environments or less latency", here);
  if (out.used()) in.actions.emplace(out, period, int(n), in.outputs, stream_actions, false), in.sent.resize(n * size_t(in.outputs));
  if (back.used()) in.observations.emplace(back, period, int(n), in.inputs, stream_observations, true), in.seen.resize(n * size_t(in.inputs));
  in.begun.assign(n, 0);                         // sessions count from 1
  return std::unique_ptr<Port>(new Port(std::move(inside)));
}

int Port::environments() const { return inside_->session.environments(); }
int Port::inputs() const { return inside_->inputs; }
int Port::outputs() const { return inside_->outputs; }
int Port::commands() const { return inside_->commands; }
const std::vector<std::string>& Port::labels() const { return inside_->plans[0].labels; }
const std::vector<std::string>& Port::actuators() const { return inside_->plans[0].actuators; }
std::span<const float> Port::limits() const { return inside_->limits; }
std::span<float> Port::observation() { return inside_->observation; }
std::span<float> Port::action() { return inside_->action; }
std::span<float> Port::command() { return inside_->command; }
std::span<float> Port::last() { return inside_->last; }
std::span<const int> Port::driven(int environment) const { return inside_->plans[inside_->session.world().place(environment).bucket].driven; }

const std::string& Port::why_host() const { return inside_->why_host; }

#if defined(NURI_WITH_CUDA)
CudaPort* Port::on_gpu() { return inside_->gpu.get(); }
#else
CudaPort* Port::on_gpu() { return nullptr; }
#endif

void Port::observe() {
#if defined(NURI_WITH_CUDA)
  if (inside_->gpu) return inside_->gpu->observe();
#endif
  Inside& in = *inside_;
  auto of = [&]<class T>(T) { in.each_with_job<T>([&](int e, const PortJob<T>& job) { in.observe(e, job); }); };
  in.is_float() ? of(0.0f) : of(0.0);
}

void Port::act() {
#if defined(NURI_WITH_CUDA)
  if (inside_->gpu) return inside_->gpu->act();
#endif
  Inside& in = *inside_;
  auto of = [&]<class T>(T) { in.each_with_job<T>([&](int e, const PortJob<T>& job) { in.act(e, job); }); };
  in.is_float() ? of(0.0f) : of(0.0);
}

void Port::begin(std::span<const int> environments) {
#if defined(NURI_WITH_CUDA)
  if (inside_->gpu) return inside_->gpu->begin(environments);
#endif
  for (const int e : environments) std::fill_n(inside_->last.begin() + ptrdiff_t(e) * inside_->outputs, inside_->outputs, 0.0f);
}

void Port::begin() {
#if defined(NURI_WITH_CUDA)
  if (inside_->gpu) return inside_->gpu->begin();
#endif
  std::fill(inside_->last.begin(), inside_->last.end(), 0.0f);
}

}  // namespace nuri::session
