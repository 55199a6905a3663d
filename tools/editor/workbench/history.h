// History: states of the past, within bounded memory, and what a person's hand did between them. Any control step that it spans comes back
// with the same bits: the nearest older state is restored, and what lies between is computed again with the same hand.
//
// At first every control step is kept. When memory is full, every second one goes, up to `most_stride` steps between two (a step back
// computes less than that many again); after that the oldest go. A state that something other than time made (a joint set, a scene edited)
// is pinned: thinning leaves it, for it cannot be computed from what was before. States of a scene that has changed since are kept
// too, but between them nothing can be computed again.
#pragma once
#include <deque>
#include "tools/editor/workbench/hand.h"
#include "tools/session/session.h"

namespace nuri::editor {

class History {
 public:
  struct Moment {
    session::Saved saved;
    Hand hand;
    uint64_t scene = 0;                          // hash of the scene's text
    bool pinned = false;
    uint64_t substep() const { return saved.substep; }
  };
  static constexpr uint64_t most_stride = 16;    // control steps

  explicit History(size_t bytes) : limit_(bytes) {}

  // Begins anew with the present.
  void begin(const session::Session& session, const Hand& hand, uint64_t scene);
  // The present, after every control step, and `pinned` after every other change. What was at this moment or later is forgotten.
  void record(const session::Session& session, const Hand& hand, uint64_t scene, bool pinned);
  // From this substep on the hand holds this; told before the step.
  void hold(uint64_t substep, const std::optional<Hold>& what);
  const std::optional<Hold>& held(uint64_t substep) const;
  void forget_after(uint64_t substep);

  const Moment* at_or_before(uint64_t substep) const;
  uint64_t oldest() const { return moments_.empty() ? 0 : moments_.front().substep(); }
  uint64_t newest() const { return newest_; }    // the last control step, though its state may not be kept
  size_t kept() const { return moments_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Change { uint64_t substep; std::optional<Hold> hold; };
  void push(const session::Session& session, const Hand& hand, uint64_t scene, bool pinned);
  void thin(uint64_t period);

  size_t limit_, bytes_ = 0;
  std::deque<Moment> moments_;                   // ascending
  std::deque<Change> changes_;                   // ascending
  std::vector<int> everyone_;
  uint64_t newest_ = 0, stride_ = 1;
};

}  // namespace nuri::editor
