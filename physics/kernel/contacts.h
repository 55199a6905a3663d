// Contacts: bounding tests over the candidate pairs, narrow phase, and contact slots. MuJoCo: mj_collision.
//
// What one environment touches, its neighbours may not. A contact's slot is named by its owner - (body, body, condim) - and its
// own rank in its environment, so the bodies of a slot are the same for the whole pack (no gathers in the solver) while
// the slots of a pack are few: measured on 16 diverged humanoids, the union of their contacts is 4 times the mean.
// Slots that touch the static world come first, in the order of the moving body.
#pragma once
#include "engine/model/model_flags.h"
#include "physics/kernel/asleep.h"
#include "physics/kernel/collide.h"
#include "physics/kernel/pack.h"
#if !defined(__CUDACC__)
#include "physics/kernel/sweep.h"
#endif

NURI_KERNEL_BEGIN

inline constexpr int hit_size = 10;   // dist, pos, normal, tangent

template <class L> NURI_STAGE void broadphase(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int room = s.at->room.pairs;
  const int pairs = m.on(model::flag_contact) && m.on(model::flag_constraint) ? m.pair_count : 0;
  auto is_near = [&](int i) {
    const int g1 = m.pair_geom1[i], g2 = m.pair_geom2[i];
    if (may_sleep(p) && at_rest(p, m.geom_body[g1]) && at_rest(p, m.geom_body[g2])) return p.no();
    const Vec3<R> d = load3(s.geom_xpos(), g2) - load3(s.geom_xpos(), g1);
    const R reach = m.pair_reach[i];
    if (m.pair_type1[i] == geom::plane) return dot(d, column(load9(s.geom_xmat(), g1), 2)) <= reach;
    auto near = dot(d, d) <= reach * reach;
    if (!any(near)) return near;
    // a capsule's sphere is far larger than the capsule: the other's sphere against its axis
    auto beside_axis = [&](int capsule, Vec3<R> away) {
      const Vec3<R> axis = column(load9(s.geom_xmat(), capsule), 2);
      const R half = m.geom_size[3 * capsule + 1], closer = reach - half;
      const Vec3<R> gap = sub_mul(away, axis, max(-half, min(half, dot(axis, away))));
      near = near & (dot(gap, gap) <= closer * closer * R(1.0001f));   // a hair more: the narrow phase judges
    };
    // and so is a box's, above all that of a wall: the other's sphere against the box
    auto beside_box = [&](int box, Vec3<R> away) {
      const Vec3<R> size = load3(m.geom_size, box), local = transposed_times(load9(s.geom_xmat(), box), away);
      const R closer = reach - m.geom_bound[box];
      const Vec3<R> gap{max(R(0), abs(local.x) - size.x), max(R(0), abs(local.y) - size.y), max(R(0), abs(local.z) - size.z)};
      near = near & (dot(gap, gap) <= closer * closer * R(1.0001f));
    };
    const int type1 = m.pair_type1[i], type2 = m.pair_type2[i];
    if (type2 == geom::capsule) beside_axis(g2, -d);
    if (type2 == geom::box) beside_box(g2, -d);
    if (type1 == geom::capsule && any(near)) beside_axis(g1, d);
    if (type1 == geom::box && any(near)) beside_box(g1, d);
    return near;
  };
  bool swept = false;
#if !defined(__CUDACC__)
  if constexpr (L::width == 1 && std::is_floating_point_v<typename L::Scalar>) {
    if (p.sweep && pairs) {
      swept = true;
      p.near_count = 0;
      sweep_pairs(p, *p.sweep, [&](int i) {
        if (!any(is_near(i))) return;
        if (p.near_count < room) s.near_pairs()[p.near_count] = i;
        ++p.near_count;
      });
    }
  }
#endif
  if (!swept) p.near_count = p.lane.list(pairs, s.near_pairs(), room, is_near);
  if (p.near_count > room) {
    p.no_room = true;
    p.near_count = room;
  }
  p.lane.sync();
}

template <class R> NURI_FN Shape<R> shape_at(const ModelView<R>& m, const R* xpos, const R* xmat, int g) {
  return {load3(xpos, g), load9(xmat, g), load3(m.geom_size, g)};
}

// Who touches at hit h: nearer than the margin, or in the gap if its pair stands for one.
template <class L> NURI_FN typename L::Truth touches(const Pack<L>& p, int h) {
  const auto& m = p.model;
  const int i = p.scratch.hit_pair()[h];
  const auto dist = p.scratch.hits()[hit_size * h];
  const auto near = dist < m.pair_margin[i];
  return m.on(model::flag_gap) && m.pair_gap[i] ? near & (m.pair_include[i] <= dist) : near;
}

template <class L> NURI_STAGE void narrowphase(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int room = s.at->room.hits;
  p.lane.once([&] {
    int count = 0, pairs = 0;
    for (; pairs < p.near_count; ++pairs) {
      const int i = s.near_pairs()[pairs], n = max_hits(m.pair_type1[i], m.pair_type2[i]);
      if (count + n > room) break;
      s.near_hit_adr()[pairs] = count;
      for (int k = 0; k < n; ++k) s.hit_pair()[count++] = i;
    }
    s.near_hit_adr()[pairs] = count;
    s.counts()[0] = count;
    s.counts()[1] = pairs;
  });
  p.lane.sync();
  p.hit_count = s.counts()[0];
  if (s.counts()[1] < p.near_count) {
    p.no_room = true;
    p.near_count = s.counts()[1];
  }
  p.lane.each(p.near_count, [&](int k) {
    const int i = s.near_pairs()[k], first = s.near_hit_adr()[k], n = s.near_hit_adr()[k + 1] - first;
    const Shape<R> a = shape_at(m, s.geom_xpos(), s.geom_xmat(), m.pair_geom1[i]), b = shape_at(m, s.geom_xpos(), s.geom_xmat(), m.pair_geom2[i]);
    Hit<R> hit[most_hits];
    collide(m, m.pair_geom1[i], m.pair_geom2[i], m.pair_type1[i], m.pair_type2[i], a, b, m.pair_margin[i], hit);
    for (int h = 0; h < n; ++h) {
      R* const o = s.hits() + hit_size * (first + h);
      o[0] = hit[h].dist;
      if (!any(hit[h].dist < m.pair_margin[i])) continue;          // nobody will read the rest
      store3(o + 1, 0, hit[h].pos);
      store3(o + 1, 1, hit[h].normal);
      store3(o + 1, 2, hit[h].tangent);
    }
  });
  p.lane.sync();
  p.live_count = p.lane.list(p.hit_count, s.live_hits(), p.hit_count, [&](int h) { return touches(p, h); });
  p.lane.sync();
}

// Rows of one contact.
NURI_VALUE int rows_of(int dim, bool elliptic) { return dim == 1 ? 1 : elliptic ? dim : 2 * (dim - 1); }
template <class L> NURI_VALUE int row_end(const Pack<L>& p, int slot) {
  return p.scratch.slot_row()[slot] + rows_of(p.model.owner_dim[p.scratch.slot_owner()[slot]], p.model.elliptic != 0);
}

template <class L> NURI_STAGE void contacts(Pack<L>& p) {
  using R = typename L::Real;
  using Int = typename L::Int;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int room = s.at->room.slots;
  p.slot_count = p.lane.place(
      p.live_count, room, [&](int k) { return m.pair_owner[s.hit_pair()[s.live_hits()[k]]]; },
      [&](int k) { return touches(p, s.live_hits()[k]); },
      s.slot_source(), s.slot_owner(), s.slot_rank());
  if (p.slot_count > room) {
    p.no_room = true;
    p.slot_count = room;
  }
  p.lane.sync();
  // where the slots' rows, Jacobians and links lie: the same for the whole pack
  p.lane.once([&] {
    int own = 0, world = 0, link = 0, coupled = 0;
    for (int i = 0; i < p.slot_count; ++i) {
      const int o = s.slot_owner()[i];
      s.slot_own()[i] = own;
      if (o < m.world_owner_count) {
        while (link <= m.owner_link[o]) s.link_slot_adr()[link++] = i;
        ++world;
      } else {
        own += m.owner_dim[o] * (m.owner_dof_adr[o + 1] - m.owner_dof_adr[o]);
        coupled += m.owner_dim[o];
      }
    }
    while (link <= m.body_count) s.link_slot_adr()[link++] = world;
    s.slot_own()[p.slot_count] = own;
    s.counts()[2] = world;
    s.counts()[3] = own;
    s.counts()[5] = m.along_tree ? coupled : 0;
  });
  p.lane.sync();
  p.world_slots = s.counts()[2];
  if (s.counts()[3] > s.at->room.own || s.counts()[5] > s.at->room.coupled) {
    p.no_room = true;
    p.slot_count = p.world_slots;
  }
  p.lane.each(p.slot_count, [&](int i) {
    Pick<R> hit(s.slot_source()[i]), pair = hit;
    const int o = s.slot_owner()[i];
    for (int j = 0; j < hit.count; ++j) {
      hit.at[j] = s.live_hits()[hit.at[j]];
      pair.at[j] = s.hit_pair()[hit.at[j]];
    }
    s.slot_pair()[i] = pair.template each<Int>();
    const auto here = hit.here();
    auto field = [&](int k) { return hit.of(s.hits(), hit_size, k); };

    const R dist = where(here, field(0), R(no_hit));
    const int frame = m.body_frame[o < m.world_owner_count ? m.owner_body[o] : m.owner_body2[o]];
    const Vec3<R> com = load3(s.com(), frame);
    const Vec3<R> pos = where(here, Vec3<R>{field(1), field(2), field(3)}, com);      // finite for everyone
    const Vec3<R> normal = where(here, Vec3<R>{field(4), field(5), field(6)}, Vec3<R>{R(0), R(0), R(1)});
    const Vec3<R> wanted = where(here, Vec3<R>{field(7), field(8), field(9)}, zero3<R>());
    // two tangents: the wanted one made orthogonal, else the y or z axis (MuJoCo: mju_makeFrame)
    const auto upright = abs(normal.y) < R(0.5f);
    Vec3<R> t1 = where(dot(wanted, wanted) < R(0.25f), where(upright, Vec3<R>{R(0), R(1), R(0)}, Vec3<R>{R(0), R(0), R(1)}), wanted);
    t1 = mul_add(normal, -dot(normal, t1), t1);
    R length;
    t1 = normalized(t1, Vec3<R>{R(1), R(0), R(0)}, length);
    const Vec3<R> t2 = cross(normal, t1);
    const R sign = R(o < m.world_owner_count ? float(m.owner_sign[o]) : 1.0f);

    R* const out = s.frames() + 12 * i;
    s.slot_dist()[i] = dist;
    store3(out, 0, pos - com);
    store3(out, 1, normal * sign);
    store3(out, 2, t1 * sign);
    store3(out, 3, t2 * sign);
    for (int k = 0; k < m.owner_dim[o] - 1; ++k) s.slot_friction()[5 * i + k] = where(here, pair.of(m.pair_friction, 5, k), R(1));
    if (m.elliptic) s.slot_mu()[i] = where(here, pair.of(m.pair_mu, 1, 0), R(1));
  });
  p.lane.sync();
}

NURI_KERNEL_END
