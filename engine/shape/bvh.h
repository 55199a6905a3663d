// A ray against a triangle mesh: a tree of boxes, built once on the host (bvh_build.h), walked by each environment.
//
// A node is (first, count). count > 0: a leaf with triangles first .. first + count - 1; count = 0: its children are nodes first and
// first + 1, which come after it. Boxes are exact: the least and greatest numbers of their vertices, and stay so when
// both are rounded to float. The nearer child is walked first, the other waits on a stack that no tree of the builder outgrows.
// The hit is the least t, of equals the first triangle, whatever the order of the walk.
#pragma once
#include "engine/shape/ray.h"

NURI_KERNEL_BEGIN

inline constexpr int bvh_depth = 64;           // levels of a tree at most

template <class T> struct RayMesh {
  const T* vertex;         // 3 each; m
  const int* triangle;     // 3 vertices each, in the order of the leaves; counter-clockwise from outside
  const int* node;         // 2 each
  const T* bound;          // 6 each: lower and upper corner; m
  int node_count;
};

// Where the ray enters a box, at least 0; no_ray_hit if it does not, or not before `end`.
template <class T> NURI_FN Wide<T, 1> enter_box(Vec3<Wide<T, 1>> x, Vec3<Wide<T, 1>> d, Vec3<Wide<T, 1>> inverse, const T* box, Wide<T, 1> end) {
  using S = Wide<T, 1>;
  Vec3<S> low{S(box[0]), S(box[1]), S(box[2])}, high{S(box[3]), S(box[4]), S(box[5])};
  low = low - x, high = high - x;
  // wider by the rounding errors of triangles: a ray that grazes an edge must meet the boxes of both its triangles
  const S pad = S(5e-7f) * max(max(max(abs(low.x), abs(high.x)), max(abs(low.y), abs(high.y))), max(abs(low.z), abs(high.z)));
  S near = S(0), far = end;
  NURI_UNROLL for (int k = 0; k < 3; ++k) {
    const S from = component(low, k) - pad, to = component(high, k) + pad;
    if ((abs(component(d, k)) < S(1e-15f)).v) {
      if ((S(0) < from).v || (to < S(0)).v) return S(no_ray_hit);
      continue;
    }
    const S a = from * component(inverse, k), b = to * component(inverse, k);
    near = max(near, min(a, b));
    far = min(far, max(a, b));
  }
  return (near <= far).v ? near : S(no_ray_hit);
}

template <class T> NURI_FN RayHit<Wide<T, 1>> ray_mesh(const RayMesh<T>& mesh, Vec3<Wide<T, 1>> x, Vec3<Wide<T, 1>> d, Wide<T, 1> end = Wide<T, 1>(no_ray_hit)) {
  using S = Wide<T, 1>;
  const S none = S(no_ray_hit);
  const RayAxes<S> ray(x, d);
  if (ray.none || mesh.node_count == 0) return {none, zero3<S>()};
  const auto inverse_of = [](S v) { return S(1) / ((abs(v) < S(1e-15f)).v ? S(1) : v); };
  const Vec3<S> inverse{inverse_of(d.x), inverse_of(d.y), inverse_of(d.z)};
  const auto vertex = [&](int triangle, int corner) {
    const T* const v = mesh.vertex + 3 * mesh.triangle[3 * triangle + corner];
    return Vec3<S>{S(v[0]), S(v[1]), S(v[2])};
  };

  S best = end;
  int met = -1;
  int waiting[bvh_depth];
  S entry[bvh_depth];                            // where the ray enters the nodes that wait
  int waits = 0, at = 0;
  bool inside = (enter_box(x, d, inverse, mesh.bound, best) < none).v;
  while (inside) {
    const int first = mesh.node[2 * at], count = mesh.node[2 * at + 1];
    bool down = false;
    if (count > 0) {
      for (int k = first; k < first + count; ++k) {
        const S t = ray_triangle(ray, vertex(k, 0), vertex(k, 1), vertex(k, 2));
        if ((t < best).v || ((t <= best).v && k < met)) best = t, met = k;
      }
    } else {
      const S one = enter_box(x, d, inverse, mesh.bound + 6 * first, best), two = enter_box(x, d, inverse, mesh.bound + 6 * (first + 1), best);
      const bool to_one = (one < none).v, to_two = (two < none).v, one_first = to_one && (!to_two || (one <= two).v);
      down = to_one || to_two;
      at = one_first ? first : first + 1;
      if (to_one && to_two && waits < bvh_depth) {
        waiting[waits] = one_first ? first + 1 : first;
        entry[waits++] = one_first ? two : one;
      }
    }
    // up to the last that waits and is not behind what was met
    while (!down && waits > 0) {
      --waits;
      at = waiting[waits];
      down = (entry[waits] <= best).v;
    }
    inside = down;
  }
  if (met < 0) return {none, zero3<S>()};
  return {best, triangle_normal(vertex(met, 0), vertex(met, 1), vertex(met, 2))};
}

// A height field as a solid: its surface, four walls and the base. Rows along y, columns along x; elevations 0 .. 1 of `top`.
template <class T> struct RayGrid {
  const T* elevation;                            // rows x columns
  int rows, columns;                             // at least 2 each
  T half_x, half_y, top, base;                   // m; the base lies at z = -base
};
template <class T> NURI_FN Vec3<Wide<T, 1>> grid_point(const RayGrid<T>& g, int r, int c) {
  using S = Wide<T, 1>;
  return {S(T(2 * c - (g.columns - 1))) * (S(g.half_x) / S(T(g.columns - 1))), S(T(2 * r - (g.rows - 1))) * (S(g.half_y) / S(T(g.rows - 1))),
          S(g.elevation[r * g.columns + c]) * S(g.top)};
}

// The cells under the ray are visited in rows across its longer way, so the work grows with the cells passed, not with the field.
// A cell is two triangles that share the diagonal from (r, c) to (r + 1, c + 1), as in MuJoCo. Other than there the field has
// no floor inside at z = 0: a ray that starts in the ground leaves through the surface, a wall or the base.
template <class T> NURI_FN RayHit<Wide<T, 1>> ray_grid(const RayGrid<T>& g, Vec3<Wide<T, 1>> x, Vec3<Wide<T, 1>> d) {
  using S = Wide<T, 1>;
  const S none = S(no_ray_hit), zero = S(0);
  RayHit<S> best{none, zero3<S>()};
  const RayAxes<S> ray(x, d);
  if (ray.none) return best;

  // the box around it
  const S half_z = (S(g.top) + S(g.base)) * S(0.5f), middle = (S(g.top) - S(g.base)) * S(0.5f);
  const Stretch<S> sx = slab(x.x, d.x, S(g.half_x)), sy = slab(x.y, d.y, S(g.half_y)), sz = slab(x.z - middle, d.z, half_z), box = overlap(overlap(sx, sy), sz);
  if ((box.far < box.near).v || (box.far < zero).v) return best;

  // its walls, up to the surface's border, and the base
  const auto cell = [](S at, S half, int cells) {                                    // counted from the border, in cells
    return (at + half) / (half + half) * S(T(cells));
  };
  const auto whole = [](S at, int last) { return int(max(S(0), min(S(T(last)), at)).v); };
  const auto height = [&](bool along_x, S at, int other) {                           // of the border, linear between grid points
    const int last = along_x ? g.columns - 2 : g.rows - 2;
    const S place = cell(at, along_x ? S(g.half_x) : S(g.half_y), last + 1);
    const int k = whole(place, last);
    const S low = along_x ? grid_point(g, other, k).z : grid_point(g, k, other).z, high = along_x ? grid_point(g, other, k + 1).z : grid_point(g, k + 1, other).z;
    return mul_add(place - S(T(k)), high - low, low);
  };
  for (int end = 0; end < 2; ++end) {
    const S t = end ? box.far : box.near;
    if ((t < zero).v || !(t < best.t).v) continue;
    const auto own = [&](Stretch<S> s) { return end ? (s.far <= box.far).v : (box.near <= s.near).v; };
    const Vec3<S> at = mul_add(d, t, x);
    const bool right = (zero < at.x).v, back = (zero < at.y).v;
    if (own(sx)) {
      if ((at.z <= height(false, at.y, right ? g.columns - 1 : 0)).v) best = {t, {right ? S(1) : S(-1), zero, zero}};
    } else if (own(sy)) {
      if ((at.z <= height(true, at.x, back ? g.rows - 1 : 0)).v) best = {t, {zero, back ? S(1) : S(-1), zero}};
    } else if ((at.z < middle).v) {
      best = {t, {zero, zero, S(-1)}};
    }
  }

  // the surface, between where the ray enters the box and where it leaves it
  const S from = max(box.near, zero), to = box.far;
  const S cx = cell(x.x, S(g.half_x), g.columns - 1), cy = cell(x.y, S(g.half_y), g.rows - 1);
  const S dx = d.x * (S(T(g.columns - 1)) / S(T(2) * g.half_x)), dy = d.y * (S(T(g.rows - 1)) / S(T(2) * g.half_y));   // cells per t
  const bool by_x = (abs(dy) <= abs(dx)).v;
  const S place = by_x ? cx : cy, speed = by_x ? dx : dy, side = by_x ? cy : cx, drift = by_x ? dy : dx, pad = S(0.02f);
  const int last = (by_x ? g.columns : g.rows) - 2, last_side = (by_x ? g.rows : g.columns) - 2;
  const bool rising = (zero <= speed).v, still = (abs(speed) < S(1e-15f)).v;
  const S begin = mul_add(speed, from, place), finish = mul_add(speed, to, place);
  const int k0 = whole(rising ? begin - pad : begin + pad, last), k1 = whole(rising ? finish + pad : finish - pad, last);
  for (int k = k0;; k += rising ? 1 : -1) {
    // the part of the ray over this row of cells
    S t0 = from, t1 = to;
    if (!still) {
      const S a = (S(T(k)) - place) / speed, b = (S(T(k + 1)) - place) / speed;
      t0 = max(from, min(a, b)), t1 = min(to, max(a, b));
    }
    const S s0 = mul_add(drift, t0, side), s1 = mul_add(drift, t1, side);
    const int j0 = whole(min(s0, s1) - pad, last_side), j1 = whole(max(s0, s1) + pad, last_side);
    for (int j = j0; j <= j1; ++j) {
      const int r = by_x ? j : k, c = by_x ? k : j;
      const Vec3<S> v00 = grid_point(g, r, c), v11 = grid_point(g, r + 1, c + 1), v01 = grid_point(g, r, c + 1), v10 = grid_point(g, r + 1, c);
      const S low = ray_triangle(ray, v00, v01, v11), high = ray_triangle(ray, v00, v11, v10);
      if ((low < best.t).v) best = {low, triangle_normal(v00, v01, v11)};
      if ((high < best.t).v) best = {high, triangle_normal(v00, v11, v10)};
    }
    if (k == k1 || (best.t < t0).v) break;      // what was met lies before this row: nothing later can be nearer
  }
  return best;
}

NURI_KERNEL_END
