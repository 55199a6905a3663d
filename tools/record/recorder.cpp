#include "tools/record/recorder.h"

#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <numeric>
#include "engine/launch/pool.h"
#include "tools/session/fit.h"
#include "tools/session/policy.h"

namespace nuri::record {
namespace {

constexpr double queue_bytes = 128e6;            // frames under way, if at least two fit
constexpr size_t most_frames = 64;
constexpr int few = 16;                          // environments that are worth a thread's while

double memory() { return double(sysconf(_SC_PHYS_PAGES)) * double(sysconf(_SC_PAGESIZE)); }

// Of the actions that an environment's model has: with none, a timeline says nothing of it.
bool acts(const session::Timeline& timeline, int environment) {
  const session::Script* const script = timeline.state(environment).script;
  return script && !script->acts.empty();
}

Head head_of(session::Session& session, const Options& options) {
  const WorldOptions& world = session.world().options();
  const session::Loaded& loaded = session.loaded();
  Head out;
  out.name = loaded.name, out.scene = loaded.path, out.text = loaded.text, out.version = options.version;
  if (session.policy()) out.policy = session.policy()->file().path;
  if (session.timeline() && session.timeline()->actions() > 0) out.timeline = loaded.name;
  out.precision = world.precision == Precision::f32 ? "float" : "double";
  out.timestep = session.model().timestep[0], out.substeps = session.settings().substeps;
  out.control_period = out.timestep * out.substeps;
  out.every = steps_between(options.wishes.rate, out.control_period);
  out.seed = world.seed, out.first_id = world.first_id, out.environments = uint64_t(world.environments);
  out.models = loaded.models;
  out.judges = !session.settings().goals.empty() || (session.timeline() && session.timeline()->actions() > 0);
  return out;
}

}  // namespace

Result<std::unique_ptr<Recorder>> Recorder::create(session::Session& session, const Options& options) {
  auto refuse = [&](std::string code, std::string message, std::string hint) {
    return Diagnostic{Severity::error, std::move(code), std::move(message), std::move(hint), {options.path, 0, 0}, {}, {}};
  };
  std::error_code code;
  if (std::filesystem::exists(options.path, code) && !options.overwrite) return refuse("file-exists", "there is a file of this name already", "name another one, or let it be overwritten");
  std::unique_ptr<Recorder> out(new Recorder(session, options));
  World& world = session.world();
  if (const std::vector<std::string> names = eyes_of(options.wishes); !names.empty()) {
    auto eyes = session::Eyes::make(session, {.names = names, .model_cameras = true});
    if (!eyes) return eyes.errors();
    out->eyes_ = std::move(*eyes);
  }
  out->of_policy_ = session.policy() && !options.port;
  auto plans = make_plans(session, options.wishes, out->eyes_.get(), out->of_policy_ ? &session.policy()->port() : options.port, out->doubts_);
  if (!plans) return plans.errors();
  out->plans_ = std::move(*plans);

  session::Fit told;                             // when the session was made
  for (int b = 0; b < world.buckets(); ++b) out->goals_.push_back(session::make_goals(world.bucket(b).model(), session.settings(), told));
  double buffers = 0;
  for (int e = 0; e < session.environments(); ++e) {
    const World::Place place = world.place(e);
    const auto& models = session.loaded().models;
    const auto variant = std::find(models.begin(), models.end(), world.bucket(place.bucket).shared_model());
    out->seats_.push_back({place.bucket, place.index, int(variant - models.begin()), world.id(e)});
    buffers += out->plans_[size_t(place.bucket)].buffers;
  }
  if (buffers > memory())
    return refuse("no-memory", "what is recorded before it is written would take " + std::to_string(int64_t(buffers / 1e9)) + " GB", "record fewer environments, fields or smaller pictures");
  out->beginnings_.assign(size_t(session.environments()), 0);    // sessions count from 1
  out->recording_.assign(size_t(session.environments()), 0);
  out->inputs_.resize(size_t(world.buckets()));

  auto writer = Writer::create(options.path, options.level, head_of(session, options), out->plans_, out->seats_);
  if (!writer) return writer.errors();
  out->writer_ = std::move(*writer);
  out->thread_ = std::thread(&Recorder::write, out.get());
  session.show(out.get());
  return out;
}

Recorder::~Recorder() {
  stop();
  session_.show(nullptr);
}

std::unique_ptr<Frame> Recorder::blank() {
  const std::lock_guard lock(mutex_);
  if (blanks_.empty()) return std::make_unique<Frame>();
  auto out = std::move(blanks_.back());
  blanks_.pop_back();
  return out;
}

// What an episode has from its beginning.
void Recorder::begin(Frame& frame, int e) {
  const World& world = session_.world();
  const World::Place place = world.place(e);
  Begin begin;
  begin.environment = e;
  begin.seed = session_.seeds()[size_t(e)], begin.episode = session_.episodes()[size_t(e)];
  begin.row.resize(world.saved_bytes(e));
  world.save(e, begin.row.data());
  auto copy = [&](StateField field) {
    const auto bytes = session_.world().bytes(field, e);
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  };
  begin.qpos = copy(StateField::qpos), begin.qvel = copy(StateField::qvel);
  world.bucket(place.bucket).each_override(place.index, [&](int field, int item, double value) { begin.parameters.push_back({field, item, value}); });
  frame.begins.push_back(std::move(begin));
}

void Recorder::copy(Frame& frame) {
  World& world = session_.world();
  const size_t number = world.options().precision == Precision::f32 ? 4 : 8;
  frame.buckets.resize(size_t(world.buckets()));
  for (size_t b = 0; b < frame.buckets.size(); ++b) {
    Bucket& bucket = world.bucket(int(b));
    Frame::Fields& fields = frame.buckets[b];
    const Plan& plan = plans_[b];
    auto bytes = [&](StateField field) { return size_t(bucket.environments()) * size_t(bucket.columns(field)) * number; };
    fields.values.resize(plan.fields.size());
    for (size_t f = 0; f < plan.fields.size() && frame.control_step; ++f) {
      const std::byte* const from = bucket.data(plan.fields[f].field);
      fields.values[f].assign(from, from + bytes(plan.fields[f].field));
    }
    for (size_t i = 0; i < size_t(input_count); ++i) {
      const std::byte* const from = bucket.data(inputs[i]);
      const size_t size = bytes(inputs[i]);
      std::vector<std::byte>& last = inputs_[b][i];
      const bool same = last.size() == size && (size == 0 || std::memcmp(last.data(), from, size) == 0);
      fields.inputs[i].clear();
      if (same) continue;
      last.assign(from, from + size);
      fields.inputs[i] = last;
    }
    fields.pictures.resize(plan.signals.size());
    for (size_t s = 0; s < plan.signals.size() && frame.control_step; ++s) {
      const Signal& signal = plan.signals[s];
      if (signal.eye >= 0) fields.pictures[s].resize(size_t(bucket.environments()) * signal.column.row_bytes());
    }
  }
  if (!frame.control_step) return;
  if (eyes_)
    for (int e = 0; e < session_.environments(); ++e) {
      const Seat& seat = seats_[size_t(e)];
      const Plan& plan = plans_[size_t(seat.bucket)];
      for (size_t s = 0; s < plan.signals.size(); ++s) {
        const Signal& signal = plan.signals[s];
        const size_t size = signal.column.row_bytes();
        if (signal.eye >= 0) std::memcpy(frame.buckets[size_t(seat.bucket)].pictures[s].data() + size * size_t(seat.index), eyes_->picture(signal.eye, e, signal.output), size);
      }
    }
  session::Port* const own = of_policy_ && session_.policy() ? &session_.policy()->port() : nullptr;
  if (session::Port* const port = own ? own : port_) {
    const std::span<const float> last = port->last(), limits = port->limits();
    frame.actions.resize(last.size());
    for (size_t i = 0; i < last.size(); ++i) frame.actions[i] = last[i] / limits[i % limits.size()];
  }
}

void Recorder::before(int substeps) {
  if (failed_) return;
  const int n = session_.environments();
  // what became of the last stretch is now known: who ended is told, or has begun anew
  if (frame_) {
    for (int e = 0; e < n; ++e)
      if (recording_[size_t(e)] && session_.beginnings(e) != beginnings_[size_t(e)]) frame_->ends.push_back({e, Ended::reset}), recording_[size_t(e)] = 0;
    push();
  }
  if (session_.world().options().resident) session_.world().download();
  frame_ = blank();
  Frame& f = *frame_;
  f.substep = session_.substep(), f.substeps = uint32_t(substeps);
  f.control_step = session_.substep() % uint64_t(session_.settings().substeps) == 0;
  f.begins.clear(), f.ends.clear();
  if (eyes_ && f.control_step) eyes_->look();
  for (int e = 0; e < n; ++e) {
    if (session_.beginnings(e) == beginnings_[size_t(e)]) continue;
    beginnings_[size_t(e)] = session_.beginnings(e);
    recording_[size_t(e)] = 1;
    begin(f, e);
  }
  copy(f);
}

void Recorder::judge() {
  Frame& f = *frame_;
  World& world = session_.world();
  const session::Timeline* const timeline = session_.timeline();
  auto work = [&](int e) {
    f.hashes[size_t(e)] = world.hash(e);
    f.faults[size_t(e)] = world.fault(e);
    bool judged = false, success = true;
    for (const session::Goal& goal : goals_[size_t(seats_[size_t(e)].bucket)]) {
      if (goal.sensors.empty()) continue;
      judged = true;
      success = success && session::count_inside(world, goal, e) == int(goal.sensors.size());
    }
    if (!judged && timeline && acts(*timeline, e)) judged = true, success = timeline->state(e).progress == session::Progress::finished;
    f.success[size_t(e)] = judged && success;
  };
  const int n = session_.environments();
  f.hashes.resize(size_t(n)), f.faults.resize(size_t(n)), f.success.resize(size_t(n));
  if (n <= few) {
    for (int e = 0; e < n; ++e) work(e);
    return;
  }
  world.pool().run((n + few - 1) / few, [&](int piece, int) {
    for (int e = piece * few; e < std::min(n, (piece + 1) * few); ++e) work(e);
  });
}

void Recorder::after(int) {
  if (failed_ || !frame_) return;
  if (session_.world().options().resident) session_.world().download();
  judge();
}

void Recorder::end(std::span<const int> environments, Ended why) {
  if (failed_ || !frame_) return;
  for (const int e : environments) {
    if (!recording_[size_t(e)]) continue;
    recording_[size_t(e)] = 0;
    frame_->ends.push_back({e, why});
  }
}

void Recorder::push() {
  std::sort(frame_->ends.begin(), frame_->ends.end(), [](const Frame::End& a, const Frame::End& b) { return a.environment < b.environment; });
  std::unique_lock lock(mutex_);
  most_ = std::clamp<size_t>(size_t(queue_bytes / double(frame_->bytes())), 2, most_frames);
  if (queue_.size() >= most_ && !failed_) {
    const auto start = std::chrono::steady_clock::now();
    changed_.wait(lock, [&] { return queue_.size() < most_ || failed_; });
    waited_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  queue_.push_back(std::move(frame_));
  changed_.notify_all();
}

void Recorder::write() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return !queue_.empty() || stopping_; });
    if (queue_.empty()) return;
    std::unique_ptr<Frame> frame = std::move(queue_.front());
    queue_.pop_front();
    changed_.notify_all();
    lock.unlock();
    writer_->take(*frame);
    if (writer_->error()) failed_ = true;
    lock.lock();
    if (failed_) changed_.notify_all();
    blanks_.push_back(std::move(frame));
  }
}

void Recorder::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

Result<Totals> Recorder::finish() {
  if (frame_ && !failed_) {
    std::vector<int> everyone(size_t(session_.environments()));
    std::iota(everyone.begin(), everyone.end(), 0);
    end(everyone, Ended::end);
    push();
  }
  stop();
  session_.show(nullptr);
  writer_->finish();
  if (writer_->error()) {
    failed_ = true;
    return *writer_->error();
  }
  return writer_->committed();
}

}  // namespace nuri::record
