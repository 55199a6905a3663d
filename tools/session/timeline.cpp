#include "tools/session/timeline.h"

#include <algorithm>
#include <cmath>
#include "tools/session/session.h"

namespace nuri::session {
namespace {

constexpr int chunk = 8;                         // environments that a thread takes at once
constexpr int other_postures = 20;               // tried before a pose is called out of reach
constexpr double patience = 2;                   // s a move may need beyond its own duration, where it does not say

// Control steps that last at least this long.
int64_t steps_in(double seconds, double period) {
  const double steps = seconds / period;
  return steps < 1e15 ? int64_t(std::ceil(steps - 1e-9)) : int64_t(1e15);   // for ever; NaN is that too
}

double smooth(double x) { return x >= 1 ? 1 : x * x * x * (10 + x * (6 * x - 15)); }

// Shortest duration of the smooth profile over `distance`.
double duration(double distance, double speed, double acceleration) {
  return std::max(1.875 * distance / speed, std::sqrt(5.773502691896258 * distance / acceleration));
}

Pose between(const Pose& from, const Pose& to, double share) {
  if (share == 1) return to;
  const Vec turned = rotation_between(from.orientation, to.orientation);
  const double angle = std::sqrt(shape::dot(turned, turned));
  Pose out;
  out.position = shape::add(from.position, shape::scale(shape::sub(to.position, from.position), share));
  out.orientation = angle < 1e-12 ? to.orientation : shape::unit(shape::mul(turn(shape::scale(turned, 1 / angle), share * angle), from.orientation));
  return out;
}

double length(const Vec& v) { return std::sqrt(shape::dot(v, v)); }

template <class T> void begin_action(World& world, int e, const Act& act, const std::vector<Controller>& controllers, double period, TimelineState& s) {
  const scene::Action& a = act.action;
  s.begun = true;
  s.began = s.step;
  s.duration = steps_in(a.seconds, period);
  if (a.type == scene::ActionType::set) {
    s.controls.clear();
    for (const int actuator : act.actuators) s.controls.push_back(double(world.row<T>(StateField::ctrl, e)[actuator]));
  } else if (a.type == scene::ActionType::move) {
    const scene::Controller& c = controllers[act.controller].settings;
    const std::span<T> sensors = world.row<T>(StateField::sensordata, e);
    ControllerState& state = s.controllers[act.controller];
    const Pose from = state.origin = state.setpoint;
    state.followed = a.follow ? s.action : -1;
    s.to = target_pose(act, from, [&](int i) { return double(sensors[i]); });
    const double linear = duration(length(shape::sub(s.to.position, from.position)), a.speed * c.linear_speed, a.speed * c.linear_acceleration);
    const double angular = duration(length(rotation_between(from.orientation, s.to.orientation)), a.speed * c.angular_speed, a.speed * c.angular_acceleration);
    s.duration = steps_in(std::max(linear, angular), period);
  }
}

// Goes on with the action; true if it is done.
template <class T> bool advance(World& world, int e, const Act& act, const std::vector<Controller>& controllers, const Posture& posture, TimelineState& s) {
  const scene::Action& a = act.action;
  const int64_t passed = s.step - s.began;
  const double share = passed >= s.duration ? 1 : double(passed) / double(s.duration);
  const std::span<T> sensors = world.row<T>(StateField::sensordata, e);
  switch (a.type) {
    case scene::ActionType::wait: return share == 1;
    case scene::ActionType::wait_for: return double(sensors[act.sensor]) >= a.above && double(sensors[act.sensor]) <= a.below;
    case scene::ActionType::set: {
      const std::span<T> ctrl = world.row<T>(StateField::ctrl, e);
      for (size_t i = 0; i < act.actuators.size(); ++i) ctrl[act.actuators[i]] = T(share == 1 ? a.value : s.controls[i] + share * (a.value - s.controls[i]));
      return share == 1;
    }
    case scene::ActionType::move: break;
  }
  const Controller& c = controllers[act.controller];
  ControllerState& state = s.controllers[act.controller];
  if (a.follow) s.to = target_pose(act, state.origin, [&](int i) { return double(sensors[i]); });
  state.setpoint = between(state.origin, s.to, smooth(share));
  if (share < 1) return false;
  const Pose now = site_pose(c.chain, posture);
  s.position_error = length(shape::sub(s.to.position, now.position));
  s.angle_error = length(rotation_between(now.orientation, s.to.orientation));
  return s.position_error <= (a.position_tolerance > 0 ? a.position_tolerance : c.settings.position_tolerance) &&
         s.angle_error <= (a.angle_tolerance > 0 ? a.angle_tolerance : c.settings.angle_tolerance);
}

// A late move: was there any posture at all?
Failure why_late(const Act& act, const std::vector<Controller>& controllers, const TimelineState& s, Posture posture) {
  if (act.action.type != scene::ActionType::move) return Failure::late;
  const Controller& c = controllers[act.controller];
  const InverseResult reach = search_inverse(c.chain, s.to, other_postures, c.settings.position_tolerance, c.settings.angle_tolerance, posture);
  return reach.position_error <= c.settings.position_tolerance && reach.angle_error <= c.settings.angle_tolerance ? Failure::late : Failure::out_of_reach;
}

bool late(const scene::Action& a, double period, const TimelineState& s) {
  if (a.type != scene::ActionType::move && a.type != scene::ActionType::wait_for) return false;
  if (a.within < 0 && a.type == scene::ActionType::wait_for) return false;
  const int64_t most = a.within < 0 ? s.duration + steps_in(patience, period) : steps_in(a.within, period);
  return s.step - s.began >= most;
}

}  // namespace

// q = turn(z, yaw) * turn(x, pi) has the product A cos(yaw / 2) + B sin(yaw / 2) with a given orientation: greatest at atan2(B, A).
double yaw_down(const Rot& q) {
  return 2 * arc_tangent(q[2], q[1]);            // A = q . (0 1 0 0), B = q . (0 0 1 0)
}

double heading(const Rot& q, int axis) {
  const shape::Mat r = shape::matrix(q);
  for (const int k : {axis, (axis + 1) % 3})
    if (std::abs(r[6 + k]) <= 0.7071067811865476 || k != axis) return arc_tangent(r[3 + k], r[k]);
  return 0;
}

Pose target_pose(const Act& act, const Pose& from, const std::function<double(int)>& sensor) {
  using Orientation = scene::MoveTarget::Orientation;
  const scene::MoveTarget& to = act.action.to;
  auto sensed = [&] {
    const int at = act.orientation_sensor;
    return shape::unit({sensor(at), sensor(at + 1), sensor(at + 2), sensor(at + 3)});
  };
  Pose out = from;
  if (act.position_sensor >= 0) out.position = {sensor(act.position_sensor), sensor(act.position_sensor + 1), sensor(act.position_sensor + 2)};
  else if (to.position_given) out.position = to.position;
  out.position = shape::add(out.position, to.offset);
  switch (to.orientation) {
    case Orientation::keep: break;
    case Orientation::sensor: out.orientation = sensed(); break;
    case Orientation::quaternion: out.orientation = to.quaternion; break;
    case Orientation::down: {
      double yaw = yaw_down(from.orientation);
      if (to.yaw_given) {
        const double wanted = to.yaw + (act.orientation_sensor >= 0 ? heading(sensed(), to.axis) : 0);
        yaw = wanted + to.symmetry * std::nearbyint((yaw - wanted) / to.symmetry);
      }
      out.orientation = shape::mul(turn({0, 0, 1}, yaw), {0, 1, 0, 0});
    }
  }
  return out;
}

void Timeline::each_environment(World& world, const std::function<void(int, Posture&)>& work) {
  const int environments = world.environments(), chunks = (environments + chunk - 1) / chunk;
  auto job = [&](int index, int thread) {
    const NumericMode mode;
    for (int e = index * chunk; e < std::min(environments, (index + 1) * chunk); ++e) work(e, postures_[thread][world.place(e).bucket]);
  };
  if (chunks == 1) job(0, 0);
  else world.pool().run(chunks, job);
}

template <class T> void Timeline::read(World& world, int e, Posture& posture) const {
  const Script& script = *states_[e].script;
  const std::span<T> qpos = world.row<T>(StateField::qpos, e), qvel = world.row<T>(StateField::qvel, e);
  for (const int i : script.qpos_read) posture.qpos[i] = double(qpos[i]);
  for (const int i : script.dof_read) posture.qvel[i] = double(qvel[i]);
  if (!script.reads_mocap) return;
  const std::span<T> pos = world.row<T>(StateField::mocap_pos, e), quat = world.row<T>(StateField::mocap_quat, e);
  std::copy(pos.begin(), pos.end(), posture.mocap_pos.begin());
  std::copy(quat.begin(), quat.end(), posture.mocap_quat.begin());
}

template <class T> void Timeline::step_one(World& world, int e, Posture& posture) {
  TimelineState& s = states_[e];
  const std::vector<Act>& acts = s.script->acts;
  const std::vector<Controller>& controllers = s.script->controllers;
  if (world.fault(e) != 0) {                     // it stands still: there is nothing to drive
    if (s.progress == Progress::running) s.progress = Progress::failed, s.failure = Failure::frozen;
    return;
  }
  read<T>(world, e, posture);

  // actions, until one takes time
  while (s.progress == Progress::running && s.action < int(acts.size())) {
    const Act& act = acts[s.action];
    if (!s.begun) begin_action<T>(world, e, act, controllers, period_, s);
    const bool done = advance<T>(world, e, act, controllers, posture, s), expired = !done && late(act.action, period_, s);
    if (!done && !expired) break;
    if (expired && !act.action.may_fail) {
      s.progress = Progress::failed, s.failure = why_late(act, controllers, s, posture);
      for (ControllerState& c : s.controllers) c.followed = -1;
      break;
    }
    s.missed += expired;
    ++s.action;
    s.begun = false;
  }
  if (s.progress == Progress::running && s.action == int(acts.size())) s.progress = Progress::finished;

  // controllers hold their setpoints, or keep to what they follow, whatever the timeline does meanwhile
  const std::span<T> ctrl = world.row<T>(StateField::ctrl, e), sensors = world.row<T>(StateField::sensordata, e);
  double controls[inverse_limits::joints];
  for (size_t c = 0; c < controllers.size(); ++c) {
    ControllerState& state = s.controllers[c];
    if (state.followed >= 0 && state.followed != s.action)
      state.setpoint = target_pose(acts[state.followed], state.origin, [&](int i) { return double(sensors[i]); });
    drive(controllers[c], period_, posture, state, controls);
    for (size_t i = 0; i < controllers[c].drives.size(); ++i) ctrl[controllers[c].drives[i].actuator] = T(controls[i]);
  }
  ++s.step;
}

void Timeline::step(World& world) {
  const bool single = world.options().precision == Precision::f32;
  each_environment(world, [&](int e, Posture& posture) { single ? step_one<float>(world, e, posture) : step_one<double>(world, e, posture); });
}

void Timeline::begin_one(World& world, int e, Posture& posture) {
  TimelineState& s = states_[e] = {};
  s.script = &scripts_[world.place(e).bucket];
  world.options().precision == Precision::f32 ? read<float>(world, e, posture) : read<double>(world, e, posture);
  s.controllers.resize(s.script->controllers.size());
  for (size_t c = 0; c < s.controllers.size(); ++c) nuri::session::begin(s.script->controllers[c], posture, s.controllers[c]);
}

void Timeline::begin(World& world, int environment) { begin_one(world, environment, postures_[0][world.place(environment).bucket]); }

bool Timeline::fits(World& world, int environment, const TimelineState& state) const {
  const Script& script = scripts_[world.place(environment).bucket];
  if (state.action > int(script.acts.size()) || state.controllers.size() != script.controllers.size()) return false;
  if (state.begun && state.action < int(script.acts.size()) && script.acts[state.action].action.type == scene::ActionType::set &&
      state.controls.size() != script.acts[state.action].actuators.size()) return false;
  for (size_t c = 0; c < script.controllers.size(); ++c)
    if (state.controllers[c].joints.size() != size_t(script.controllers[c].chain.size()) || state.controllers[c].followed >= int(script.acts.size())) return false;
  return true;
}

void Timeline::restore(World& world, int environment, const TimelineState& state) {
  states_[environment] = state;
  states_[environment].script = &scripts_[world.place(environment).bucket];
}

void Timeline::reset(World& world) {
  states_.assign(size_t(world.environments()), {});
  std::vector<Posture> postures;
  for (int b = 0; b < world.buckets(); ++b) postures.emplace_back(world.bucket(b).model());
  postures_.assign(size_t(world.pool().threads()), postures);
  each_environment(world, [&](int e, Posture& posture) { begin_one(world, e, posture); });
}

TimelineReport Timeline::report() const {
  TimelineReport out;
  double n = 0;
  for (const TimelineState& s : states_) {
    if (s.script->acts.empty() && !actions_.empty()) continue;   // nothing of it is for this model
    ++n;
    out.running += s.progress == Progress::running, out.finished += s.progress == Progress::finished, out.failed += s.progress == Progress::failed;
    out.actions += s.action - s.missed, out.missed += s.missed;
    if (s.progress != Progress::failed) continue;
    const std::vector<Act>& acts = s.script->acts;
    const int action = s.action < int(acts.size()) ? acts[s.action].index : actions();
    const auto stop = std::find_if(out.stops.begin(), out.stops.end(), [&](const Stop& x) { return x.action == action && x.failure == s.failure; });
    if (stop == out.stops.end()) out.stops.push_back({action, s.failure, 1});
    else ++stop->environments;
  }
  n = std::max(1.0, n);
  out.actions /= n, out.missed /= n;
  std::stable_sort(out.stops.begin(), out.stops.end(), [](const Stop& a, const Stop& b) {
    return a.environments != b.environments ? a.environments > b.environments : a.action != b.action ? a.action < b.action : a.failure < b.failure;
  });
  return out;
}

std::string describe(const scene::Action& action) {
  switch (action.type) {
    case scene::ActionType::move: return "move " + action.controller.text;
    case scene::ActionType::set: return "set " + action.actuators.front();
    case scene::ActionType::wait_for: return "wait for " + action.sensor.text;
    case scene::ActionType::wait: break;
  }
  return "wait";
}

int count_inside(World& world, const Goal& goal, int environment) {
  int inside = 0;
  for (const int at : goal.sensors) {
    bool all = true;
    for (size_t k = 0; k < goal.settings.low.size(); ++k) {
      const double x = world.get(StateField::sensordata, environment, at + int(k));
      all = all && x >= goal.settings.low[k] && x <= goal.settings.high[k];
    }
    inside += all;
  }
  return inside;
}

std::vector<GoalReport> judge(World& world, const scene::Settings& settings, const std::vector<Setup>& setups) {
  std::vector<GoalReport> out;
  for (size_t g = 0; g < settings.goals.size(); ++g) {
    GoalReport& r = out.emplace_back(GoalReport{.name = settings.goals[g].name});
    for (const Setup& setup : setups) r.sensors = std::max(r.sensors, int(setup.goals[g].sensors.size()));
    for (int e = 0; e < world.environments(); ++e) {
      const Goal& goal = setups[world.place(e).bucket].goals[g];
      if (goal.sensors.empty()) continue;
      const int inside = count_inside(world, goal, e);
      ++r.environments, r.mean += inside, r.success += inside == int(goal.sensors.size());
    }
    const double n = std::max(1, r.environments);
    r.mean /= n, r.success /= n;
  }
  return out;
}

}  // namespace nuri::session
