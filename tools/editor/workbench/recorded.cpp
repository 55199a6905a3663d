// A recording at the workbench: one environment of it is done again from its inputs, forward and, by the history, back. It is looked at and not
// changed; where the bits part from the recorded ones, differences() say so.
#include <algorithm>
#include <chrono>
#include "tools/editor/workbench/command.h"
#include "tools/editor/workbench/history.h"
#include "tools/editor/workbench/streams.h"
#include "tools/record/replay.h"

namespace nuri::editor {

bool Workbench::is_recording(const std::string& path) { return path.ends_with(".h5") || path.ends_with(".hdf5"); }

bool Workbench::open_recording(const std::string& path, std::optional<uint64_t> environment) {
  errors_.clear();
  auto opened = record::Recording::open(path);
  if (!opened) return errors_ = opened.errors(), false;
  const std::shared_ptr<record::Recording> recording = std::move(*opened);
  if (!environment && recording->episodes() > 0) {
    environment = recording->episode(0).environment;
    for (int k = 1; k < recording->episodes(); ++k) environment = std::min(*environment, recording->episode(k).environment);
  }
  auto replays = record::Replay::create(recording, {environment, std::nullopt});
  if (!replays) return errors_ = replays.errors(), false;
  std::unique_ptr<record::Replay> replay = std::move(replays->front());
  auto session = replay->session(options_.world);
  if (!session) return errors_ = session.errors(), false;
  if (const Result<int> first = replay->before(**session); !first) return errors_ = first.errors(), false;   // shows how it began

  settle_nothing();
  if (path != path_) selected = {};
  path_ = path;
  policy_ = nullptr;
  say("");
  saved_text_ = text_;
  hand_ = {};
  replay_ = std::move(replay);
  adopt(std::move(*session));
  return true;
}

// Changes and gestures of the scene before are gone with it.
void Workbench::settle_nothing() {
  placing_.reset();
  hold_.reset();
  commands_.clear();
  entries_.clear();
  done_ = 0;
  gesture_ = false;
  replay_ = nullptr;
}

bool Workbench::refuse_change() {
  return refuse("recorded", "a recording is looked at, not changed", "open the scene that it is of: " + replay_->recording().info().scene);
}

uint64_t Workbench::recorded_environment() const { return session_->world().id(0); }

std::vector<uint64_t> Workbench::recorded_environments() const {
  std::vector<uint64_t> out;
  if (!replay_) return out;
  const record::Recording& recording = replay_->recording();
  for (int k = 0; k < recording.episodes(); ++k) out.push_back(recording.episode(k).environment);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void Workbench::begin_recording() {
  session_->reset();
  if (const Result<int> first = replay_->before(*session_); !first) errors_ = first.errors();
  history_->begin(*session_, hand_, scene_);
}

// The stretches of one control step. False: the recording is over, or cannot be read on, which errors() say.
bool Workbench::replay_control_step() {
  const uint64_t until = session_->substep() + period() - session_->substep() % period();
  while (session_->substep() < until) {
    const Result<bool> stepped = replay_->step(*session_);
    if (!stepped) return errors_ = stepped.errors(), running = false;
    if (!*stepped) return running = false;
  }
  return put_beginning();
}

// Where an episode begins, its beginning is shown, not the end of the one before. False: it cannot be read.
bool Workbench::put_beginning() {
  const uint64_t now = session_->substep();
  if (now >= replay_->end() || replay_->last_beginning(now) != now) return true;
  const Result<int> put = replay_->before(*session_);
  if (!put) errors_ = put.errors();
  return bool(put);
}

// A moment that the history does not have: from the last one that it has, or from where an episode begins, as that needs nothing of what was before;
// as far as the budget goes, the rest when it is asked for again.
void Workbench::play_to(uint64_t substep, double budget) {
  const uint64_t begins = replay_->last_beginning(substep);
  if (substep < history_->oldest() || begins > history_->newest()) {
    session::Saved there = session_->save(everyone());
    there.substep = there.timeline_next = begins;
    if (!session_->restore(there) || !put_beginning()) return;
    history_->begin(*session_, hand_, scene_);
  } else {
    reach(history_->newest());
  }
  const auto start = std::chrono::steady_clock::now();
  while (session_->substep() < substep && replay_control_step()) {
    history_->record(*session_, hand_, scene_, false);
    streams_->stepped();
    if (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() > budget) break;
  }
}

}  // namespace nuri::editor
