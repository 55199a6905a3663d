// Nearest points of two convex geoms that lie apart, at any distance. One environment.
//
// Gilbert, Johnson, Keerthi 1988: the point of A - B nearest to the origin, from a simplex of at most four support points that is exchanged
// corner by corner. The narrow phase asks another question (touching or not, within a small margin) of a rounded difference
// (collide_convex.h); with a margin of many sizes that is nearly a ball, and its polytope runs out of corners: measured 1 cm at 10 m.
// Here nothing is rounded, so distance does not matter, but the cores must be apart: below a skin the polytope answers.
//
// The simplex's nearest point is found by asking all its faces, edges and corners: fifteen closed forms instead of a chain of
// decisions, each of which may be wrong by rounding. On curved surfaces Newton's method finishes (refine).
#pragma once
#include "physics/kernel/collide_convex.h"

NURI_KERNEL_BEGIN

template <class S> struct Simplex {
  Vec3<S> w[4], p[4], q[4];        // w = p - q
  S share[4];                      // of each corner in the nearest point
  int count = 0;
  Vec3<S> nearest;

  // Corners i, j, k (-1: none) as a corner, edge or face: better than `best` if the foot of the origin lies inside.
  NURI_FN void ask(int i, int j, int k, S& best, int (&corners)[3], S (&shares)[3]) const {
    const S zero = S(0), one = S(1);
    S s[3] = {one, zero, zero};
    Vec3<S> at = w[i];
    if (k >= 0) {
      const Vec3<S> e = w[j] - w[i], f = w[k] - w[i];
      const S ee = dot(e, e), ef = dot(e, f), ff = dot(f, f), ep = -dot(e, w[i]), fp = -dot(f, w[i]), det = sub_mul(ee * ff, ef, ef);
      if (!(det > ee * ff * real<S>(is_double<S> ? 1e-14 : 1e-6)).v) return;       // a line: its edges know
      s[1] = sub_mul(ff * ep, ef, fp) / det, s[2] = sub_mul(ee * fp, ef, ep) / det;
      s[0] = one - s[1] - s[2];
      if (!((s[0] > zero) & (s[1] > zero) & (s[2] > zero)).v) return;
      at = mul_add(f, s[2], mul_add(e, s[1], w[i]));
    } else if (j >= 0) {
      const Vec3<S> e = w[j] - w[i];
      const S ee = dot(e, e), ep = -dot(e, w[i]);
      if (!((ep > zero) & (ep < ee)).v) return;
      s[1] = ep / ee;
      s[0] = one - s[1];
      at = mul_add(e, s[1], w[i]);
    }
    const S square = dot(at, at);
    if (!(square < best).v) return;
    best = square;
    corners[0] = i, corners[1] = j, corners[2] = k;
    for (int n = 0; n < 3; ++n) shares[n] = s[n];
  }

  // Keeps the corners that the nearest point needs. False: the origin is inside.
  NURI_FN bool reduce() {
    int corners[3] = {0, -1, -1};
    S shares[3] = {S(1), S(0), S(0)}, best = dot(w[0], w[0]) + S(1);
    for (int i = 0; i < count; ++i) {
      ask(i, -1, -1, best, corners, shares);
      for (int j = i + 1; j < count; ++j) {
        ask(i, j, -1, best, corners, shares);
        for (int k = j + 1; k < count; ++k) ask(i, j, k, best, corners, shares);
      }
    }
    if (count == 4) {                                                              // the same sign of volume with the origin in place of each corner
      const auto volume = [](Vec3<S> a, Vec3<S> b, Vec3<S> c) { return dot(a, cross(b, c)); };
      const S a = volume(w[1], w[2], w[3]), b = -volume(w[0], w[2], w[3]), c = volume(w[0], w[1], w[3]), d = -volume(w[0], w[1], w[2]), zero = S(0);
      if (((a > zero) & (b > zero) & (c > zero) & (d > zero)).v || ((a < zero) & (b < zero) & (c < zero) & (d < zero)).v) return false;
    }
    Simplex<S> kept;
    kept.nearest = zero3<S>();
    for (int n = 0; n < 3; ++n) {
      if (corners[n] < 0) continue;
      kept.w[kept.count] = w[corners[n]], kept.p[kept.count] = p[corners[n]], kept.q[kept.count] = q[corners[n]];
      kept.share[kept.count++] = shares[n];
      kept.nearest = mul_add(w[corners[n]], shares[n], kept.nearest);
    }
    *this = kept;
    return true;
  }
};

// The hit of two geoms whose cores are farther apart than `skin`; `apart` is how far, at most. False: they are not, or the steps
// ended before the answer (on a rim or a curved side they may shrink too slowly).
template <class S> NURI_STAGE bool nearest_points(int type1, int type2, const Solid<S>& a, const Solid<S>& b, S skin, S& apart, Hit<S>& out) {
  const S radius1 = round_radius(type1, a), radius2 = round_radius(type2, b), half = real<S>(0.5);
  const S slack = real<S>(is_double<S> ? 1e-13 : 3e-7), scale = bounding_radius(type1, a) + bounding_radius(type2, b);
  S length;
  Vec3<S> n = normalized(b.pos - a.pos, Vec3<S>{S(1), S(0), S(0)}, length);
  Simplex<S> s;
  S last = real<S>(no_hit);
  apart = skin;
  NURI_KEEP_LOOP for (int round = 0; round < 64; ++round) {
    const Reach<S> r = reach_of(type1, type2, a, b, n);
    const S reached = -r.h;                                                        // no less than this: a lower bound
    if (s.count && (last - reached <= slack * (last + scale)).v) break;
    bool known = false;
    const Vec3<S> w = r.p - r.q;
    for (int k = 0; k < s.count; ++k) known = known || ((w.x <= s.w[k].x) & (w.x >= s.w[k].x) & (w.y <= s.w[k].y) & (w.y >= s.w[k].y) & (w.z <= s.w[k].z) & (w.z >= s.w[k].z)).v;
    if (known) break;
    Simplex<S> next = s;
    next.w[next.count] = w, next.p[next.count] = r.p, next.q[next.count++] = r.q;
    if (!next.reduce()) return false;
    const S now = norm(next.nearest);
    if (!(now > skin).v) return false;
    if (s.count && !(now < last).v) break;                                         // rounding: no nearer than before
    s = next;
    last = now;
    n = s.nearest * (S(-1) / now);
  }
  Vec3<S> p = zero3<S>(), q = zero3<S>();
  for (int k = 0; k < s.count; ++k) p = mul_add(s.p[k], s.share[k], p), q = mul_add(s.q[k], s.share[k], q);
  S dist = apart = last;
  Reach<S> r = reach_of(type1, type2, a, b, n);
  if (refine(type1, type2, a, b, scale * real<S>(is_double<S> ? 1e-12 : 1e-6), n, r)) p = r.p, q = r.q, dist = -r.h;
  const bool sure = (dist + r.h <= (dist + scale) * real<S>(is_double<S> ? 1e-9 : 1e-5)).v;
  out = {dist - radius1 - radius2, mul_add(n, (radius1 - radius2) * half, (p + q) * half), n, zero3<S>()};
  return sure;
}

// Signed distance of any two convex geoms, types ascending, none of them a plane.
template <class S> NURI_FN int distance_hit(int type1, int type2, const Solid<S>& a, const Solid<S>& b, Hit<S>* out) {
  const S skin = real<S>(0.1) * min(thickness(type1, a), thickness(type2, b));
  S apart;
  Hit<S> rough{real<S>(no_hit), zero3<S>(), zero3<S>(), zero3<S>()}, fine[1];
  if (nearest_points(type1, type2, a, b, skin, apart, rough)) {
    out[0] = rough;
    return 1;
  }
  const bool found = convex_hit(type1, type2, a, b, apart * real<S>(1.5), fine) > 0;
  out[0] = found && (fine[0].dist < rough.dist + skin).v ? fine[0] : rough;
  return 1;
}

NURI_KERNEL_END
