// State sensors: everything that MJCF's <sensor> computes from the state, at the start of the substep, after the solver.
// MuJoCo: mj_sensorPos, mj_sensorVel, mj_sensorAcc.
//
// Sensors are items; what only some of them need (accelerations, interaction wrenches, subtrees) is computed if there is
// one of that kind. Values of one sensor depend on nothing that another sensor wrote.
#pragma once
#include "engine/model/model_flags.h"
#include "physics/kernel/history.h"
#include "physics/kernel/rows.h"
#include "physics/sensor/contact_sensor.h"
#include "physics/sensor/distance_sensor.h"
#include "physics/sensor/energy.h"
#include "physics/sensor/interaction.h"
#include "physics/sensor/noise.h"
#include "physics/sensor/ray_sensor.h"
#include "physics/sensor/subtree.h"
#include "physics/sensor/touch.h"

NURI_KERNEL_BEGIN

// Limits: position (below the margin), velocity or force of a joint's or tendon's first active limit row, else 0.
template <class L> NURI_FN typename L::Real sense_limit(const Pack<L>& p, int type, int object) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const bool tendon = type >= sensor::tendonlimitpos;
  const int what = type - (tendon ? sensor::tendonlimitpos : sensor::jointlimitpos);
  R value = R(0);
  auto found = p.no();
  for (int i = p.equality_rows + p.friction_rows; i < p.listed_count; ++i) {
    const int row = s.listed()[i];
    if (m.row_source[row] != object || (m.row_kind[row] == model::row_tendon_limit) != tendon) continue;
    R read;
    if (what == 0) {
      read = limit_state(p, row).dist - limit_margin(p, row);
    } else if (what == 1) {
      read = R(0);
      for (int k = m.row_dof_adr[row]; k < m.row_dof_adr[row + 1]; ++k) read = mul_add(s.row_value()[k], s.qvel()[m.row_dof[k]], read);
    } else {
      read = row_force(p, i);
    }
    const auto here = (R(0) < s.D()[i]) & (!found);
    value = where(here, read, value);
    found = found | here;
  }
  return value;
}

// Pose and motion of a frame, in the world or seen from a reference frame that may move.
template <class L> NURI_FN void sense_frame(const Pack<L>& p, int i, typename L::Real* out) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int type = m.sensor_type[i], reference = m.sensor_reference[i];
  const int kind = m.sensor_object_type[i], reference_kind = m.sensor_reference_type[i];
  const Frame<R> f = frame_of(p, kind, m.sensor_object[i]);
  if (type == sensor::framelinacc || type == sensor::frameangacc) {
    const Twist<R> acc = frame_acceleration(p, f);
    store3(out, 0, type == sensor::framelinacc ? acc.v : acc.w);
    return;
  }
  const bool moves = type == sensor::framelinvel || type == sensor::frameangvel;
  Frame<R> from{0, zero3<R>(), {R(1), R(0), R(0), R(0)}};
  if (reference >= 0) from = frame_of(p, reference_kind, reference);
  if (type == sensor::framequat) {
    store4(out, 0, reference < 0 ? f.quat : conjugate(from.quat) * f.quat);
    return;
  }
  Vec3<R> value;
  if (moves) {
    Twist<R> vel = frame_velocity(p, f);
    if (reference >= 0) {
      const Twist<R> carrier = frame_velocity(p, from);
      vel = vel - carrier;
      vel.v = cross_add(f.pos - from.pos, carrier.w, vel.v);
    }
    value = type == sensor::framelinvel ? vel.v : vel.w;
  } else if (type == sensor::framepos) {
    value = f.pos - from.pos;
  } else {
    value = column(axes_of(p, kind, m.sensor_object[i], f), type - sensor::framexaxis);
  }
  store3(out, 0, reference < 0 ? value : transposed_times(axes_of(p, reference_kind, reference, from), value));
}

// What a site feels, in its own axes.
template <class L> NURI_FN Vec3<typename L::Real> sense_site(const Pack<L>& p, int type, int site) {
  using R = typename L::Real;
  const Frame<R> f = frame_of(p, object::site, site);
  Vec3<R> value = zero3<R>();
  switch (type) {
    case sensor::accelerometer: value = frame_acceleration(p, f).v; break;
    case sensor::velocimeter: value = frame_velocity(p, f).v; break;
    case sensor::gyro: value = frame_velocity(p, f).w; break;
    case sensor::magnetometer: value = load3(p.model.magnetic, 0); break;
    default: {
      const Twist<R> wrench = load6(p.scratch.body6(), f.body);
      const Vec3<R> arm = arm_to(p, f.body, f.pos);
      value = type == sensor::force ? wrench.v : cross_add(wrench.v, arm, wrench.w);   // w - arm x v
    }
  }
  return transposed_times(matrix(f.quat), value);
}

template <class L> NURI_FN void sense_one(const Pack<L>& p, int i, typename L::Real* out) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int type = m.sensor_type[i], object = m.sensor_object[i];
  switch (type) {
    case sensor::touch: out[0] = touch_force(p, object); break;
    case sensor::accelerometer: case sensor::velocimeter: case sensor::gyro:
    case sensor::force: case sensor::torque: case sensor::magnetometer:
      store3(out, 0, sense_site(p, type, object));
      break;
    case sensor::jointpos: out[0] = s.qpos()[m.joint_qpos[object]]; break;
    case sensor::jointvel: out[0] = s.qvel()[m.joint_dof[object]]; break;
    case sensor::tendonpos: out[0] = s.tendon_length()[object]; break;
    case sensor::tendonvel: out[0] = s.tendon_velocity()[object]; break;
    case sensor::actuatorpos: case sensor::actuatorvel: case sensor::actuatorfrc:
      for (int o = m.actuator_output_adr[object], k = 0; o < m.actuator_output_adr[object + 1]; ++o, ++k)
        out[k] = type == sensor::actuatorpos ? s.actuator_length()[o] : type == sensor::actuatorfrc ? s.actuator_force()[o] : m.on(model::flag_actuation) ? s.actuator_velocity()[o] : R(0);
      break;
    case sensor::jointactuatorfrc: out[0] = s.actuation()[m.joint_dof[object]]; break;
    case sensor::tendonactuatorfrc: {
      R sum = R(0);
      for (int a = 0; a < m.actuator_count; ++a)
        if (m.actuator_transmission[a] == transmission::tendon && m.actuator_target[a] == object) sum = sum + s.actuator_force()[m.actuator_output_adr[a]];
      out[0] = sum;
      break;
    }
    case sensor::ballquat: store4(out, 0, unit(load4(s.qpos() + m.joint_qpos[object], 0))); break;
    case sensor::ballangvel: store3(out, 0, load3(s.qvel() + m.joint_dof[object], 0)); break;
    case sensor::jointlimitpos: case sensor::jointlimitvel: case sensor::jointlimitfrc:
    case sensor::tendonlimitpos: case sensor::tendonlimitvel: case sensor::tendonlimitfrc:
      out[0] = sense_limit(p, type, object);
      break;
    case sensor::framepos: case sensor::framequat: case sensor::framexaxis: case sensor::frameyaxis: case sensor::framezaxis:
    case sensor::framelinvel: case sensor::frameangvel: case sensor::framelinacc: case sensor::frameangacc:
      sense_frame(p, i, out);
      break;
    case sensor::subtreecom: store3(out, 0, load3(subtree_com(p), object)); break;
    case sensor::subtreelinvel: store3(out, 0, load3(subtree_velocity(p), object)); break;
    case sensor::subtreeangmom: store3(out, 0, load3(subtree_momentum(p), object)); break;
    case sensor::e_potential: out[0] = potential_energy(p); break;
    case sensor::e_kinetic: out[0] = kinetic_energy(p); break;
    case sensor::clock: out[0] = seconds(p); break;
    case sensor::insidesite: out[0] = where(inside_site(p, m.sensor_reference[i], frame_of(p, m.sensor_object_type[i], object).pos), R(1), R(0)); break;
    case sensor::camprojection: project(p, m.sensor_reference[i], frame_of(p, object::site, object).pos, out); break;
    case sensor::user:                                           // whoever reads it fills it in
      for (int k = m.sensor_adr[i]; k < m.sensor_adr[i + 1]; ++k) *out++ = R(0);
      break;
    default: break;                                              // has a stage of its own
  }
}

// None for directions, rotations, contacts and segments; a force of touch is never negative.
template <class L> NURI_FN void cut_off(const Pack<L>& p, int i, typename L::Real* values) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int type = m.sensor_type[i];
  if (type == sensor::ballquat || (type >= sensor::framequat && type <= sensor::framezaxis)) return;
  if (type == sensor::contact || type == sensor::normal || type == sensor::fromto) return;
  const R cutoff = m.sensor_cutoff[i];
  const auto cut = R(0) < cutoff;
  if (!any(cut)) return;
  for (int k = m.sensor_adr[i]; k < m.sensor_adr[i + 1]; ++k) {
    const R value = values[k];
    values[k] = where(cut, min(type == sensor::touch ? value : max(value, -cutoff), cutoff), value);
  }
}

template <class L> NURI_STAGE void sense(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  if (!m.sensor_count) return;
  if (!m.on(model::flag_sensor)) {
    p.lane.each(m.sensor_value_count, [&](int k) { s.sensors()[k] = R(0); });
    p.lane.sync();
    return;
  }
  // what several sensors share
  bool accelerations = false, wrenches = false, below = false, ranges = false, touching = false, distances = false;
  for (int i = 0; i < m.sensor_count; ++i) {
    const int type = m.sensor_type[i];
    wrenches |= type == sensor::force || type == sensor::torque;
    accelerations |= type == sensor::accelerometer || type == sensor::framelinacc || type == sensor::frameangacc;
    below |= type >= sensor::subtreecom && type <= sensor::subtreeangmom;
    ranges |= type == sensor::rangefinder;
    touching |= type == sensor::contact;
    distances |= type >= sensor::distance && type <= sensor::fromto;
  }
  for (int c = 0; c < m.camera_count; ++c) below |= m.camera_mode[c] == camera::trackcom || m.camera_mode[c] == camera::targetbodycom;
  if (accelerations || wrenches) final_accelerations(p);
  if (wrenches) interaction_wrenches(p);
  if (below) subtrees(p);
  if (ranges) sense_ranges(p);
  if (touching) sense_contacts(p);
  if (distances) sense_distances(p);

  p.lane.each(m.sensor_count, [&](int i) {
    const int first = m.sensor_adr[i], end = m.sensor_adr[i + 1];
    sense_one(p, i, s.sensors() + first);
    if (m.on(model::flag_sensornoise)) add_noise(p, i, s.sensors());
    cut_off(p, i, s.sensors());
    if (!m.track_count || m.sensor_track[i] < 0) return;
    for (int k = first; k < end; ++k) s.fresh()[k] = s.sensors()[k];
    show_history(p, i, s.fresh() + first, s.sensors() + first);
  });
  p.lane.sync();
}

NURI_KERNEL_END
