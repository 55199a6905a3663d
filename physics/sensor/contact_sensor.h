// Contact sensors: the contacts between two things, or the sum of what they push. MuJoCo: mj_sensorAcc, matchContact.
//
// A thing is a geom, a body, a subtree (xbody), all there is, or, first, a site that holds the contact's point. `num` readings of the fields
// in sensor_data; those without a contact are 0. Contacts stand in the order of MuJoCo's list (bodies, explicit pairs, geoms, points), by
// distance (mindist) or by force (maxforce), then in that order. `found` is the number of all that match. The frame looks from the
// first thing to the second: turned round about its second tangent if the contact lies the other way.
//   force, torque   N, N m; of geom 1 on geom 2 in the contact's frame; turned round: by its mirror, so that it is equal and opposite
//   linvel, angvel  m/s, rad/s; of the second body as the first sees it, at the contact's point, in its frame; not of netforce
//   netforce        one reading: force and torque in world axes about `pos`, the mean of the points weighted by force
//
// Readings are picked one after another, each the least of those after the last: no list per environment is needed.
#pragma once
#include "physics/kernel/contact_force.h"
#include "physics/sensor/interaction.h"
#include "physics/sensor/ray_geom.h"

NURI_KERNEL_BEGIN

template <class L> struct ContactMatch { typename L::Truth found, turned; };

// Which environments have a contact in this slot that the sensor is about, and whether they have it the other way round.
template <class L> NURI_FN ContactMatch<L> contact_match(const Pack<L>& p, int i, int slot) {
  const auto& m = p.model;
  const int type1 = m.sensor_object_type[i], type2 = m.sensor_reference_type[i], one = m.sensor_object[i], two = m.sensor_reference[i];
  const auto is = [&](int type, int wanted, int g) {
    if (type == object::none || type == object::site) return true;
    if (type == object::geom) return g == wanted;
    int b = m.geom_body[g];
    if (type == object::xbody)
      while (b > wanted) b = m.body_parent[b];
    return b == wanted;
  };
  unsigned found = 0, turned = 0;
  for (int w = 0; w < L::width; ++w) {
    const int pair = p.scratch.slot_pair()[slot][w];
    if (pair < 0) continue;
    const int g1 = m.pair_geom1[pair], g2 = m.pair_geom2[pair];
    const bool one_one = is(type1, one, g1), one_two = is(type1, one, g2), two_one = is(type2, two, g1), two_two = is(type2, two, g2);
    if ((!one_one && !one_two) || (!two_one && !two_two)) continue;
    bool straight = true;
    if (type1 != object::none && type2 != object::none) {
      straight = one_one && two_two;
      if (!straight && !(one_two && two_one)) continue;
    } else if (type1 != object::none) {
      straight = one_one;
    } else {
      straight = two_two;
    }
    found |= 1u << w;
    turned |= (straight ? 0u : 1u) << w;
  }
  ContactMatch<L> match{L::Truth::from_bits(found), L::Truth::from_bits(turned)};
  if (type1 == object::site && found) {
    const int frame = m.body_frame[slot_bodies(p, slot).pushed];
    match.found = match.found & inside_site(p, one, load3(p.scratch.frames() + 12 * slot, 0) + load3(p.scratch.com(), frame));
  }
  return match;
}

// Does environment w's contact in slot i stand before that in slot k in MuJoCo's list?
template <class L> NURI_FN bool contact_before(const Pack<L>& p, int w, int i, int k) {
  const auto& m = p.model;
  const int a = p.scratch.slot_pair()[i][w], b = p.scratch.slot_pair()[k][w];
  if (a == b) return i < k;
  const int a1 = m.pair_geom1[a], a2 = m.pair_geom2[a], b1 = m.pair_geom1[b], b2 = m.pair_geom2[b];
  const int a_low = a1 < a2 ? a1 : a2, a_high = a1 < a2 ? a2 : a1, b_low = b1 < b2 ? b1 : b2, b_high = b1 < b2 ? b2 : b1;   // geoms ascend with their bodies
  if (m.geom_body[a_low] != m.geom_body[b_low]) return m.geom_body[a_low] < m.geom_body[b_low];
  if (m.geom_body[a_high] != m.geom_body[b_high]) return m.geom_body[a_high] < m.geom_body[b_high];
  const int a_explicit = m.pair_explicit[a], b_explicit = m.pair_explicit[b];
  if (a_explicit >= 0 || b_explicit >= 0) return a_explicit >= 0 && (b_explicit < 0 || a_explicit < b_explicit);
  return a_low != b_low ? a_low < b_low : a_high < b_high;
}

template <class L> NURI_FN void sense_contact(const Pack<L>& p, int i, typename L::Real* out) {
  using R = typename L::Real;
  using Int = typename L::Int;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int data = m.sensor_data[i], kind = m.sensor_reduce[i], values = m.sensor_adr[i + 1] - m.sensor_adr[i];
  for (int k = 0; k < values; ++k) out[k] = R(0);
  // what is in a slot; the contact's own frame has another sign than the solver's
  const auto point = [&](int slot) { return load3(s.frames() + 12 * slot, 0) + load3(s.com(), m.body_frame[slot_bodies(p, slot).pushed]); };
  const auto sign = [&](int slot) { return R(slot < p.world_slots ? float(m.owner_sign[s.slot_owner()[slot]]) : 1.0f); };
  const auto flip = [](typename L::Truth turned, R v) { return where(turned, -v, v); };

  R count = R(0);
  if (kind == reduce::netforce) {
    Vec3<R> center = zero3<R>(), force = zero3<R>(), torque = zero3<R>();
    R weights = R(0);
    for (int pass = 0; pass < 2; ++pass) {                         // where, then how much
      for (int slot = 0; slot < p.slot_count; ++slot) {
        const ContactMatch<L> match = contact_match(p, i, slot);
        if (!any(match.found)) continue;
        R f[6];
        slot_force(p, slot, f);
        if (pass == 0) {
          const R weight = where(match.found, sqrt(mul_add(f[2], f[2], mul_add(f[1], f[1], f[0] * f[0]))), R(0));
          center = mul_add(point(slot), weight, center);
          weights = weights + weight;
          count = where(match.found, count + R(1), count);
          continue;
        }
        const R turn = flip(match.turned, sign(slot));
        const R* const frame = s.frames() + 12 * slot;
        const auto in_world = [&](const R* v) { return mul_add(load3(frame, 3), v[2] * turn, mul_add(load3(frame, 2), v[1] * turn, load3(frame, 1) * (v[0] * turn))); };
        const Vec3<R> push = in_world(f), twist = in_world(f + 3);
        force = where(match.found, force + push, force);
        torque = where(match.found, cross_add(point(slot) - center, push, torque + twist), torque);
      }
      if (pass == 0) center = center * (R(1) / max(weights, p.tiny()));
    }
    const auto some = R(0) < count;
    const auto put = [&](Vec3<R> v) { store3(out, 0, where(some, v, zero3<R>())); out += 3; };
    if (data & contact_data::found) *out++ = count;
    if (data & contact_data::force) put(force);
    if (data & contact_data::torque) put(torque);
    if (data & contact_data::dist) ++out;
    if (data & contact_data::pos) put(center);
    if (data & contact_data::normal) put({R(1), R(0), R(0)});
    if (data & contact_data::tangent) put({R(0), R(1), R(0)});
    return;
  }

  const R far = R(no_ray_hit);
  R last_rank = -far;
  Int last;
  for (int w = 0; w < L::width; ++w) last.set(w, -1);
  int size = 0;
  for (int bit = 0; bit < 9; ++bit) size += data & (1 << bit) ? ((1 << bit) & (contact_data::found | contact_data::dist) ? 1 : 3) : 0;
  for (int reading = 0; reading * size < values; ++reading, out += size) {
    // the least contact after the last
    R best_rank = far;
    Int best;
    unsigned some = 0;
    for (int w = 0; w < L::width; ++w) best.set(w, -1);
    for (int slot = 0; slot < p.slot_count; ++slot) {
      const ContactMatch<L> match = contact_match(p, i, slot);
      if (!any(match.found)) continue;
      if (reading == 0) count = where(match.found, count + R(1), count);
      R rank = R(0);
      if (kind == reduce::mindist) rank = s.slot_dist()[slot];
      if (kind == reduce::maxforce) {
        R f[6];
        slot_force(p, slot, f);
        rank = -mul_add(f[2], f[2], mul_add(f[1], f[1], f[0] * f[0]));
      }
      const auto up_to_best = match.found & (rank <= best_rank), from_last = last_rank <= rank, less = rank < best_rank, more = last_rank < rank;
      for (unsigned bits = (up_to_best & from_last).bits(), w = 0; bits; bits >>= 1, ++w) {
        if (!(bits & 1)) continue;
        const int l = last[int(w)], b = best[int(w)];
        if (!more[int(w)] && l >= 0 && !contact_before(p, int(w), l, slot)) continue;
        if (!less[int(w)] && b >= 0 && !contact_before(p, int(w), slot, b)) continue;
        best.set(int(w), slot);
        best_rank.set(int(w), rank[int(w)]);
        some |= 1u << w;
      }
    }
    if (!some) return;
    last = best;
    last_rank = best_rank;
    // its numbers
    for (int slot = 0; slot < p.slot_count; ++slot) {
      unsigned bits = 0;
      for (int w = 0; w < L::width; ++w) bits |= (best[w] == slot ? 1u : 0u) << w;
      if (!bits) continue;
      const auto here = L::Truth::from_bits(bits), turned = contact_match(p, i, slot).turned;
      R* o = out;
      const auto put = [&](R v) { *o = where(here, v, *o); ++o; };
      const auto put3 = [&](R x, R y, R z) { put(x), put(y), put(z); };
      if (data & contact_data::found) put(count);
      if (data & (contact_data::force | contact_data::torque)) {
        R f[6];
        slot_force(p, slot, f);
        if (data & contact_data::force) put3(f[0], f[1], flip(turned, f[2]));
        if (data & contact_data::torque) put3(f[3], f[4], flip(turned, f[5]));
      }
      if (data & contact_data::dist) put(s.slot_dist()[slot]);
      const Vec3<R> at = point(slot);
      if (data & contact_data::pos) put3(at.x, at.y, at.z);
      const R turn = flip(turned, sign(slot));
      const R* const frame = s.frames() + 12 * slot;
      if (data & contact_data::normal) put3(frame[3] * turn, frame[4] * turn, frame[5] * turn);
      if (data & contact_data::tangent) put3(frame[6] * turn, frame[7] * turn, frame[8] * turn);
      if (!(data & (contact_data::linvel | contact_data::angvel))) continue;
      const auto motion = [&](int body) { return frame_velocity(p, Frame<R>{body, at, {R(1), R(0), R(0), R(0)}}); };
      const int owner = s.slot_owner()[slot];
      const Twist<R> apart = motion(m.owner_body2[owner]) - motion(m.owner_body1[owner]);
      const auto along = [&](int axis, Vec3<R> v) { return dot(load3(frame, 1 + axis), v) * sign(slot); };
      if (data & contact_data::linvel) put3(along(0, apart.v), along(1, apart.v), flip(turned, along(2, apart.v)));
      if (data & contact_data::angvel) put3(along(0, apart.w), along(1, apart.w), flip(turned, along(2, apart.w)));
    }
  }
}

template <class L> NURI_STAGE void sense_contacts(Pack<L>& p) {
  const auto& m = p.model;
  p.lane.each(m.sensor_count, [&](int i) {
    if (m.sensor_type[i] == sensor::contact) sense_contact(p, i, p.scratch.sensors() + m.sensor_adr[i]);
  });
  p.lane.sync();
}

NURI_KERNEL_END
