// Convex pairs without a closed form: an ellipsoid, a cylinder or a hull against anything convex. Here: the deepest hit;
// collide_manifold.h makes several of it where surfaces lie flat on each other.
//
// The question. For convex A and B, with h(n) the support function of A - B (how far it reaches in direction n), the
// signed distance is  -min over unit n of h(n)  whether they overlap or not, and the minimising n is the contact normal.
//
// Chosen: an expanding polytope on a *rounded* difference. Both shapes are cores (a point, a segment, an ellipsoid, a
// cylinder, a box) blown up by a common radius: their own, the margin, and a skin of a tenth of the smaller shape. If the
// pair is within the margin, the origin lies at least a skin deep inside the rounded difference, so
//   - one algorithm covers separated, touching and deep pairs; touching is as well conditioned as any other case;
//   - normals come from points a skin apart, so float normals are good to about rounding over skin;
//   - no simplex method is needed before: any tetrahedron of support points starts the polytope, a face whose support is
//     behind the origin proves the pair apart, and a face that cannot be moved out any more is the answer.
// The radius is taken off again at the end. Where both surfaces are smooth and curved, a polytope would need hundreds of
// corners; once it is within a thousandth, Newton's method on n finishes in three or four steps. Where they are not (a
// flat, an edge), the polytope finishes by itself.
//
// Rejected: GJK for distance with EPA for overlap (what MuJoCo does). Touching is where bodies rest, and there EPA has the
// origin on the polytope's surface and GJK has no direction.
//
// Loops and arrays are bounded. A wide margin makes the rounded difference nearly a ball about the origin, on which corners run out before
// the nearest spot is found; the nearest face then says how much of the rounding can go and still leave the origin a skin deep, and the
// search starts over without it. When corners run out on what is needed, the nearest face's direction is the answer (an upper bound of depth).
#pragma once
#include "physics/kernel/hull.h"

NURI_KERNEL_BEGIN

// A piece of a height field's ridge: a capsule without a radius. Size: nothing, half length.
inline constexpr int segment_type = geom::type_count;

// Support point of the core of a geom in direction n (unit), world axes. Of equals, the middle of a disk, else the + side.
template <class S> NURI_FN Vec3<S> core_support(int type, const Solid<S>& g, Vec3<S> n) {
  if (type == geom::sphere) return g.pos;
  const S zero = S(0);
  const Vec3<S> d = transposed_times(g.mat, n);
  if (type == geom::capsule || type == segment_type) return mul_add(z_axis(g), (d.z >= zero).v ? g.size.y : -g.size.y, g.pos);
  Vec3<S> p;
  if (type == geom::ellipsoid) {
    p = {d.x * g.size.x, d.y * g.size.y, d.z * g.size.z};
    const S inv = S(1) / norm(p);
    p = {p.x * inv * g.size.x, p.y * inv * g.size.y, p.z * inv * g.size.z};
  } else if (type == geom::cylinder) {
    const S r = sqrt(mul_add(d.y, d.y, d.x * d.x)), tiny = is_double<S> ? real<S>(1e-15) : real<S>(1e-7);
    const S scale = (r < tiny).v ? zero : g.size.x / max(r, tiny);
    p = {d.x * scale, d.y * scale, (d.z >= zero).v ? g.size.y : -g.size.y};
  } else if (type == geom::mesh) {
    g.last = farthest_corner<S>(g.hull, d, g.last);
    p = corner_of<S>(g.hull, g.last);
  } else {
    p = {(d.x >= zero).v ? g.size.x : -g.size.x, (d.y >= zero).v ? g.size.y : -g.size.y, (d.z >= zero).v ? g.size.z : -g.size.z};
  }
  return g.pos + g.mat * p;
}
// Radius around the core; smallest half extent; radius of a ball about the centre that holds the geom.
template <class R> NURI_FN R round_radius(int type, const Shape<R>& g) { return type == geom::sphere || type == geom::capsule ? g.size.x : R(0); }
template <class S> NURI_FN S thickness(int type, const Solid<S>& g) {
  if (type == geom::mesh) return S(g.hull.thickness);
  if (type == geom::sphere || type == geom::capsule) return g.size.x;
  if (type == segment_type) return g.size.y;
  return type == geom::cylinder ? min(g.size.x, g.size.y) : min(g.size.x, min(g.size.y, g.size.z));
}
template <class R> NURI_FN R bounding_radius(int type, const Shape<R>& g) {
  if (type == geom::sphere) return g.size.x;
  if (type == geom::capsule || type == segment_type) return g.size.x + g.size.y;
  if (type == geom::ellipsoid) return max(g.size.x, max(g.size.y, g.size.z));
  if (type == geom::cylinder) return sqrt(mul_add(g.size.x, g.size.x, g.size.y * g.size.y));
  return norm(g.size);
}
template <class S> NURI_FN S bounding_radius(int type, const Solid<S>& g) {
  return type == geom::mesh ? S(g.hull.radius) : bounding_radius(type, static_cast<const Shape<S>&>(g));
}

// u . (second derivative of the core's support function at n) . v, for u and v at right angles to n: its radii of curvature.
template <class S> NURI_FN void core_curvature(int type, const Solid<S>& g, Vec3<S> n, Vec3<S> u, Vec3<S> v, S& uu, S& uv, S& vv) {
  if (type != geom::ellipsoid && type != geom::cylinder) return;
  const Vec3<S> d = transposed_times(g.mat, n), a = transposed_times(g.mat, u), b = transposed_times(g.mat, v);
  if (type == geom::cylinder) {                                                    // a disk: radius / |n in its plane|, across n
    const S square = mul_add(d.y, d.y, d.x * d.x);
    const S scale = g.size.x / max(square * sqrt(square), real<S>(1e-20));
    const S ta = sub_mul(a.y * d.x, a.x, d.y), tb = sub_mul(b.y * d.x, b.x, d.y);
    uu = mul_add(ta * ta, scale, uu), uv = mul_add(ta * tb, scale, uv), vv = mul_add(tb * tb, scale, vv);
    return;
  }
  const auto scaled = [&](Vec3<S> p) { return Vec3<S>{p.x * g.size.x, p.y * g.size.y, p.z * g.size.z}; };
  const Vec3<S> sd = scaled(d), sa = scaled(a), sb = scaled(b);                    // h = |s d|:  h'' = (s s - (s sd)(s sd)' / h^2) / h
  const S inv = S(1) / norm(sd), pa = dot(sa, sd) * inv, pb = dot(sb, sd) * inv;
  uu = mul_add(sub_mul(dot(sa, sa), pa, pa), inv, uu);
  uv = mul_add(sub_mul(dot(sa, sb), pa, pb), inv, uv);
  vv = mul_add(sub_mul(dot(sb, sb), pb, pb), inv, vv);
}

// The two cores' support points in a direction, and what Newton needs of them.
template <class S> struct Reach {
  Vec3<S> p, q, off;   // points of core 1 and 2; what of p - q is not along n
  S h, error;          // n . (p - q); |off|
};
template <class S> NURI_FN Reach<S> reach_of(int type1, int type2, const Solid<S>& a, const Solid<S>& b, Vec3<S> n) {
  Reach<S> r;
  r.p = core_support(type1, a, n);
  r.q = core_support(type2, b, -n);
  const Vec3<S> w = r.p - r.q;
  r.h = dot(n, w);
  r.off = sub_mul(w, n, r.h);
  r.error = norm(r.off);
  return r;
}
// Newton on the sphere of directions: minimises h(n) where it is smooth. The gradient is `off`, the second derivative the
// radii of curvature less h. True if it got to where p - q is along n; n and r are changed only then.
template <class S> NURI_FN bool refine(int type1, int type2, const Solid<S>& a, const Solid<S>& b, S tolerance, Vec3<S>& n, Reach<S>& r) {
  Vec3<S> m = n;
  Reach<S> now = r;
  NURI_KEEP_LOOP for (int k = 0; k < 10; ++k) {
    S length;
    const Vec3<S> x{S(1), S(0), S(0)}, y{S(0), S(1), S(0)};
    const Vec3<S> u = normalized(cross(m, (abs(m.x) < abs(m.y)).v ? x : y), x, length), v = cross(m, u);
    S uu = -now.h, uv = S(0), vv = -now.h;
    core_curvature(type1, a, m, u, v, uu, uv, vv);
    core_curvature(type2, b, m, u, v, uu, uv, vv);
    const S det = sub_mul(uu * vv, uv, uv);
    if (!((det > S(0)) & (uu + vv > S(0))).v) return false;                        // not a bowl: a flat or an edge decides
    if ((now.error < tolerance).v) {
      n = m;
      r = now;
      return true;
    }
    const S gu = dot(now.off, u), gv = dot(now.off, v);
    S du = sub_mul(uv * gv, vv, gu) / det, dv = sub_mul(uv * gu, uu, gv) / det;
    const S step = sqrt(mul_add(dv, dv, du * du)), shrink = real<S>(0.3) / max(step, real<S>(0.3));
    m = normalized(mul_add(v, dv * shrink, mul_add(u, du * shrink, m)), m, length);
    const Reach<S> next = reach_of(type1, type2, a, b, m);
    if ((next.error > now.error * real<S>(0.9)).v) return false;
    now = next;
  }
  return false;
}

// A polytope of support points of the rounded difference. Corner k is w[k] (about the origin); a[k] + b[k] is the sum of
// the two cores' support points. Faces are wound so that normals point out.
template <class S> struct Polytope {
  static constexpr int corners = is_double<S> ? 96 : 48, faces = 2 * corners, edges = corners;
  struct Face { Vec3<S> n; S d; unsigned char v[3]; };
  Vec3<S> w[corners], sum[corners];
  Face face[faces];
  int face_count = 0;
  S thinnest;                                                                      // squared height below which a face is a sliver

  NURI_FN bool add_face(int i, int j, int k) {
    if (face_count == faces) return false;
    Face& f = face[face_count++];
    f.v[0] = (unsigned char)i, f.v[1] = (unsigned char)j, f.v[2] = (unsigned char)k;
    const Vec3<S> e0 = w[j] - w[i], e1 = w[k] - w[i], e2 = w[k] - w[j], n = cross(e0, e1);
    const S square = dot(n, n), longest = max(dot(e0, e0), max(dot(e1, e1), dot(e2, e2)));
    const bool sliver = (square <= longest * thinnest).v;                          // its plane is noise: never nearest, never seen
    f.n = sliver ? zero3<S>() : n * (S(1) / sqrt(square));
    f.d = sliver ? real<S>(no_hit) : (dot(f.n, w[i]) + dot(f.n, w[j]) + dot(f.n, w[k])) * real<S>(1.0 / 3.0);
    return true;
  }
  NURI_FN int nearest() const {
    int best = 0;
    for (int k = 1; k < face_count; ++k)
      if ((face[k].d < face[best].d).v) best = k;
    return best;
  }
  // Replaces every face that corner `p` can see by faces from p to the rim. False: no room, or nothing seen.
  NURI_FN bool expand(int p, S slack) {
    unsigned char rim[edges][2];
    int rims = 0, kept = 0;
    bool room = true;
    for (int k = 0; k < face_count; ++k) {
      const Face f = face[k];
      if (!(dot(f.n, w[p]) > f.d + slack).v) {
        face[kept++] = f;
        continue;
      }
      for (int e = 0; e < 3; ++e) {                                                // an edge seen from both sides is no rim
        const unsigned char i = f.v[e], j = f.v[e == 2 ? 0 : e + 1];
        int m = 0;
        while (m < rims && !(rim[m][0] == j && rim[m][1] == i)) ++m;
        if (m < rims) {
          --rims;
          rim[m][0] = rim[rims][0], rim[m][1] = rim[rims][1];
        } else if (rims < edges) {
          rim[rims][0] = i, rim[rims][1] = j, ++rims;
        } else {
          room = false;
        }
      }
    }
    face_count = kept;
    for (int m = 0; m < rims; ++m) room = add_face(rim[m][0], rim[m][1], p) && room;
    return room && rims > 0;
  }
};

// Unit vector across e and f. Those of things a micrometre long have a cross product that looks like none.
template <class S> NURI_FN Vec3<S> normal_to(Vec3<S> e, Vec3<S> f, Vec3<S> otherwise) {
  S length;
  const Vec3<S> n = normalized(cross(e, f), otherwise, length);
  if ((length >= real<S>(1e-15)).v) return n;
  const Vec3<S> e1 = normalized(e, otherwise, length), f1 = normalized(f, otherwise, length);
  return normalized(cross(e1, f1), otherwise, length);
}

// The hit of one environment; returns 0 or 1.
template <class S> NURI_STAGE int convex_hit(int type1, int type2, const Solid<S>& a, const Solid<S>& b, S margin, Hit<S>* out) {
  const S zero = S(0), half = S(0.5f);
  const S radius1 = round_radius(type1, a), radius2 = round_radius(type2, b);
  const S skin = real<S>(0.1) * min(thickness(type1, a), thickness(type2, b));
  S radius = radius1 + radius2 + margin + skin;
  const S scale = bounding_radius(type1, a) + bounding_radius(type2, b) + radius;
  const S tolerance = scale * (is_double<S> ? real<S>(1e-11) : real<S>(5e-7));
  const S slack = scale * (is_double<S> ? real<S>(1e-14) : real<S>(1e-7));
  const S smooth_error = scale * (is_double<S> ? real<S>(1e-12) : real<S>(1e-6));
  S smooth_gap = scale * real<S>(1e-3);

  Polytope<S> poly;
  poly.thinnest = scale * scale * (is_double<S> ? real<S>(1e-20) : real<S>(1e-9));
  S length, best = real<S>(no_hit), sure = zero;
  Vec3<S> best_n = zero3<S>(), n = normalized(b.pos - a.pos, Vec3<S>{S(1), zero, zero}, length);
  bool full = false;
  int restarts = 0;
  constexpr int most_restarts = 16;                                                // each takes most of what is left; a margin of 1e9 sizes would go on for ever
  NURI_KEEP_LOOP for (int k = 0;; ++k) {
    // the next direction: four that span a tetrahedron, then the normal of the nearest face
    if (k == 1) n = -n;
    if (k == 2) {
      const Vec3<S> e = poly.w[1] - poly.w[0], x{S(1), zero, zero}, y{zero, S(1), zero};
      n = normalized(cross(e, (abs(e.x) < abs(e.y)).v ? x : y), x, length);
    }
    if (k == 3) {
      n = normal_to(poly.w[1] - poly.w[0], poly.w[2] - poly.w[0], n);
      if ((dot(n, poly.w[0]) > zero).v) n = -n;                                    // to the origin's side
    }
    const int near = k >= 4 ? poly.nearest() : 0;
    if (k >= 4) n = poly.face[near].n;
    Reach<S> r = reach_of(type1, type2, a, b, n);
    const S h = r.h + radius;
    if ((h < skin * half).v) return 0;                                             // apart by more than the margin
    if (k >= 4) {
      const S gap = h - poly.face[near].d;
      const bool settled = (gap <= tolerance).v;
      if (settled || (h < best).v) best = h, best_n = n;
      if (settled) break;
      if (full) {                                                                  // out of corners: again on less rounding, if there is some to spare
        const S spare = min(sure, radius) - skin;
        if (!(spare > skin).v || ++restarts == most_restarts) break;
        radius = radius - spare;
        smooth_gap = scale * real<S>(1e-3);
        best = real<S>(no_hit), sure = zero, n = best_n;
        poly.face_count = 0, full = false, k = -1;
        continue;
      }
      sure = poly.face[near].d;
      if ((gap <= smooth_gap).v) {
        if (refine(type1, type2, a, b, smooth_error, n, r)) {
          const S dist = -r.h - radius1 - radius2;
          out[0] = {dist, mul_add(n, (radius1 - radius2) * half, (r.p + r.q) * half), n, zero3<S>()};
          return (dist <= margin).v ? 1 : 0;
        }
        smooth_gap = smooth_gap * real<S>(0.05);                                   // not smooth here: later again
      }
    }
    poly.w[k] = mul_add(n, radius, r.p - r.q);
    poly.sum[k] = r.p + r.q;
    if (k == 3) {
      const bool behind = (dot(cross(poly.w[1] - poly.w[0], poly.w[2] - poly.w[0]), poly.w[3] - poly.w[0]) < zero).v;
      const int i = behind ? 1 : 2, j = behind ? 2 : 1;
      poly.add_face(0, i, j);
      poly.add_face(0, 3, i);
      poly.add_face(i, 3, j);
      poly.add_face(j, 3, 0);
    }
    if (k >= 4) full = !poly.expand(k, slack) || k + 1 == poly.corners;
  }
  const S dist = radius - best - radius1 - radius2;
  if ((dist > margin).v) return 0;

  // where: the two cores' points under the spot where the normal leaves the polytope
  S inside = real<S>(-no_hit);
  Vec3<S> sum = zero3<S>();
  NURI_KEEP_LOOP for (int k = 0; k < poly.face_count; ++k) {
    const typename Polytope<S>::Face& f = poly.face[k];
    if (!(dot(f.n, best_n) > real<S>(0.9)).v) continue;
    const Vec3<S> w0 = poly.w[f.v[0]], w1 = poly.w[f.v[1]], w2 = poly.w[f.v[2]];
    const S c0 = dot(best_n, cross(w1, w2)), c1 = dot(best_n, cross(w2, w0)), c2 = dot(best_n, cross(w0, w1));
    const S least = min(c0, min(c1, c2)) / (c0 + c1 + c2);
    if (!(least > inside).v) continue;
    inside = least;
    const S p0 = max(zero, c0), p1 = max(zero, c1), p2 = max(zero, c2), inv = S(1) / (p0 + p1 + p2);
    sum = mul_add(poly.sum[f.v[2]], p2 * inv, mul_add(poly.sum[f.v[1]], p1 * inv, poly.sum[f.v[0]] * (p0 * inv)));
  }
  out[0] = {dist, mul_add(best_n, (radius1 - radius2) * half, sum * half), best_n, zero3<S>()};
  return 1;
}

NURI_KERNEL_END
