// Noise of sensors: MJCF's attribute `noise` is a standard deviation, and information; it is applied only where the scene asks for it
// (flag `sensornoise`, which MuJoCo had until 3.1.4). Then, as MuJoCo did:
//   real       each number gets its own normal one
//   positive   (touch, insidesite) likewise where it is above 0, and never falls below
//   axis       is turned about a random axis by a normal angle, rad; so is a quaternion, in its own frame
// before the cutoff, and before samples are kept for delays. Sensors of contacts and of users have none.
//
// A draw is a function of the episode's key, the step and the number it is for (engine/core/random.h), so it does not depend on the batch,
// nor on which other sensors there are before it in time; the state carries key and step (`clock`).
#pragma once
#include "engine/math/elementary_normal.h"
#include "physics/kernel/enums.h"
#include "physics/kernel/history.h"

NURI_KERNEL_BEGIN

inline constexpr uint32_t noise_stream = 0x4E4F4953;

// Steps since reset, and the key of one environment.
template <class L> NURI_FN uint64_t steps_of(const Pack<L>& p, int w) {
  const auto* const clock = p.scratch.clock();
  return uint64_t(whole_within(double(clock[0][w]), 0xFFFFFF)) | uint64_t(whole_within(double(clock[1][w]), 0xFFFFFF)) << 24;
}
template <class L> NURI_FN uint64_t noise_key(const Pack<L>& p, int w) {
  uint64_t key = 0;
  for (int k = 0; k < 4; ++k) key |= uint64_t(whole_within(double(p.scratch.clock()[2 + k][w]), 0xFFFF)) << (16 * k);
  return key;
}
template <class L> NURI_FN typename L::Real seconds(const Pack<L>& p) {
  typename L::Real t = p.zero();
  for (int w = 0; w < L::width; ++w) t.set(w, typename L::Scalar(double(steps_of(p, w)) * double(p.model.timestep[0][w])));
  return t;
}

// The end of a step; but not where it does not count.
template <class L> NURI_FN void advance_clock(const Pack<L>& p, typename L::Truth frozen) {
  using T = typename L::Scalar;
  p.lane.each(1, [&](int) {
    auto* const clock = p.scratch.clock();
    for (int w = 0; w < L::width; ++w) {
      if (frozen[w]) continue;
      const uint64_t next = steps_of(p, w) + 1;
      clock[0].set(w, T(double(next & 0xFFFFFF)));
      clock[1].set(w, T(double(next >> 24 & 0xFFFFFF)));
    }
  });
  p.lane.sync();
}

// Four normal numbers for number k of all sensors' values.
template <class L> NURI_FN typename L::Real noise_draw(const Pack<L>& p, int k, int which) {
  typename L::Real x = p.zero();
  for (int w = 0; w < L::width; ++w) x.set(w, typename L::Scalar(normal(noise_key(p, w), 0, noise_stream, steps_of(p, w), uint32_t(4 * k + which))));
  return x;
}

template <class L> NURI_FN void add_noise(const Pack<L>& p, int i, typename L::Real* values) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int type = m.sensor_type[i], first = m.sensor_adr[i], end = m.sensor_adr[i + 1];
  const R deviation = m.sensor_noise[i];
  const auto noisy = R(0) < deviation;
  if (!any(noisy) || type == sensor::contact || type == sensor::user) return;
  const bool quat = type == sensor::ballquat || type == sensor::framequat, axis = (type >= sensor::framexaxis && type <= sensor::framezaxis) || type == sensor::normal;
  if (quat || axis) {
    R length;
    const Vec3<R> about = normalized(Vec3<R>{noise_draw(p, first, 1), noise_draw(p, first, 2), noise_draw(p, first, 3)}, Vec3<R>{R(1), R(0), R(0)}, length);
    const Quat<R> turned = turn(about, deviation * noise_draw(p, first, 0));
    if (quat) store4(values + first, 0, where(noisy, load4(values + first, 0) * turned, load4(values + first, 0)));
    else store3(values + first, 0, where(noisy, rotate(turned, load3(values + first, 0)), load3(values + first, 0)));
    return;
  }
  const bool positive = type == sensor::touch || type == sensor::insidesite;
  for (int k = first; k < end; ++k) {
    const R sum = mul_add(deviation, noise_draw(p, k, 0), values[k]);
    values[k] = where(positive ? noisy & (R(0) < values[k]) : noisy, positive ? max(sum, R(0)) : sum, values[k]);
  }
}

NURI_KERNEL_END
