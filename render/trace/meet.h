// Rays of a packet against one prop, and against the props that a block of rays can meet at all.
//
// A block's rays lie in a cone; a prop's sphere that the cone misses is met by none of them, with room for rounding. So each block
// has a short list, nearest first, and a packet stops at the first prop that begins behind what all its rays have met. Both leave out
// only what cannot be the result. Many props lie in clusters (clusters.h), and a cluster that the cone misses is skipped as a whole. Rejected: a
// deeper tree, built again for every environment and picture.
#pragma once
#include "render/trace/team.h"
#include "render/trace/walk.h"

NURI_KERNEL_BEGIN
namespace tracing {

template <class R> NURI_VALUE S at(const R& r, int w) { return S(r[w]); }
template <class R> NURI_VALUE Vec3<S> at(const Vec3<R>& v, int w) { return {S(v.x[w]), S(v.y[w]), S(v.z[w])}; }
template <class R> NURI_VALUE void put(Vec3<R>& v, int w, Vec3<S> s) { v.x.set(w, s.x.v), v.y.set(w, s.y.v), v.z.set(w, s.z.v); }
template <class R> inline constexpr int width_of = sizeof(R) / sizeof(float);
template <class R> NURI_VALUE R loaded(const float* p) {
  R r;
  __builtin_memcpy(&r, p, sizeof(R));
  return r;
}

// A frame as rows of [R | t], the same for all rays.
struct Pose {
  const float* m;
  template <class R> NURI_VALUE Vec3<R> to_local(Vec3<R> v) const {                    // of a direction
    return {mul_add(R(m[8]), v.z, mul_add(R(m[4]), v.y, R(m[0]) * v.x)), mul_add(R(m[9]), v.z, mul_add(R(m[5]), v.y, R(m[1]) * v.x)),
            mul_add(R(m[10]), v.z, mul_add(R(m[6]), v.y, R(m[2]) * v.x))};
  }
  template <class R> NURI_VALUE Vec3<R> to_world(Vec3<R> v) const {
    return {mul_add(R(m[2]), v.z, mul_add(R(m[1]), v.y, R(m[0]) * v.x)), mul_add(R(m[6]), v.z, mul_add(R(m[5]), v.y, R(m[4]) * v.x)),
            mul_add(R(m[10]), v.z, mul_add(R(m[9]), v.y, R(m[8]) * v.x))};
  }
  template <class R> NURI_VALUE Vec3<R> origin() const { return {R(m[3]), R(m[7]), R(m[11])}; }
  template <class R> NURI_VALUE Vec3<R> point_to_local(Vec3<R> p) const { return to_local(p - origin<R>()); }
};

// Where things are in one environment.
NURI_VALUE Frames frames_of(const Launch& launch, int e) {
  const Frames& f = launch.frames;
  const int64_t n = e;
  Frames out{f.prop + n * 12 * launch.view.prop_count, f.sphere + n * 4 * f.stride, f.lamp + n * lamp_frame * launch.view.lamp_count, f.eye + n * 12 * launch.eye_count, f.stride,
             nullptr, nullptr, nullptr, f.clusters, f.cluster_stride};
  if (f.clusters) out.sorted = f.sorted + n * 4 * f.stride, out.cluster = f.cluster + n * 4 * f.cluster_stride, out.order = f.order + n * 3 * f.stride;
  return out;
}

// A convex shape; x and d in its axes.
template <class R> NURI_VALUE RayHit<R> ray_round(const Prop& p, Vec3<R> x, Vec3<R> d) {
  const Vec3<R> size{R(p.size[0]), R(p.size[1]), R(p.size[2])};
  switch (p.kind) {
    case plane: return ray_plane(x, d, size);
    case sphere: return ray_sphere(x, d, size.x);
    case capsule: return ray_capsule(x, d, size.x, size.y);
    case ellipsoid: return ray_ellipsoid(x, d, size);
    case cylinder: return ray_cylinder(x, d, size.x, size.y);
    case box: return ray_box(x, d, size);
  }
  return {R(no_ray_hit), zero3<R>()};
}
NURI_VALUE RayGrid<float> grid_of(const Field& f) { return {f.elevation, f.rows, f.columns, f.half_x, f.half_y, f.top, f.base}; }

// t alone: the compiler drops what only normals need. One function per kind keeps each small.
template <class R> NURI_STAGE R distance_to(const Prop& p, Vec3<R> x, Vec3<R> d) { return ray_round(p, x, d).t; }

// Prop i; o and d in its axes.
template <bool Any, class R, class X>
NURI_FN void meet(const View& view, int i, Vec3<X> o, Vec3<R> d, R from, TruthOf<R> active, Met<R>& best) {
  const Prop& p = view.props[i];
  if (p.kind == mesh) return walk<Any>(view.trees[p.shape], o, d, from, R(float(i)), active, best);
  const Vec3<R> x = mul_add(d, from, spread<R>(o));
  R t(no_ray_hit);
  if (p.kind == field) {
    const RayGrid<float> grid = grid_of(view.fields[p.shape]);
    for (int w = 0; w < width_of<R>; ++w) if (active[w]) t.set(w, ray_grid(grid, at(x, w), at(d, w)).t.v);
  } else {
    t = distance_to(p, x, d);
  }
  const TruthOf<R> hit = active & (t < R(no_ray_hit));
  t = t + from;
  if constexpr (Any) best.t = where(hit & (t < best.t), R(-1.0f), best.t);
  else take(best, hit, t, R(float(i)), R(0.0f));
}

// ---- lists of props ---------------------------------------------------------------------------------------------------
// Which of the spheres i, i + 1, .. are wanted, as bits.
template <class R, class K> NURI_VALUE unsigned wanted(const float* sphere, int stride, int i, K keep, R& out_entry) {
  const Vec3<R> centre{loaded<R>(sphere + i), loaded<R>(sphere + stride + i), loaded<R>(sphere + 2 * stride + i)};
  out_entry = R(0.0f);
  return keep(centre, loaded<R>(sphere + 3 * stride + i), out_entry).bits();
}
// Visits the props whose sphere is wanted, as many at a time as fit: keep(centre, radius, out_entry) says which, visit(prop, entry) returns whether
// to go on; radius < 0: endless. A sphere around others is wanted where one of those is. `from`, `step`: of chunks as wide as R.
template <class R, class K, class V> NURI_FN void gather(const View& view, const Frames& frames, int from, int step, K keep, V visit) {
  constexpr int width = width_of<R>;
  R entry;
  if (frames.clusters == 0) {
    for (int i = from * width; i < view.prop_count; i += step * width) {
      const unsigned bits = wanted(frames.sphere, frames.stride, i, keep, entry);
      for (int w = 0; w < width && i + w < view.prop_count; ++w)
        if ((bits >> w & 1u) && !visit(i + w, entry[w])) return;
    }
    return;
  }
  for (int c = from * width; c < frames.clusters; c += step * width) {
    const unsigned open = wanted(frames.cluster, frames.cluster_stride, c, keep, entry);
    for (int k = 0; k < width && c + k < frames.clusters; ++k) {
      if (!(open >> k & 1u)) continue;
      const int first = (c + k) * cluster_size, end = first + cluster_size < view.prop_count ? first + cluster_size : view.prop_count;
      for (int i = first; i < end; i += width) {
        const unsigned bits = wanted(frames.sorted, frames.stride, i, keep, entry);
        for (int w = 0; w < width && i + w < end; ++w)
          if ((bits >> w & 1u) && !visit(frames.order[i + w], entry[w])) return;
      }
    }
  }
}

// The props that a block of rays can meet, made by a team (team.h).
template <class Team> struct List {
  Scratch room;
  int count = 0;

  // Nearest first; of equals the lower number (an order for speed: results do not depend on it).
  NURI_FN void sort(const Team& team, int props) {
    if constexpr (Team::alone) sort_alone();
    else sort_together(team, props);
  }

 private:
  NURI_VALUE bool before(int a, int b) const { return room.entry[a] < room.entry[b] || (room.entry[a] <= room.entry[b] && room.prop[a] < room.prop[b]); }
  NURI_FN void sort_alone() {                    // Shell's
    int gap = 1;
    while (gap < count / 3) gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3)
      for (int i = gap; i < count; ++i) {
        const float e = room.entry[i];
        const int p = room.prop[i];
        int j = i;
        for (; j >= gap && (e < room.entry[j - gap] || (e <= room.entry[j - gap] && p < room.prop[j - gap])); j -= gap) {
          room.entry[j] = room.entry[j - gap];
          room.prop[j] = room.prop[j - gap];
        }
        room.entry[j] = e;
        room.prop[j] = p;
      }
  }
  // Every entry counts those before it: that is its place in the second half of the room.
  NURI_FN void sort_together(const Team& team, int props) {
    for (int k = team.rank(); k < count; k += team.size()) {
      int at = props;
      for (int j = 0; j < count; ++j) at += before(j, k);
      room.entry[at] = room.entry[k];
      room.prop[at] = room.prop[k];
    }
    room.entry += props, room.prop += props;
    team.sync();
  }
};

// Props that a ray from o in the cone (axis, cosine, sine) may meet. A point at distance a along the axis and p from it lies outside of the cone
// by p cos - a sin, or more.
template <class R, class Team>
NURI_STAGE List<Team> gather_cone(const View& view, const Frames& frames, Vec3<S> o, Vec3<S> axis, float cosine, float sine, const Team& team, const Scratch& room) {
  List<Team> list{room};
  team.restart();
  const auto keep = [&](Vec3<R> centre, R r, R& entry) NURI_INLINED {
    const Vec3<R> v = centre - spread<R>(o);
    const R along = dot(v, spread<R>(axis)), squared = dot(v, v), distance = sqrt(squared), room = mul_add(r, R(1.0001f), R(1e-4f) * distance);
    const R beside = norm(sub_mul(v, spread<R>(axis), along));
    entry = where(r < R(0.0f), R(0.0f), distance - room);
    return (r < R(0.0f)) | (squared <= room * room) | (R(cosine) < R(0.0f)) | (sub_mul(beside * R(cosine), along, R(sine)) <= room);
  };
  gather<R>(view, frames, team.rank(), team.size(), keep, [&](int prop, float entry) NURI_INLINED {
    const int at = team.next();
    list.room.prop[at] = prop;
    list.room.entry[at] = entry;
    return true;
  });
  team.sync();
  list.count = team.counted();
  list.sort(team, view.prop_count);
  for (int k = team.rank(); k < list.count; k += team.size()) {
    const Vec3<S> local = Pose{frames.prop + 12 * list.room.prop[k]}.point_to_local(o);
    list.room.origin[3 * k] = local.x.v, list.room.origin[3 * k + 1] = local.y.v, list.room.origin[3 * k + 2] = local.z.v;
  }
  team.sync();
  return list;
}

// Visits the props that cast shadows into a ball (its centre, radius) from a lamp at `end`, or from far away in direction `end`: those that come
// near the way. visit(prop) returns whether to go on.
template <class R, class V>
NURI_FN void gather_way(const View& view, const Frames& frames, Vec3<S> ball, float radius, Vec3<S> end, bool far, V visit) {
  Vec3<S> direction = end;
  S length = S(no_ray_hit);
  if (!far) direction = normalized(end - ball, Vec3<S>{S(0.0f), S(0.0f), S(1.0f)}, length);
  const auto keep = [&](Vec3<R> centre, R r, R&) NURI_INLINED {
    const Vec3<R> v = centre - spread<R>(ball);
    const R along = max(R(0.0f), min(dot(v, spread<R>(direction)), spread<R>(length)));
    const Vec3<R> beside = sub_mul(v, spread<R>(direction), along);
    const R room = mul_add(r + R(radius), R(1.001f), R(1e-4f) * (abs(v.x) + abs(v.y) + abs(v.z)));
    return (r < R(0.0f)) | (dot(beside, beside) <= room * room);
  };
  gather<R>(view, frames, 0, 1, keep, [&](int prop, float) NURI_INLINED { return !view.props[prop].opaque || visit(prop); });
}

}  // namespace tracing
NURI_KERNEL_END
