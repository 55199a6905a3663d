// What every mode of nuri_gpu_test does to a world: each environment has its own start and its own controls, from its id alone, so any
// batch, backend and order of stepping sees the same ones.
#pragma once
#include <cstdint>
#include "physics/world.h"

namespace nuri::gpu_test {

// [-1, 1), a multiple of 2^-24: exact in float
inline double noise(uint64_t id, uint64_t a, uint64_t b) {
  uint64_t x = id * 0x9E3779B97F4A7C15u + a * 0xD1B54A32D192ED03u + b * 0x8CB92BA72F3D8DD7u + 0x2545F4914F6CDD1Du;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
  x = (x ^ x >> 27) * 0x94D049BB133111EBu;
  x ^= x >> 31;
  return double(int64_t(x >> 39) - (1 << 24)) / (1 << 24);
}

inline constexpr double position_noise = 0.05, velocity_noise = 0.5;   // rad or m, rad/s or m/s
inline constexpr int control_period = 10;                              // substeps between new controls
inline constexpr double calm = 0.1, wild = 1;                          // shares of the control range: robots lie, prop and slide, or their limbs flail

// The first keyframe where there is one, then a little of everything on top.
inline void begin(World& w) {
  w.reset(0);
  for (int e = 0; e < w.environments(); ++e) {
    const model::Model& m = w.model(e);
    for (int j = 0; j < m.joint_count; ++j)
      if (m.joint_type[j] >= 2) {                                      // slide or hinge
        const int q = m.joint_qpos[j];
        w.set(StateField::qpos, e, q, w.get(StateField::qpos, e, q) + position_noise * noise(w.id(e), 1, uint64_t(q)));
      }
    for (int d = 0; d < m.dof_count; ++d) w.set(StateField::qvel, e, d, velocity_noise * noise(w.id(e), 2, uint64_t(d)));
  }
}

// New controls for the substeps from `step` on, about the middle of the control range or the keyframe's. share: of the range; 0: half of the
// environments are calm, half are wild.
inline void control(World& w, uint64_t step, double share) {
  for (int e = 0; e < w.environments(); ++e) {
    const model::Model& m = w.model(e);
    const double part = share > 0 ? share : w.id(e) % 2 ? wild : calm;
    float* const ctrl = w.row<float>(StateField::ctrl, e).data();
    for (int a = 0; a < m.control_count; ++a) {
      const bool limited = m.control_limited[a] != 0;
      const double low = limited ? m.actuator_ctrlrange[2 * a] : -1, high = limited ? m.actuator_ctrlrange[2 * a + 1] : 1;
      const double middle = m.key_count ? m.key_ctrl[a] : 0.5 * (low + high);
      const double x = middle + part * 0.5 * (high - low) * noise(w.id(e), 3 + step / control_period, uint64_t(a));
      ctrl[a] = float(x < low ? low : x > high ? high : x);
    }
  }
}

}  // namespace nuri::gpu_test
