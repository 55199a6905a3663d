// Past values of controls and sensors: delays, and sensors that are read now and then. MuJoCo: mju_historyInsert, mju_historyRead,
// mj_advance, and "Delays" in its documentation, Modeling.
//
// A track keeps the last n samples of one actuator's controls or one sensor's values. It is read, `lag` steps back, before the step adds its
// own sample, so the least delay is a step; beyond the newest and the oldest sample nothing is extrapolated. Time is counted in whole steps:
// a track that samples every P/Q steps (`track_beat`, small whole numbers) has its j-th tick at the first step that is not before
// first/Q + j P/Q, so the age of every sample follows from one counter, and no time stamps are kept. MuJoCo adds up seconds in doubles and
// stores them; where its sums are exact, both give the same values, and elsewhere it may tick a step early or late.
//
// In the state, per track:  [head: slot of the next sample] [phase: 1/Q steps since reset, less P at every tick] [n samples of `values`].
// After a reset all of it is 0, and the samples of quaternions that are controls are 1 0 0 0, as in MuJoCo. What an environment reads
// depends on its own counters, so environments of a pack are walked one by one.
#pragma once
#include "engine/model/model_flags.h"
#include "physics/kernel/pack.h"

NURI_KERNEL_BEGIN

namespace interpolation { enum Type { hold, linear, cubic }; }
inline constexpr double most_whole = 9007199254740992.0;   // 2^53

// A whole number of the state, which others may have written: 0 if it is not one from 0 to `most`.
NURI_FN int64_t whole_within(double x, double most) { return x >= 0 && x <= most ? int64_t(x) : 0; }

// Of one environment: when its track ticks. Whole numbers.
struct Beat {
  int64_t period, next, unit;      // 1/unit steps: from tick to tick, and until the next one

  // Steps since the sample of this rank was taken; 1: the newest.
  NURI_FN int64_t age(int64_t rank) const {
    const int64_t since = rank * period - next, steps = since / unit;
    return steps * unit > since ? steps - 1 : steps;
  }
  // The least rank whose sample is at least as old.
  NURI_FN int64_t rank(int64_t steps) const {
    const int64_t far = steps * unit + next, whole = far / period;
    return whole * period < far ? whole + 1 : whole;
  }
};

template <class L> NURI_FN Beat beat_of(const Pack<L>& p, int track, int w) {
  const auto& m = p.model;
  const auto whole = [&](int k) { return int64_t(double(m.track_beat[3 * track + k][w])); };
  if (whole(0) == 0) return {1, 0, 1};                           // every step
  const double past = double(p.scratch.history()[m.track_adr[track] + 1][w]);
  return {whole(0), whole(1) - (past < 0 ? -whole_within(-past, most_whole) : whole_within(past, most_whole)), whole(2)};
}
// Whether a track that does not sample every step does so in this one.
template <class L> NURI_FN bool ticks(const Pack<L>& p, int track, int w) { return beat_of(p, track, w).next <= 0; }

// out: numbers first, .., first + count - 1 of the track's samples as they were `lag` steps ago. late: how far the evaluation lies behind the
// step's start, in steps (Runge-Kutta).
template <class L>
NURI_FN void read_history(const Pack<L>& p, int track, typename L::Real lag, double late, int first, int count, typename L::Real* out) {
  using R = typename L::Real;
  using T = typename L::Scalar;
  const auto& m = p.model;
  const int n = m.track_samples[track], values = m.track_values[track], kind = m.track_interpolation[track];
  const int taps = kind == interpolation::hold ? 1 : kind == interpolation::linear ? 2 : 4;
  R* const track_state = p.scratch.history() + m.track_adr[track];
  R* const samples = track_state + 2;
  // samples that are read, and their weights
  R weight[4] = {p.one(), p.zero(), p.zero(), p.zero()};
  typename L::Int slot[4];
  NURI_KEEP_LOOP for (int w = 0; w < L::width; ++w) {
    const Beat beat = beat_of(p, track, w);
    const double back = double(lag[w]) - late;
    int64_t up = int64_t(back);
    if (double(up) < back) ++up;
    int64_t rank = beat.rank(up);
    rank = rank < 1 ? 1 : rank > n ? n : rank;
    const int64_t head = whole_within(double(track_state[0][w]), n - 1);
    const auto at = [&](int64_t r) {
      const int64_t r0 = r < 1 ? 1 : r > n ? n : r;
      return int((head - r0 + n) % n);
    };
    slot[0].set(w, at(rank));
    slot[1].set(w, at(rank - 1));
    slot[2].set(w, at(rank + 1));
    slot[3].set(w, at(rank - 2));
    const double old = double(beat.age(rank)), young = double(beat.age(rank - 1));
    if (kind == interpolation::hold || rank < 2 || !(back < old)) continue;   // a sample as it is: at an end, or taken just then
    const double span = old - young, a = (old - back) / span;
    if (kind == interpolation::linear) {
      weight[0].set(w, T(1 - a));
      weight[1].set(w, T(a));
      continue;
    }
    // cubic Hermite; slopes by the neighbours on both sides (Catmull-Rom), 0 at the ends
    const double a2 = a * a, a3 = a2 * a;
    double before = 0, after = 0;
    if (rank < n) before = (a3 - 2 * a2 + a) * span / (double(beat.age(rank + 1)) - young);
    if (rank > 2) after = (a3 - a2) * span / (old - double(beat.age(rank - 2)));
    weight[0].set(w, T(2 * a3 - 3 * a2 + 1 - after));
    weight[1].set(w, T(3 * a2 - 2 * a3 + before));
    weight[2].set(w, T(-before));
    weight[3].set(w, T(after));
  }
  for (int k = 0; k < count; ++k) {
    R sum = p.zero();
    for (int tap = 0; tap < taps; ++tap) {
      R sample = p.zero();
      for (int w = 0; w < L::width; ++w) sample.set(w, samples[slot[tap][w] * values + first + k][w]);
      sum = tap ? mul_add(weight[tap], sample, sum) : sample * weight[0];
    }
    out[k] = sum;
  }
}

// Control u, which actuator a acts on: as it is, or as it was its delay ago.
template <class L> NURI_FN typename L::Real control_of(const Pack<L>& p, int a, int u) {
  using R = typename L::Real;
  const auto& m = p.model;
  const R now = p.scratch.ctrl()[u];
  if (!m.track_count || m.actuator_track[a] < 0) return now;
  const R lag = m.track_lag[m.actuator_track[a]];
  const auto delayed = R(0) < lag;
  if (!any(delayed)) return now;
  R then;
  read_history(p, m.actuator_track[a], lag, p.late, u - m.actuator_control_adr[a], 1, &then);
  return where(delayed, then, now);
}

// What sensor i shows, from its values `fresh` of this step: itself, or the past.
template <class L> NURI_FN void show_history(const Pack<L>& p, int i, const typename L::Real* fresh, typename L::Real* out) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int track = m.sensor_track[i];
  const R lag = m.track_lag[track];
  auto past = R(0) < lag;
  unsigned waits = 0;
  for (int w = 0; w < L::width; ++w) waits |= (ticks(p, track, w) ? 0u : 1u) << w;
  const auto between = L::Truth::from_bits(waits) & (R(0) < m.track_beat[3 * track]);
  past = past | between;
  if (!any(past)) return;
  read_history(p, track, lag, 0, 0, m.track_values[track], out);
  for (int k = 0; k < m.track_values[track]; ++k) out[k] = where(past, out[k], fresh[k]);
}

// Tracks of sensors come last.
template <class L> NURI_FN bool keeps_sensors(const Pack<L>& p) {
  return p.model.track_count > 0 && p.model.track_sensor[p.model.track_count - 1] >= 0;
}

// The end of a step: samples of this step are added, but not where it does not count.
template <class L> NURI_STAGE void keep_history(const Pack<L>& p, typename L::Truth frozen) {
  using R = typename L::Real;
  using T = typename L::Scalar;
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.each(m.track_count, [&](int track) {
    const int values = m.track_values[track], n = m.track_samples[track], control = m.track_control[track];
    if (control < 0 && !m.on(model::flag_sensor)) return;         // nobody has looked
    const R* const from = control >= 0 ? s.ctrl() + control : s.fresh() + m.sensor_adr[m.track_sensor[track]];
    R* const state = s.history() + m.track_adr[track];
    for (int w = 0; w < L::width; ++w) {
      if (frozen[w]) continue;
      const bool now = ticks(p, track, w);
      if (now) {
        const int head = int(whole_within(double(state[0][w]), n - 1));
        for (int k = 0; k < values; ++k) {
          const T x = from[k][w];
          state[2 + head * values + k].set(w, x - x == T(0) ? x : T(0));   // finite, as all of the state
        }
        state[0].set(w, T(head + 1 < n ? head + 1 : 0));
      }
      const double past = double(state[1][w]) + double(m.track_beat[3 * track + 2][w]) - (now ? double(m.track_beat[3 * track][w]) : 0.0);
      state[1].set(w, T(past));
    }
  });
  p.lane.sync();
}

NURI_KERNEL_END
