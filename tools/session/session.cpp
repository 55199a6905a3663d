#include "tools/session/session.h"

#include <algorithm>
#include <chrono>
#include "engine/core/random.h"
#include "engine/math/elementary.h"

namespace nuri::session {
namespace {

double sine(double turns) {
  Wide<double, 1> s, c;
  sin_cos(Wide<double, 1>(6.283185307179586 * turns), s, c);
  return s.v;
}

}  // namespace

Result<std::unique_ptr<Session>> Session::create(Loaded loaded, WorldOptions options) {
  std::unique_ptr<Session> session(new Session(std::move(loaded)));
  const model::Model& model = *session->loaded_.model;
  const scene::Settings& settings = session->loaded_.settings;
  std::vector<Diagnostic> errors = check_initial(model, settings);
  if (!settings.keyframe.empty() && (session->key_ = find_key(model, settings.keyframe)) < 0)
    errors.push_back({Severity::error, "unknown-name", "the model has no keyframe '" + settings.keyframe + "'", {}, {session->loaded_.path, 0, 0}, {}, {}});
  Result<std::vector<Channel>> channels = make_channels(model, settings);
  if (!channels) errors.insert(errors.end(), channels.errors().begin(), channels.errors().end());
  Result<std::unique_ptr<Timeline>> timeline = Timeline::create(model, settings, options.threads);
  if (!timeline) errors.insert(errors.end(), timeline.errors().begin(), timeline.errors().end());
  Result<std::vector<Goal>> goals = make_goals(model, settings);
  if (!goals) errors.insert(errors.end(), goals.errors().begin(), goals.errors().end());
  if (!errors.empty()) return errors;
  session->timeline_ = std::move(*timeline);
  session->goals_ = std::move(*goals);
  session->channels_ = std::move(*channels);
  for (Channel& c : session->channels_)
    if (session->timeline_ && session->timeline_->drives(c.actuator) && c.varies()) c.type = scene::ControlType::none;
  session->varies_ = std::any_of(session->channels_.begin(), session->channels_.end(), [](const Channel& c) { return c.varies(); });

  auto world = World::create(session->loaded_.model, options);
  if (!world) return world.errors();
  session->world_ = std::move(*world);
  errors = randomise_fields(*session->world_, settings);
  if (!errors.empty()) return errors;
  session->reset();
  return session;
}

void Session::reset() {
  world_->reset(key_);
  substep_ = 0;
  for (int e = 0; e < world_->environments(); ++e) randomise_state(*world_, settings(), e);
  if (world_->options().precision == Precision::f32) write_controls<float>(true);
  else write_controls<double>(true);
  world_->forward();
  if (timeline_) timeline_->reset(*world_);
  timeline_next_ = 0;
  world_->clear_statistics();
}

void Session::apply_controls() {
  if (substep_ % uint64_t(settings().substeps) != 0) return;
  if (varies_ && world_->options().precision == Precision::f32) write_controls<float>(false);
  else if (varies_) write_controls<double>(false);
  if (!timeline_ || substep_ != timeline_next_) return;          // its control step is done once, however often it is asked for
  timeline_->step(*world_);
  timeline_next_ = substep_ + uint64_t(settings().substeps);
}

void Session::step(int substeps) {
  while (substeps > 0) {
    apply_controls();
    const int period = settings().substeps, until_next = period - int(substep_ % uint64_t(period));
    const int count = varies_ || timeline_ ? std::min(substeps, until_next) : substeps;
    const auto start = std::chrono::steady_clock::now();
    world_->step(count);
    world_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    substep_ += uint64_t(count);
    substeps -= count;
  }
}

template <class T> void Session::write_controls(bool constant) {
  using scene::ControlType;
  const uint64_t seed = world_->options().seed, control_step = substep_ / uint64_t(settings().substeps);
  const double time = double(substep_) * model().timestep[0];
  for (int e = 0; e < world_->environments(); ++e) {
    const uint64_t id = world_->id(e);
    std::span<T> ctrl = world_->row<T>(StateField::ctrl, e), qpos = world_->row<T>(StateField::qpos, e), qvel = world_->row<T>(StateField::qvel, e);
    for (const Channel& c : channels_) {
      double value;
      switch (c.type) {
        case ControlType::none: continue;
        case ControlType::zero: value = 0; break;
        case ControlType::hold: value = c.value; break;
        case ControlType::random: value = c.centre + c.half * (2 * uniform(seed, id, stream_control, control_step / uint64_t(c.hold), uint32_t(c.actuator)) - 1); break;
        case ControlType::sine: {
          const double phase = c.phase >= 0 ? c.phase : uniform(seed, id, stream_phase, 0, uint32_t(c.actuator));
          value = c.centre + c.half * sine(c.frequency * time + phase);
          break;
        }
        case ControlType::target: value = c.stiffness * (c.target - double(qpos[c.qpos])) - c.damping * double(qvel[c.dof]); break;
      }
      if (c.varies() == constant) continue;
      if (c.limited) value = std::clamp(value, c.low, c.high);
      ctrl[c.actuator] = T(value);
    }
  }
}

int find_key(const model::Model& model, const std::string& name) {
  for (int k = 0; k < model.key_count; ++k)
    if (model.key_name[k] == name) return k;
  for (int k = 0; k < model.key_count; ++k)
    if (std::to_string(k) == name) return k;
  return -1;
}

}  // namespace nuri::session
