// Time of the workbench: forward in step with the clock on the wall, back through the history.
#include <algorithm>
#include <chrono>
#include <cmath>
#include "tools/editor/workbench/command.h"
#include "tools/editor/workbench/history.h"
#include "tools/editor/workbench/streams.h"
#include "tools/record/replay.h"

namespace nuri::editor {
namespace {

constexpr double drag_budget = 0.03;             // s of wall time for what a drag to a moment not yet played computes at once
constexpr double watched = 0.5;                  // s of wall time that real_time_factor() is over

}  // namespace

double Workbench::time() const { return session_ ? seconds(session_->substep()) : 0; }

// One control step: the hand pulls anew, then the session drives and steps.
bool Workbench::control_step(const std::optional<Hold>& hold) {
  if (replay_) return replay_control_step();
  hand_.apply(session_->world(), hold, seconds(period()));
  session_->step(int(period() - session_->substep() % period()));
  return true;
}

void Workbench::advance(double wall_seconds, double budget) {
  if (!session_ || !(wall_seconds >= 0)) return;
  double simulated = 0;
  if (running && speed > 0) {
    history_->forget_after(session_->substep());
    const auto start = std::chrono::steady_clock::now();
    const double step = seconds(period());
    owed_ += wall_seconds * speed;
    while (owed_ >= step) {
      history_->hold(session_->substep(), hold_);
      if (!control_step(hold_)) break;
      history_->record(*session_, hand_, scene_, false);
      streams_->stepped();
      owed_ -= step, simulated += step;
      if (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < budget) continue;
      owed_ = std::min(owed_, step);             // what there was no time for is not made up later
      break;
    }
  } else {
    owed_ = 0;
  }
  stretches_.push_back({wall_seconds, simulated});
  double wall = 0;
  for (const Stretch& s : stretches_) wall += s.wall;
  while (stretches_.size() > 1 && wall - stretches_.front().wall >= watched) wall -= stretches_.front().wall, stretches_.pop_front();
}

double Workbench::real_time_factor() const {
  double wall = 0, simulated = 0;
  for (const Stretch& s : stretches_) wall += s.wall, simulated += s.simulated;
  return wall > 0 ? simulated / wall : 0;
}

// Goes to a moment that the history knows, exactly: restores the last state before it and computes the rest. Where the scene has been
// edited in between, the rest cannot be computed, and the state that is kept is the moment. False: there is none.
bool Workbench::reach(uint64_t substep) {
  const History::Moment* const moment = history_->at_or_before(substep);
  if (!moment) return false;
  const bool same_scene = moment->scene == scene_;
  const uint64_t from = session_->substep();
  const bool on_the_way = same_scene && from >= moment->substep() && from <= substep && history_->newest() >= from;
  if (!on_the_way || from == moment->substep()) {
    if (!session_->restore(moment->saved)) return false;
    hand_ = moment->hand;
  }
  while (same_scene && session_->substep() < substep && control_step(history_->held(session_->substep()))) {}
  owed_ = 0;
  return true;
}

void Workbench::step_forward() {
  if (!session_) return;
  const uint64_t now = session_->substep(), next = now + period() - now % period();
  const History::Moment* const moment = history_->at_or_before(next);
  const bool known = moment && next <= history_->newest() && (moment->substep() == next || moment->scene == scene_);
  if (known && reach(next)) return;
  history_->forget_after(now);
  history_->hold(now, hold_);
  if (!control_step(hold_)) return;
  history_->record(*session_, hand_, scene_, false);
  streams_->stepped();
}

bool Workbench::step_back() {
  if (!session_) return false;
  const uint64_t now = session_->substep();
  if (now < period() || history_->oldest() > now - period()) return false;
  return reach(now - period());
}

Workbench::Span Workbench::span() const {
  if (!session_) return {0, 0, 0};
  const uint64_t newest = std::max(history_->newest(), session_->substep());
  if (replay_) return {0, seconds(std::max(newest, replay_->end())), time()};
  return {seconds(history_->oldest()), seconds(newest), time()};
}

void Workbench::go_to(double time) {
  if (!session_ || !std::isfinite(time)) return;
  const double step = seconds(period()), oldest = double(history_->oldest()) / double(period()),
      newest = double(history_->newest()) / double(period());
  if (replay_ && (time / step < oldest || time / step > newest)) {
    const double last = std::ceil(double(replay_->end()) / double(period()));
    return play_to(std::min(uint64_t(std::clamp(std::nearbyint(time / step), 0.0, last)) * period(), replay_->end()), drag_budget);
  }
  reach(uint64_t(std::clamp(std::nearbyint(time / step), oldest, newest)) * period());
}

// ---- the hand ------------------------------------------------------------------------------------------------------------

void Workbench::pull(const Pick& at, const view::Vec3f& point_in_body, const view::Vec3f& to) {
  if (!session_ || replay_ || at.environment < 0 || at.environment >= session_->environments()) return;
  const model::Model& m = session_->world().model(at.environment);
  if (at.body <= 0 || at.body >= m.body_count || m.body_tree[at.body] < 0) return let_go();   // what stands on the world cannot be pulled
  Hold hold{at.environment, at.body, {}, {}};
  for (int k = 0; k < 3; ++k) {
    if (!std::isfinite(point_in_body[k]) || !std::isfinite(to[k])) return;
    hold.point[k] = point_in_body[k], hold.to[k] = to[k];
  }
  hold_ = hold;
}

void Workbench::let_go() {
  if (!hold_ && hand_.force() == 0) return;
  hold_.reset();
  if (!session_) return;
  hand_.apply(session_->world(), std::nullopt, 1);
  history_->record(*session_, hand_, scene_, true);
}

double Workbench::pulling() const { return hand_.force(); }

}  // namespace nuri::editor
