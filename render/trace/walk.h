// A packet of rays against a triangle mesh.
//
// The lanes of R are neighbouring rays. The packet visits a node if any of its rays meets the node's box before what it has met,
// so control flow is uniform; each ray then counts only what lies in leaves whose own box *it* meets. That makes a ray's result
// independent of its company and of the order of the walk, exactly:
//   - box tests are monotone: rounded products and differences keep order, so a ray that meets a leaf's box meets all boxes around it;
//   - a hit lies at max(t, where the ray enters the leaf's box), so a box that is skipped because it begins behind `best` holds nothing nearer;
//   - of equal t the lower (prop, triangle) wins.
//
// Triangles are met by the signs of three edge functions (Plücker coordinates; Davidovič et al., 3D Rasterization, 2012):
//   U = d . ((b - a) x ((a - o) + (b - o)))      for the edge from a to b, o the ray's origin
// For the neighbour across an edge a and b change places: the difference turns its sign, the sum stays, and every rounding with them; so
// the two agree exactly and nothing slips between. All rays of a pinhole share o: then everything but the last product is done once for the
// packet (X is a scalar), and nine products remain for each ray. Rejected: Möller and Trumbore's test (leaks at edges), Woop's (its axes
// differ between rays of a packet).
//
// X is R, or one scalar for all rays: where o is.
#pragma once
#include "engine/shape/bvh.h"
#include "render/trace/view.h"

NURI_KERNEL_BEGIN
namespace tracing {
using namespace nuri::trace;
using S = Wide<float, 1>;

inline constexpr float nowhere = 2e20f;          // entry of a box that a ray does not meet: behind no_ray_hit
inline constexpr float no_prop = 1e9f;

template <class R> NURI_VALUE R spread(S x) { return R(x.v); }
template <class R> NURI_VALUE R spread(R x) requires(!__is_same(R, S)) { return x; }
template <class R, class X> NURI_VALUE Vec3<R> spread(Vec3<X> a) { return {spread<R>(a.x), spread<R>(a.y), spread<R>(a.z)}; }
template <class R> using TruthOf = decltype(R() < R());

// What a ray has met: t in lengths of its direction; numbers of a prop and of its triangle, exact in a float.
template <class R> struct Met { R t, prop, part; };
template <class R> NURI_VALUE Met<R> nothing_met(R end) { return {end, R(no_prop), R(no_prop)}; }
template <class R> NURI_VALUE void take(Met<R>& best, TruthOf<R> hit, R t, R prop, R part) {
  const auto sooner = (prop < best.prop) | ((prop <= best.prop) & (part < best.part));
  const auto better = hit & ((t < best.t) | ((t <= best.t) & sooner));
  best = {where(better, t, best.t), where(better, prop, best.prop), where(better, part, best.part)};
}

// The rays of a packet, ready for boxes.
template <class R, class X> struct Packet {
  Vec3<X> o, o_low, o_high;                      // boxes are grown by moving the origin
  Vec3<R> d, inverse;
  R from;                                        // hits count from here on

  NURI_FN Packet(Vec3<X> origin, Vec3<R> direction, R first, const float* box) : o(origin), d(direction), from(first) {
    // the rounding errors of edge functions go with the farthest corner
    const auto far = [](X x, float low, float high) { return max(abs(X(low) - x), abs(X(high) - x)); };
    const X pad = X(1e-6f) * max(max(far(o.x, box[0], box[3]), far(o.y, box[1], box[4])), far(o.z, box[2], box[5]));
    o_low = {o.x + pad, o.y + pad, o.z + pad};
    o_high = {o.x - pad, o.y - pad, o.z - pad};
    const auto invert = [](R v) { return R(1.0f) / where(abs(v) < R(1e-12f), R(1e-12f), v); };
    inverse = {invert(d.x), invert(d.y), invert(d.z)};
  }
  // Where rays enter a box, at least `from`; nowhere if they miss it.
  NURI_VALUE R enter(const float* box) const {
    const R ax = spread<R>(X(box[0]) - o_low.x) * inverse.x, bx = spread<R>(X(box[3]) - o_high.x) * inverse.x;
    const R ay = spread<R>(X(box[1]) - o_low.y) * inverse.y, by = spread<R>(X(box[4]) - o_high.y) * inverse.y;
    const R az = spread<R>(X(box[2]) - o_low.z) * inverse.z, bz = spread<R>(X(box[5]) - o_high.z) * inverse.z;
    const R near = max(max(min(ax, bx), min(ay, by)), max(min(az, bz), from));
    const R far = min(min(max(ax, bx), max(ay, by)), max(az, bz));
    return where(near <= far, near, R(nowhere));
  }
};

// Edge functions of a triangle for the rays of a packet, as vectors to be multiplied by d: out[axis][edge].
template <class X> NURI_VALUE void edges(const float* tri, Vec3<X> o, X (&out)[3][4]) {
  X e[3][4], s[3][4];
  for (int axis = 0; axis < 3; ++axis) {
    const float* const v = tri + 5 * axis;
    const X from = axis == 0 ? o.x : axis == 1 ? o.y : o.z;
    for (int k = 0; k < 4; ++k) {
      e[axis][k] = X(v[(k + 1) % 5]) - X(v[k % 5]);
      s[axis][k] = (X(v[k % 5]) - from) + (X(v[(k + 1) % 5]) - from);
    }
  }
  for (int k = 0; k < 4; ++k) {
    out[0][k] = sub_mul(e[1][k] * s[2][k], e[2][k], s[1][k]);
    out[1][k] = sub_mul(e[2][k] * s[0][k], e[0][k], s[2][k]);
    out[2][k] = sub_mul(e[0][k] * s[1][k], e[1][k], s[0][k]);
  }
}
// out: weight of the vertex opposite to each edge (edge k runs from vertex k to k + 1), times the same number; returns where they are met
template <class R, class X> NURI_VALUE TruthOf<R> ray_triangle(const float* tri, Vec3<X> o, Vec3<R> d, R (&out)[3], R& out_t) {
  X edge[3][4];
  edges(tri, o, edge);
  NURI_UNROLL for (int k = 0; k < 3; ++k) out[k] = dot(d, Vec3<R>{spread<R>(edge[0][k]), spread<R>(edge[1][k]), spread<R>(edge[2][k])});
  const R low = min(min(out[0], out[1]), out[2]), high = max(max(out[0], out[1]), out[2]);
  const Vec3<X> normal{X(tri[15]), X(tri[16]), X(tri[17])}, a{X(tri[0]) - o.x, X(tri[5]) - o.y, X(tri[10]) - o.z};
  out_t = spread<R>(dot(a, normal)) / dot(d, spread<R>(normal));                       // not a number if seen from its edge: no comparison holds
  return ((R(0.0f) <= low) | (high <= R(0.0f))) & (low < high);
}

// Any: whether something is met before best.t; best.t becomes -1 where it is. Else: the nearest.
template <bool Any, class R, class X>
NURI_FN void walk(const Tree& tree, Vec3<X> o, Vec3<R> d, R from, R prop, TruthOf<R> active, Met<R>& best) {
  struct Waiting { R entry; int node; };
  Waiting waiting[bvh_depth];
  if (tree.nodes == 0) return;
  const Packet<R, X> rays(o, d, from, tree.bound);
  int waits = 0, at = 0;
  R entry = where(active, rays.enter(tree.bound), R(nowhere));
  for (;;) {
    const TruthOf<R> alive = entry <= best.t;
    bool down = any(alive);
    if (down) {
      const int first = tree.node[2 * at], count = tree.node[2 * at + 1];
      if (count > 0) {
        for (int k = first; k < first + count; ++k) {
          R weight[3], t;
          TruthOf<R> hit = ray_triangle(tree.triangle + triangle_numbers * k, o, d, weight, t);
          hit = hit & alive & (from <= t);
          if (!any(hit)) continue;
          t = max(t, entry);
          if constexpr (Any) {
            best.t = where(hit & (t < best.t), R(-1.0f), best.t);
          } else {
            take(best, hit & (t < R(no_ray_hit)), t, prop, R(float(k)));
          }
        }
        down = false;
      } else {
        const R one = where(alive, rays.enter(tree.bound + 6 * first), R(nowhere)), two = where(alive, rays.enter(tree.bound + 6 * first + 6), R(nowhere));
        const TruthOf<R> to_one = one <= best.t, to_two = two <= best.t;
        const bool left = any(to_one), right = any(to_two);
        // the child that most rays enter first: an order, not a result
        const bool one_first = left && (!right || 2 * __builtin_popcount((to_one & (one <= two)).bits()) >= __builtin_popcount((to_one | to_two).bits()));
        if (left && right && waits < bvh_depth) {
          waiting[waits].entry = one_first ? two : one;
          waiting[waits++].node = one_first ? first + 1 : first;
        }
        down = left || right;
        at = one_first ? first : first + 1;
        entry = one_first ? one : two;
      }
    }
    if (down) continue;
    if (waits == 0) return;
    entry = waiting[--waits].entry;
    at = waiting[waits].node;
  }
}

}  // namespace tracing
NURI_KERNEL_END
