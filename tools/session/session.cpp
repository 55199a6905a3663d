#include "tools/session/session.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include "engine/math/elementary.h"
#include "tools/session/find_eyes.h"
#include "tools/session/policy.h"
#include "tools/session/vary_eyes.h"

namespace nuri::session {
namespace {

constexpr int piece = 1 << 15;                   // environments between two looks at whether to go on
// Where making them is, by stage; the World's own part is about as long as a reset, for it ends with one.
constexpr double made = 0.3, varied = 0.4, begun = 0.7, drawn = 0.85;

double sine(double turns) {
  Wide<double, 1> s, c;
  sin_cos(Wide<double, 1>(6.283185307179586 * turns), s, c);
  return s.v;
}

Setup make_setup(const model::Model& model, const scene::Settings& settings, const std::string& path, Fit& fit) {
  Setup out;
  check_initial(model, settings, fit);
  if (!settings.keyframe.empty() && (out.key = find_key(model, settings.keyframe)) < 0)
    fit.add(&settings.keyframe, "unknown-name", "the model has no keyframe '" + settings.keyframe + "'", scene::name_hint(settings.keyframe, model.key_name),
            settings.keyframe_place.line > 0 ? settings.keyframe_place : Place{path, 0, 0});
  out.channels = make_channels(model, settings, fit);
  out.fields = find_fields(model, settings, fit);
  out.script = make_script(model, settings, fit);
  out.goals = make_goals(model, settings, fit);
  find_eyes(model, settings.eyes, fit);          // only their names
  find_labels(model, settings.labels, fit);
  check_eye_rules(model, settings, fit);
  for (Channel& c : out.channels)
    if (out.script.drives(c.actuator) && c.varies()) c.type = scene::ControlType::none;
  return out;
}

}  // namespace

Session::Session(Loaded loaded) : loaded_(std::move(loaded)) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::create(Loaded loaded, WorldOptions options, const Watch& watch) {
  std::unique_ptr<Session> session(new Session(std::move(loaded)));
  const Loaded& l = session->loaded_;
  const scene::Settings& settings = l.settings;
  const int variants = int(l.models.size());

  // what the settings mean for each variant
  Fit fit;
  std::vector<Setup> setups;
  for (const auto& model : l.models) {
    fit.begin(variants > 1 ? model->name : "");
    setups.push_back(make_setup(*model, settings, l.path, fit));
    if (model->timestep[0] != l.models[0]->timestep[0])
      fit.add(&l, "option-mismatch", "the variants' timesteps differ", "write it into the scene's 'option'", {l.path, 0, 0});
  }
  if (std::vector<Diagnostic> errors = fit.errors(); !errors.empty()) {
    l.excerpt(errors);
    return errors;
  }

  // variants that have environments are buckets
  std::vector<int> which, bucket_of(size_t(variants), -1);
  for (int e = 0; e < options.environments; ++e) which.push_back(size_t(e) < l.which.size() ? l.which[size_t(e)] : variant_of(options.seed, options.first_id + uint64_t(e), l.shares));
  for (const int variant : which) bucket_of[variant] = 0;
  std::vector<std::shared_ptr<const model::Model>> models;
  for (int v = 0; v < variants; ++v) {
    if (bucket_of[v] < 0) continue;
    bucket_of[v] = int(models.size());
    models.push_back(l.models[v]);
    session->setups_.push_back(std::move(setups[v]));
    for (const Channel& c : session->setups_.back().channels) session->varies_ = session->varies_ || c.varies();
    for (const FieldItem& item : session->setups_.back().fields) session->anew_ = session->anew_ || item.anew;
  }
  for (int& variant : which) variant = bucket_of[variant];
  const Diagnostic stopped{Severity::error, "interrupted", "interrupted while the environments were made", {}, {l.path, 0, 0}, {}, {}};
  if (watch && !watch(0)) return stopped;
  auto world = World::create(models, which, options);
  if (!world) return world.errors();
  session->world_ = std::move(*world);

  const int n = options.environments;
  std::vector<int> everyone(size_t(n), 0);
  std::iota(everyone.begin(), everyone.end(), 0);
  for (int at = 0; at < n; at += piece) {
    if (watch && !watch(made + (varied - made) * at / n)) return stopped;
    session->each(std::span(everyone).subspan(size_t(at), size_t(std::min(piece, n - at))),
                  [&](int e) { randomise_fields(*session->world_, settings, e, session->setup(e).fields, false, options.seed); });
  }
  if (!settings.controllers.empty() || !settings.timeline.empty()) {
    std::vector<Script> scripts;
    for (Setup& setup : session->setups_) scripts.push_back(std::move(setup.script));
    session->timeline_ = std::make_unique<Timeline>(std::move(scripts), settings.timeline, models[0]->timestep[0] * settings.substeps);
  }
  if (!session->begin(watch)) return stopped;
  if (session->loaded_.policy) {
    auto policy = Policy::make(*session, session->loaded_.policy);
    if (!policy) return policy.errors();
    session->drive(std::move(*policy));
  }
  return session;
}

void Session::reset() { begin({}); }

bool Session::begin(const Watch& watch) {
  const int n = world_->environments();
  substep_ = 0;
  seeds_.assign(size_t(n), world_->options().seed);
  numbers_.assign(size_t(n), 0);
  began_.assign(size_t(n), 0);
  std::vector<int> everyone(size_t(n), 0);
  std::iota(everyone.begin(), everyone.end(), 0);
  vary(everyone);
  std::vector<std::vector<int>> members(size_t(world_->buckets()));
  for (int e = 0; e < n; ++e) members[world_->place(e).bucket].push_back(e);
  int done = 0;                                  // in pieces: no result depends on which environments are reset together
  for (int b = 0; b < world_->buckets(); ++b) {
    for (size_t at = 0; at < members[b].size(); at += piece) {
      const std::span<const int> some = std::span(members[b]).subspan(at, std::min<size_t>(piece, members[b].size() - at));
      world_->reset(some, setups_[b].key);
      done += int(some.size());
      if (watch && !watch(varied + (begun - varied) * done / n)) return false;
    }
  }
  for (int at = 0; at < n; at += piece) {
    each(std::span(everyone).subspan(size_t(at), size_t(std::min(piece, n - at))), [&](int e) { draw(e); });
    if (watch && !watch(begun + (drawn - begun) * at / n)) return false;
  }
  world_->upload(everyone);
  world_->forward();
  if (timeline_) timeline_->reset(*world_);
  timeline_next_ = 0;
  beginnings_.resize(size_t(n), 0);
  for (uint64_t& count : beginnings_) ++count;
  world_->clear_statistics();
  return true;
}

void Session::each(std::span<const int> environments, const std::function<void(int environment)>& work) {
  constexpr size_t few = 16;                     // environments that are worth a thread's while
  const int pieces = int((environments.size() + few - 1) / few);
  auto job = [&](int i, int) {
    const NumericMode mode;
    for (const int e : environments.subspan(size_t(i) * few, std::min(few, environments.size() - size_t(i) * few))) work(e);
  };
  if (pieces > 1) world_->pool().run(pieces, job);
  else if (pieces == 1) job(0, 0);
}

void Session::vary(std::span<const int> environments) {
  if (anew_) each(environments, [&](int e) { randomise_fields(*world_, settings(), e, setup(e).fields, true, episode_seed(e)); });
}

void Session::draw(int e) {
  world_->seed_noise(e, episode_seed(e));
  randomise_state(*world_, settings(), e, episode_seed(e));
  world_->options().precision == Precision::f32 ? write_controls<float>(e, true) : write_controls<double>(e, true);
}

void Session::reset(std::span<const int> environments, std::span<const uint64_t> seeds) {
  for (size_t i = 0; i < environments.size(); ++i) {
    const size_t e = size_t(environments[i]);
    if (seeds.empty()) ++numbers_[e];
    else seeds_[e] = seeds[i], numbers_[e] = 0;
    began_[e] = substep_;
  }
  vary(environments);
  if (world_->buckets() == 1) {
    world_->put_initial(environments, setups_[0].key);
  } else {
    std::vector<std::vector<int>> members(setups_.size());
    for (const int e : environments) members[size_t(world_->place(e).bucket)].push_back(e);
    for (size_t b = 0; b < members.size(); ++b) world_->put_initial(members[b], setups_[b].key);
  }
  each(environments, [&](int e) { draw(e); });
  resume(environments);
}

void Session::reset(std::span<const int> environments, int key) {
  for (const int e : environments) began_[size_t(e)] = substep_;
  world_->put_initial(environments, key);
  each(environments, [&](int e) { world_->options().precision == Precision::f32 ? write_controls<float>(e, true) : write_controls<double>(e, true); });
  resume(environments);
}

void Session::resume(std::span<const int> environments) {
  world_->upload(environments);
  world_->forward(environments);
  for (const int e : environments) {
    ++beginnings_[size_t(e)];
    if (timeline_) timeline_->begin(*world_, e);
  }
}

size_t Saved::bytes() const {
  size_t sum = sizeof(Saved) + environments.size() * (sizeof(int) + sizeof(Episode)) + worlds.size() + policy.numbers.size() * sizeof(float);
  for (const TimelineState& t : timelines) {
    sum += sizeof(TimelineState) + t.controls.size() * sizeof(double);
    for (const ControllerState& c : t.controllers) sum += sizeof(ControllerState) + (c.joints.size() + c.rest.size()) * sizeof(double);
  }
  return sum;
}

Saved Session::save(std::span<const int> environments) const {
  Saved out;
  out.environments.assign(environments.begin(), environments.end());
  size_t bytes = 0;
  for (const int e : environments) bytes += world_->saved_bytes(e);
  out.worlds.resize(bytes);
  std::byte* to = out.worlds.data();
  for (const int e : environments) {
    world_->save(e, to);
    to += world_->saved_bytes(e);
    if (timeline_) out.timelines.push_back(timeline_->state(e));
    out.episodes.push_back({seeds_[size_t(e)], numbers_[size_t(e)], began_[size_t(e)]});
  }
  if (policy_) out.policy = {policy_->on(), policy_->save(environments)};
  out.substep = substep_, out.timeline_next = timeline_next_;
  return out;
}

bool Session::restore(const Saved& saved) {
  size_t bytes = 0;
  for (const int e : saved.environments) {
    if (e < 0 || e >= world_->environments()) return false;
    bytes += world_->saved_bytes(e);
  }
  const size_t count = saved.environments.size();
  if (bytes != saved.worlds.size() || saved.episodes.size() != count || saved.timelines.size() != (timeline_ ? count : 0)) return false;
  const bool remembers = policy_ && !saved.policy.numbers.empty();   // a policy that came or went since: it begins anew
  if (remembers && saved.policy.numbers.size() != count * policy_->saved_numbers()) return false;
  for (size_t i = 0; i < saved.timelines.size(); ++i)
    if (!timeline_->fits(*world_, saved.environments[i], saved.timelines[i])) return false;
  if (count == size_t(world_->environments())) substep_ = saved.substep, timeline_next_ = saved.timeline_next;
  const std::byte* from = saved.worlds.data();
  for (size_t i = 0; i < count; ++i) {
    const int e = saved.environments[i];
    ++beginnings_[size_t(e)];
    const Episode& episode = saved.episodes[i];
    seeds_[size_t(e)] = episode.seed, numbers_[size_t(e)] = episode.number;
    began_[size_t(e)] = substep_ - (saved.substep - episode.began);   // as old as it was; may wrap, and does so back
    world_->restore(e, from);
    from += world_->saved_bytes(e);
    if (timeline_) timeline_->restore(*world_, e, saved.timelines[i]);
  }
  vary(saved.environments);
  if (remembers) policy_->restore(saved.environments, saved.policy);
  world_->upload(saved.environments);
  return true;
}

void Session::apply_controls() {
  if (substep_ % uint64_t(settings().substeps) != 0) return;
  const bool drives = policy_ && policy_->on(), due = substep_ >= timeline_next_;   // a control step is done once, however often it is asked for
  const bool away = world_->options().resident && (varies_ || (due && (timeline_ || drives)));
  if (away) world_->download();                  // controls are written on the host, and may depend on all that is
  for (int b = 0; away && b < world_->buckets(); ++b) world_->bucket(b).download(StateField::ctrl);   // others may have written theirs where they are
  if (drives) policy_->put_aside();
  if (varies_ && world_->options().precision == Precision::f32) write_controls<float>(false);
  else if (varies_) write_controls<double>(false);
  if (timeline_ && due) timeline_->step(*world_);
  if (drives) policy_->put_back();
  if (drives && due) policy_->act();
  if (due) timeline_next_ = substep_ + uint64_t(settings().substeps);
  for (int b = 0; away && b < world_->buckets(); ++b) world_->bucket(b).upload(StateField::ctrl);
}

void Session::drive(std::unique_ptr<Policy> policy) { policy_ = std::move(policy); }

void Session::let_go(int bucket, std::span<const int> actuators) {
  for (Channel& c : setups_[size_t(bucket)].channels)
    if (c.varies() && std::find(actuators.begin(), actuators.end(), c.actuator) != actuators.end()) c.type = scene::ControlType::none;
  varies_ = false;
  for (const Setup& s : setups_)
    for (const Channel& c : s.channels) varies_ = varies_ || c.varies();
}

void Session::step(int substeps) {
  while (substeps > 0) {
    apply_controls();
    const int period = settings().substeps, until_next = period - int(substep_ % uint64_t(period));
    const int count = varies_ || timeline_ || policy_ || witness_ ? std::min(substeps, until_next) : substeps;
    if (witness_) witness_->before(count);
    const auto start = std::chrono::steady_clock::now();
    world_->step(count);
    world_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    substep_ += uint64_t(count);
    if (witness_) witness_->after(count);
    substeps -= count;
  }
}

template <class T> void Session::write_controls(bool constant) {
  for (int e = 0; e < world_->environments(); ++e) write_controls<T>(e, constant);
}

template <class T> void Session::write_controls(int e, bool constant) {
  using scene::ControlType;
  const uint64_t seed = episode_seed(e), age = substep_ - began_[size_t(e)], control_step = age / uint64_t(settings().substeps);
  const double time = double(age) * model().timestep[0];
  const uint64_t id = world_->id(e);
  std::span<T> ctrl = world_->row<T>(StateField::ctrl, e), qpos = world_->row<T>(StateField::qpos, e), qvel = world_->row<T>(StateField::qvel, e);
  for (const Channel& c : setup(e).channels) {
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

int find_key(const model::Model& model, const std::string& name) {
  for (int k = 0; k < model.key_count; ++k)
    if (model.key_name[k] == name) return k;
  for (int k = 0; k < model.key_count; ++k)
    if (std::to_string(k) == name) return k;
  return -1;
}

}  // namespace nuri::session
