// Spheres and capsules against each other, and everything against a plane: closed forms, branch free.
//
// A hit slot belongs to a place on the geom (an end of the capsule, a point of the cylinder's rim), so slots are not
// closed up when the first one is absent: order is kept, and nothing moves between slots from step to step. Only where
// candidates outnumber slots (box corners, ends of parallel capsules) the first ones that touch are taken, in order.
//
// Which points are contacts, their number and order follow MuJoCo's engine_collision_primitive.c. Its guards are
// absolute (1e-15) and written for double; in float they are relative to the sizes, because rounding noise is.
#pragma once
#include "physics/kernel/shape_pair.h"

NURI_KERNEL_BEGIN

// What a Real is made of.
template <class R> struct Parts;
template <class T, int W, Kind K> struct Parts<Wide<T, W, K>> { using Number = T; static constexpr int width = W; };
template <class R> inline constexpr bool is_double = sizeof(typename Parts<R>::Number) == 8;

template <class R> NURI_VALUE R real(double x) { return R(typename Parts<R>::Number(x)); }
template <class R> NURI_VALUE R clamp(R x, R limit) { return max(-limit, min(limit, x)); }
template <class R> NURI_VALUE Vec3<R> z_axis(const Shape<R>& s) { return column(s.mat, 2); }

template <class R> NURI_VALUE Hit<R> keep_near(Hit<R> h, R margin) {
  h.dist = where(h.dist <= margin, h.dist, real<R>(no_hit));
  return h;
}
// Nothing near: `n` absent hits.
template <class R> NURI_VALUE void absent(Hit<R>* out, int n) {
  for (int k = 0; k < n; ++k) out[k] = {real<R>(no_hit), zero3<R>(), zero3<R>(), zero3<R>()};
}
// Do two balls come within the margin in any environment? Skips the square roots of the many pairs that only their
// bounding spheres let through.
template <class R> NURI_VALUE bool balls_near(Vec3<R> p1, R r1, Vec3<R> p2, R r2, R margin) {
  const Vec3<R> d = p2 - p1;
  const R reach = r1 + r2 + margin;
  return any(dot(d, d) <= reach * reach * real<R>(1.0001));        // the margin itself is judged by the narrow phase
}
template <class M, class R> NURI_VALUE Hit<R> where(M m, const Hit<R>& a, const Hit<R>& b) {
  return {where(m, a.dist, b.dist), where(m, a.pos, b.pos), where(m, a.normal, b.normal), where(m, a.tangent, b.tangent)};
}

// The first `slots` of the candidates offered that touch, in the order offered; the others are absent.
template <int slots, class R> struct First_hits {
  Hit<R>* out;
  R count = R(0);
  NURI_VALUE First_hits(Hit<R>* hits, const Hit<R>& filler) : out(hits) {
    NURI_UNROLL for (int k = 0; k < slots; ++k) { out[k] = filler; out[k].dist = real<R>(no_hit); }
  }
  template <class M> NURI_VALUE void offer(M touches, const Hit<R>& h) {
    NURI_UNROLL for (int k = 0; k < slots; ++k) {
      const auto here = touches & (count <= real<R>(k + 0.5)) & (real<R>(k - 0.5) <= count);
      out[k] = where(here, h, out[k]);
    }
    count = where(touches, count + R(1), count);
  }
};

// ---- plane against ... --------------------------------------------------------------------------------------------
// Geom 1 is the plane through `a.pos` with normal z; the normal of every hit is the plane's.

template <class R> NURI_VALUE Hit<R> plane_ball(const Shape<R>& plane, Vec3<R> center, R radius, Vec3<R> tangent) {
  const Vec3<R> n = z_axis(plane);
  const R dist = dot(center - plane.pos, n) - radius;
  return {dist, sub_mul(center, n, mul_add(real<R>(0.5), dist, radius)), n, tangent};
}
template <class R> NURI_VALUE Hit<R> plane_point(const Shape<R>& plane, Vec3<R> point, R dist) {
  const Vec3<R> n = z_axis(plane);
  return {dist, sub_mul(point, n, dist * real<R>(0.5)), n, zero3<R>()};
}

template <class R> NURI_FN void plane_sphere(const Shape<R>& a, const Shape<R>& b, R margin, Hit<R>* out) {
  out[0] = keep_near(plane_ball(a, b.pos, b.size.x, zero3<R>()), margin);
}
template <class R> NURI_FN void plane_capsule(const Shape<R>& a, const Shape<R>& b, R margin, Hit<R>* out) {
  const Vec3<R> axis = z_axis(b);
  out[0] = keep_near(plane_ball(a, mul_add(axis, b.size.y, b.pos), b.size.x, axis), margin);
  out[1] = keep_near(plane_ball(a, sub_mul(b.pos, axis, b.size.y), b.size.x, axis), margin);
}
// The ellipsoid's lowest point: support of diag(s) * unit ball in direction d is s^2 d / |s d|.
template <class R> NURI_FN void plane_ellipsoid(const Shape<R>& a, const Shape<R>& b, R margin, Hit<R>* out) {
  const Vec3<R> d = transposed_times(b.mat, z_axis(a));
  const Vec3<R> u{-d.x * b.size.x, -d.y * b.size.y, -d.z * b.size.z};
  const R inv = R(1) / norm(u);
  const Vec3<R> point = b.pos + b.mat * Vec3<R>{u.x * inv * b.size.x, u.y * inv * b.size.y, u.z * inv * b.size.z};
  out[0] = keep_near(plane_point(a, point, dot(point - a.pos, z_axis(a))), margin);
}
// Up to four points: the lowest of the near disk, the one above it on the far disk, and two more on the near disk that
// make an equilateral triangle with the first. A disk parallel to the plane starts from the cylinder's x axis.
template <class R> NURI_FN void plane_cylinder(const Shape<R>& a, const Shape<R>& b, R margin, Hit<R>* out) {
  const Vec3<R> n = z_axis(a);
  const R radius = b.size.x, up = dot(n, z_axis(b)), zero = R(0);
  const Vec3<R> axis = where(up > zero, -z_axis(b), z_axis(b));                 // points to the plane
  const R cosine = where(up > zero, -up, up);
  // the steepest way down within the disk, axis x (axis x n) = axis (axis . n) - n: the cross products keep it in the disk
  const Vec3<R> down = cross(axis, cross(axis, n));
  const R length = norm(down);
  const auto flat = length < (is_double<R> ? real<R>(1e-15) : real<R>(1e-6));
  const Vec3<R> side = where(flat, column(b.mat, 0) * radius, down * (radius / where(flat, R(1), length)));
  const R center = dot(b.pos - a.pos, n), drop = dot(side, n), rise = cosine * b.size.y;
  const Vec3<R> half = axis * b.size.y;

  const R lowest = center + rise + drop;
  out[0] = keep_near(plane_point(a, b.pos + side + half, lowest), margin);
  const auto any_hit = lowest <= margin;
  const R limit = where(any_hit, margin, real<R>(-no_hit));                      // nothing else can touch if the lowest does not
  out[1] = keep_near(plane_point(a, b.pos + side - half, center - rise + drop), limit);

  R unused;
  const Vec3<R> across = normalized(cross(side, half), Vec3<R>{R(1), zero, zero}, unused) * (radius * real<R>(0.86602540378443864676));
  const R dist = center + rise - drop * real<R>(0.5);
  const Vec3<R> middle = sub_mul(b.pos + half, side, real<R>(0.5));
  out[2] = keep_near(plane_point(a, middle + across, dist), limit);
  out[3] = keep_near(plane_point(a, middle - across, dist), limit);
}
// The first four of the corners, counted x fastest, that lie on the lower side and touch.
template <class R> NURI_FN void plane_box(const Shape<R>& a, const Shape<R>& b, R margin, Hit<R>* out) {
  const Vec3<R> n = z_axis(a);
  const Vec3<R> x = column(b.mat, 0) * b.size.x, y = column(b.mat, 1) * b.size.y, z = column(b.mat, 2) * b.size.z;
  const R center = dot(b.pos - a.pos, n), hx = dot(n, x), hy = dot(n, y), hz = dot(n, z);
  First_hits<4, R> first(out, plane_point(a, b.pos, center));
  if (!any(center - (abs(hx) + abs(hy) + abs(hz)) <= margin)) return;
  NURI_KEEP_LOOP for (int i = 0; i < 8; ++i) {
    const R sx = R(i & 1 ? 1 : -1), sy = R(i & 2 ? 1 : -1), sz = R(i & 4 ? 1 : -1);
    const R height = mul_add(sz, hz, mul_add(sy, hy, sx * hx)), dist = center + height;
    const Vec3<R> corner = mul_add(z, sz, mul_add(y, sy, mul_add(x, sx, b.pos)));
    first.offer((dist <= margin) & (height <= R(0)), plane_point(a, corner, dist));
  }
}

// ---- spheres and capsules -----------------------------------------------------------------------------------------

// Two balls. `otherwise` is the normal where the centres coincide.
template <class R> NURI_VALUE Hit<R> ball_ball(Vec3<R> a, R radius_a, Vec3<R> b, R radius_b, Vec3<R> otherwise) {
  const Vec3<R> d = b - a;
  const R length = norm(d), reach = radius_a + radius_b;
  const auto same = length < (mul_add(is_double<R> ? real<R>(1e-13) : real<R>(1e-6), reach, real<R>(1e-15)));
  const Vec3<R> n = where(same, otherwise, d * (R(1) / where(same, R(1), length)));
  const R dist = length - reach;
  return {dist, mul_add(n, mul_add(real<R>(0.5), dist, radius_a), a), n, zero3<R>()};
}
// A direction across both axes; x where they are parallel.
template <class R> NURI_VALUE Vec3<R> across(Vec3<R> axis1, Vec3<R> axis2) {
  R length;
  const Vec3<R> x{R(1), R(0), R(0)}, n = normalized(cross(axis1, axis2), x, length);
  return where(length < (is_double<R> ? real<R>(1e-15) : real<R>(1e-6)), x, n);
}
// The same for a sphere, whose axes are not known here: as if it were not turned.
template <class R> NURI_VALUE Vec3<R> across(Vec3<R> axis) { return across(Vec3<R>{R(0), R(0), R(1)}, axis); }

template <class R> NURI_FN void sphere_sphere(const Shape<R>& a, const Shape<R>& b, R margin, Hit<R>* out) {
  out[0] = keep_near(ball_ball(a.pos, a.size.x, b.pos, b.size.x, Vec3<R>{R(1), R(0), R(0)}), margin);
}
template <class R> NURI_FN void sphere_capsule(const Shape<R>& a, const Shape<R>& b, R margin, Hit<R>* out) {
  const Vec3<R> axis = z_axis(b);
  const Vec3<R> nearest = mul_add(axis, clamp(dot(axis, a.pos - b.pos), b.size.y), b.pos);
  if (!balls_near(a.pos, a.size.x, nearest, b.size.x, margin)) return absent(out, 1);
  out[0] = keep_near(ball_ball(a.pos, a.size.x, nearest, b.size.x, across(axis)), margin);
}
// Nearest feature of the cylinder: its side (a ball on the axis), its cap (a plane) or its rim (a point). A centre inside
// takes the nearer of side and cap.
template <class R> NURI_FN void sphere_cylinder(const Shape<R>& a, const Shape<R>& b, R margin, Hit<R>* out) {
  const Vec3<R> axis = z_axis(b), d = a.pos - b.pos;
  const R radius = b.size.x, half = b.size.y, along = dot(axis, d), up = where(along > R(0), R(1), R(-1));
  const Vec3<R> on_axis = axis * along, away = d - on_axis;
  const R away2 = dot(away, away), away1 = sqrt(away2);
  const auto beside = abs(along) < half, above = away2 < radius * radius;
  const auto cap_nearer = half - abs(along) < radius - away1;
  const auto side = beside & !(above & cap_nearer);
  const auto cap = above & !side;
  // side and rim: ball against ball
  const R inv = R(1) / where(above, R(1), away1);
  const Vec3<R> rim = mul_add(axis, up * half, away * (inv * radius));
  const Hit<R> round = ball_ball(a.pos, a.size.x, b.pos + where(side, on_axis, rim), where(side, radius, R(0)), across(axis));
  // cap: ball against plane; geom 1 is the ball, so the normal points into the cylinder
  const R height = abs(along) - half - a.size.x;
  const Vec3<R> n = axis * -up;
  const Hit<R> flat{height, mul_add(n, mul_add(real<R>(0.5), height, a.size.x), a.pos), n, zero3<R>()};
  out[0] = keep_near(where(cap, flat, round), margin);
}

// Nearest points of two segments p +- d (d: half the segment), as parameters in [-1, 1]:
//   minimise |p1 + x1 d1 - p2 - x2 d2|^2, with  ma = d1.d1, mb = -d1.d2, mc = d2.d2, u = -d1.(p1-p2), v = d2.(p1-p2).
// x1 first, then x2 for that x1, then x1 for that x2: each clamped. `parallel` starts from x1 = 0.
template <class R> struct Segments { R ma, mb, mc, u, v; };
template <class R> NURI_VALUE Segments<R> segments(Vec3<R> p1, Vec3<R> d1, Vec3<R> p2, Vec3<R> d2) {
  const Vec3<R> d = p1 - p2;
  return {dot(d1, d1), -dot(d1, d2), dot(d2, d2), -dot(d1, d), dot(d2, d)};
}
template <class R> NURI_VALUE R nearest1(const Segments<R>& s, R x2) { return clamp(sub_mul(s.u, s.mb, x2) / s.ma, R(1)); }
template <class R> NURI_VALUE R nearest2(const Segments<R>& s, R x1) { return clamp(sub_mul(s.v, s.mb, x1) / s.mc, R(1)); }
template <class R> NURI_VALUE R determinant(const Segments<R>& s) { return sub_mul(s.ma * s.mc, s.mb, s.mb); }
template <class M, class R> NURI_VALUE void nearest_points(const Segments<R>& s, M parallel, R& x1, R& x2) {
  const R det = where(parallel, R(1), determinant(s));
  x1 = where(parallel, R(0), clamp(sub_mul(s.mc * s.u, s.mb, s.v) / det, R(1)));
  x2 = nearest2(s, x1);
  x1 = nearest1(s, x2);
}

// One hit; two where the axes are parallel: the ends of the stretch of capsule 1 that lies beside capsule 2.
// "Parallel" is sin^2 < 1e-8; in float the determinant knows sin^2 only to 1e-7, and 1e-5 is used.
template <class R> NURI_FN void capsule_capsule(const Shape<R>& a, const Shape<R>& b, R margin, Hit<R>* out) {
  const Vec3<R> d1 = z_axis(a) * a.size.y, d2 = z_axis(b) * b.size.y, n = across(z_axis(a), z_axis(b));
  const Segments<R> s = segments(a.pos, d1, b.pos, d2);
  const auto parallel = abs(determinant(s)) < s.ma * s.mc * (is_double<R> ? real<R>(1e-8) : real<R>(1e-5));
  const auto at = [&](R x1, R x2) { return ball_ball(mul_add(d1, x1, a.pos), a.size.x, mul_add(d2, x2, b.pos), b.size.x, n); };
  R x1, x2;
  nearest_points(s, parallel, x1, x2);
  // nearly parallel axes may come closer at their ends than at x1, x2
  if (!any(parallel) && !balls_near(mul_add(d1, x1, a.pos), a.size.x, mul_add(d2, x2, b.pos), b.size.x, margin)) return absent(out, 2);
  const R e1 = nearest1(s, R(-1)), e2 = nearest1(s, R(1)), low = min(e1, e2), high = max(e1, e2);
  x1 = where(parallel, low, x1);
  // an end inside capsule 1's stretch is an end of capsule 2: taken as it is
  const R start = where(e1 < e2, R(-1), R(1));
  const R at_low = where(abs(low) < R(1), start, nearest2(s, low)), at_high = where(abs(high) < R(1), -start, nearest2(s, high));
  x2 = where(parallel, at_low, x2);
  out[0] = keep_near(at(x1, x2), margin);
  out[1] = out[0];
  out[1].dist = real<R>(no_hit);
  if (!any(parallel)) return;
  const Hit<R> second = keep_near(at(high, at_high), margin);
  out[1] = where(parallel, second, out[1]);
}

NURI_KERNEL_END
