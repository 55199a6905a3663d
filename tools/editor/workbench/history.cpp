#include "tools/editor/workbench/history.h"

#include <algorithm>
#include <numeric>

namespace nuri::editor {
namespace {

uint64_t period_of(const session::Session& session) { return uint64_t(session.settings().substeps); }

}  // namespace

void History::begin(const session::Session& session, const Hand& hand, uint64_t scene) {
  moments_.clear();
  changes_.clear();
  bytes_ = 0, stride_ = 1;
  push(session, hand, scene, true);
}

void History::record(const session::Session& session, const Hand& hand, uint64_t scene, bool pinned) {
  const uint64_t now = session.substep(), period = period_of(session);
  while (!moments_.empty() && moments_.back().substep() >= now) bytes_ -= moments_.back().saved.bytes(), moments_.pop_back();
  while (!changes_.empty() && changes_.back().substep >= now) changes_.pop_back();
  if (pinned || moments_.empty() || now / period % stride_ == 0) push(session, hand, scene, pinned);
  newest_ = now;
  if (bytes_ > limit_) thin(period);
}

void History::push(const session::Session& session, const Hand& hand, uint64_t scene, bool pinned) {
  const size_t environments = size_t(session.environments());
  if (everyone_.size() != environments) everyone_.resize(environments), std::iota(everyone_.begin(), everyone_.end(), 0);
  moments_.push_back({session.save(everyone_), hand, scene, pinned});
  bytes_ += moments_.back().saved.bytes();
  newest_ = session.substep();
}

void History::thin(uint64_t period) {
  while (bytes_ > limit_ && stride_ < most_stride && moments_.size() > 1) {
    stride_ *= 2;
    std::deque<Moment> left;
    bytes_ = 0;
    for (Moment& m : moments_) {
      if (!left.empty() && !m.pinned && m.substep() / period % stride_ != 0) continue;
      bytes_ += m.saved.bytes();
      left.push_back(std::move(m));
    }
    moments_ = std::move(left);
  }
  while (bytes_ > limit_ && moments_.size() > 1) bytes_ -= moments_.front().saved.bytes(), moments_.pop_front();
  while (changes_.size() > 1 && !moments_.empty() && changes_[1].substep <= moments_.front().substep()) changes_.pop_front();
}

void History::hold(uint64_t substep, const std::optional<Hold>& what) {
  if (held(substep) == what) return;
  while (!changes_.empty() && changes_.back().substep >= substep) changes_.pop_back();
  changes_.push_back({substep, what});
}

const std::optional<Hold>& History::held(uint64_t substep) const {
  static const std::optional<Hold> nothing;
  const auto after = std::upper_bound(changes_.begin(), changes_.end(), substep, [](uint64_t s, const Change& c) { return s < c.substep; });
  return after == changes_.begin() ? nothing : std::prev(after)->hold;
}

void History::forget_after(uint64_t substep) {
  while (!moments_.empty() && moments_.back().substep() > substep) bytes_ -= moments_.back().saved.bytes(), moments_.pop_back();
  while (!changes_.empty() && changes_.back().substep > substep) changes_.pop_back();
  newest_ = std::min(newest_, substep);
}

const History::Moment* History::at_or_before(uint64_t substep) const {
  const auto after =
      std::upper_bound(moments_.begin(), moments_.end(), substep, [](uint64_t s, const Moment& m) { return s < m.substep(); });
  return after == moments_.begin() ? nullptr : &*std::prev(after);
}

}  // namespace nuri::editor
