// Boxes against spheres, capsules and boxes.
//
// Sphere-box is a closed form for all environments at once. The other two branch on every number, so they are written
// for one environment (`Wide<T, 1>`, where branching is free) and the environments of a pack are walked one by one,
// behind a cheap test on all of them at once. One environment's hits never depend on its neighbours.
//
//   capsule-box   nearest points of segment and box, then a second point along the capsule where it lies flat enough
//                 (MuJoCo's engine_collision_box.c: which second point is a convention, and it is theirs)
//   box-box       separating axes; a face contact clips the other box's face against it (at most 8 points), an edge
//                 contact is one point. A face wins near-ties with an edge: more points rest better.
//
// Three departures from MuJoCo. Two where its answer hangs on the sign of a rounding error: a capsule exactly parallel to an
// edge finds that edge, and one lying exactly along a face has two points, as it has when tilted by any amount. And a capsule whose
// axis runs through the box touches it, also where the nearest edge is passed outside.
#pragma once
#include "physics/kernel/collide_round.h"

NURI_KERNEL_BEGIN

// ---- one environment of a pack ------------------------------------------------------------------------------------
template <class R> using One = Wide<typename Parts<R>::Number, 1>;

template <class R> NURI_VALUE Vec3<One<R>> lane(Vec3<R> a, int w) { return {a.x[w], a.y[w], a.z[w]}; }
template <class R> NURI_VALUE Shape<One<R>> lane(const Shape<R>& a, int w, bool only_axis) {
  Shape<One<R>> s;
  s.pos = lane(a.pos, w);
  s.size = lane(a.size, w);
  NURI_UNROLL for (int k = 0; k < 9; ++k) s.mat.m[k] = only_axis && k % 3 != 2 ? One<R>(0) : One<R>(a.mat.m[k][w]);
  return s;
}
template <class R> NURI_VALUE void set_lane(Vec3<R>& a, int w, Vec3<One<R>> x) { a.x.set(w, x.x.v); a.y.set(w, x.y.v); a.z.set(w, x.z.v); }
template <class R> NURI_VALUE void set_lane(Hit<R>& h, int w, const Hit<One<R>>& x) {
  h.dist.set(w, x.dist.v);
  set_lane(h.pos, w, x.pos);
  set_lane(h.normal, w, x.normal);
  set_lane(h.tangent, w, x.tangent);
}
// Every environment whose bit is set gets the hits that `f(w, hits)` writes (it returns their number); the rest get none.
template <int slots, class R, class M, class F> NURI_VALUE void walk(M near, const Shape<R>& a, Hit<R>* out, F&& f) {
  const Hit<R> absent{real<R>(no_hit), a.pos, {R(1), R(0), R(0)}, zero3<R>()};
  NURI_UNROLL for (int k = 0; k < slots; ++k) out[k] = absent;
  if (!any(near)) return;
  NURI_KEEP_LOOP for (int w = 0; w < Parts<R>::width; ++w) {
    if (!near[w]) continue;
    Hit<One<R>> hits[slots];
    const int n = f(w, hits);
    for (int k = 0; k < n; ++k) set_lane(out[k], w, hits[k]);
  }
}

// A vector seen as three numbers, for code that walks axes.
template <class S> struct Triple {
  S v[3];
  NURI_VALUE S& operator[](int i) { return v[i]; }
  NURI_VALUE const S& operator[](int i) const { return v[i]; }
};
template <class S> NURI_VALUE Triple<S> triple(Vec3<S> a) { return {{a.x, a.y, a.z}}; }
template <class S> NURI_VALUE Vec3<S> vec3(const Triple<S>& a) { return {a[0], a[1], a[2]}; }

// ---- sphere - box -------------------------------------------------------------------------------------------------
// Outside: towards the nearest point of the box. Inside: out through the nearest face.
template <class R> NURI_FN Hit<R> ball_box(Vec3<R> center, R radius, const Shape<R>& box, R margin) {
  const Vec3<R> c = transposed_times(box.mat, center - box.pos);                       // box axes from here
  const Vec3<R> q{clamp(c.x, box.size.x), clamp(c.y, box.size.y), clamp(c.z, box.size.z)};
  const Vec3<R> d = q - c;
  const R length = norm(d);
  const auto inside = length <= real<R>(1e-15);
  const Vec3<R> out_n = d * (R(1) / where(inside, R(1), length));
  const Vec3<R> out_pos = (q + mul_add(out_n, radius, c)) * real<R>(0.5);
  R closest = real<R>(no_hit);
  Vec3<R> in_n = zero3<R>();
  const Triple<R> at = triple(c), half = triple(box.size);
  NURI_UNROLL for (int k = 0; k < 6; ++k) {                                          // -x +x -y +y -z +z; the first of equals wins
    const R gap = abs(R(k % 2 ? 1 : -1) * half[k / 2] - at[k / 2]), sign = R(k % 2 ? -1 : 1);
    const auto nearer = gap < closest;
    closest = where(nearer, gap, closest);
    in_n = where(nearer, Vec3<R>{k / 2 == 0 ? sign : R(0), k / 2 == 1 ? sign : R(0), k / 2 == 2 ? sign : R(0)}, in_n);
  }
  const Vec3<R> in_pos = mul_add(in_n, (radius - closest) * real<R>(0.5), c);
  const Hit<R> h{where(inside, -closest, length) - radius, box.pos + box.mat * where(inside, in_pos, out_pos),
                 box.mat * where(inside, in_n, out_n), zero3<R>()};
  return keep_near(h, margin);
}
template <class R> NURI_FN void sphere_box(const Shape<R>& a, const Shape<R>& b, R margin, Hit<R>* out) {
  out[0] = ball_box(a.pos, a.size.x, b, margin);
}

// ---- capsule - box ------------------------------------------------------------------------------------------------
// In the box's frame: segment p + t h, t in [-1, 1]; box |x_i| <= s_i. Returns how many points there are: the nearest at
// t, the other at t2 (which may be the same point: at the end of an edge).
template <class S> NURI_STAGE int capsule_box_points(Triple<S> p, Triple<S> axis, S half, Triple<S> s, S& t, S& t2) {
  const S one = S(1), zero = S(0);
  const Triple<S> h{{axis[0] * half, axis[1] * half, axis[2] * half}};
  const S unset = real<S>(1e30);
  S best = unset, on_edge = zero;
  t = t2 = zero;
  enum Feature { face, corner, edge, along } feature = face;
  int face_axis = -1, edge_axis = 0, corner_bits = 0;

  // an end of the segment against a face
  for (int end = -1; end <= 1; end += 2) {
    int outside = 0, last = -1;
    S d2 = zero;
    for (int i = 0; i < 3; ++i) {
      const S q = mul_add(h[i], S(end), p[i]), over = q - clamp(q, s[i]);
      if ((abs(q) > s[i]).v) ++outside, last = i;
      d2 = mul_add(over, over, d2);
    }
    if (outside <= 1 && (d2 < best).v) best = d2, t = S(end), face_axis = last;
  }
  // the segment against the twelve edges, which hold the corners; those parallel to it only where no corner is as near
  NURI_KEEP_LOOP for (int pass = 0; pass < 2; ++pass) {
    NURI_KEEP_LOOP for (int k = 0; k < 24; ++k) {
      const int j = k / 8, i = k % 8;
      if (i & (1 << j)) continue;
      Triple<S> c{{i & 1 ? s[0] : -s[0], i & 2 ? s[1] : -s[1], i & 4 ? s[2] : -s[2]}};
      Triple<S> e{{zero, zero, zero}};
      c[j] = zero;
      e[j] = s[j];
      const Segments<S> g = segments(vec3(c), vec3(e), vec3(p), vec3(h));
      const S det = determinant(g);
      const auto parallel = abs(det) < g.ma * g.mc * (is_double<S> ? real<S>(1e-12) : real<S>(1e-6));
      if (parallel.v != (pass == 1)) continue;
      S x1, x2;
      nearest_points(g, parallel, x1, x2);
      const Vec3<S> d = mul_add(vec3(e), x1, vec3(c)) - mul_add(vec3(h), x2, vec3(p));
      const S d2 = dot(d, d), slack = is_double<S> ? real<S>(1e-15) : best * real<S>(1e-5);   // ties belong to the face
      if (!(d2 < best - slack).v) continue;
      best = d2, t = x2, on_edge = x1, edge_axis = j;
      if (parallel.v) {
        feature = along;
        t = nearest2(g, -one);
        t2 = nearest2(g, one);
        continue;
      }
      // a line that leaves the edge counts as a corner, even where the segment's end then draws the point back inside
      const S line = sub_mul(g.mc * g.u, g.mb, g.v) / det, place = (abs(x1) < one).v && (abs(line) > one).v ? line : x1;
      const bool upper = (place >= one).v, lower = (place <= -one).v;
      feature = upper || lower ? corner : edge;
      corner_bits = i + (upper ? 1 << j : 0);
    }
  }

  // A segment that runs through the box may pass nearest to an edge where it is outside again. Then: the middle of what is inside.
  S enter = -one, leave = one;
  for (int i = 0; i < 3; ++i) {
    if ((abs(h[i]) > real<S>(1e-30)).v) {
      const S inv = one / h[i], a = (-s[i] - p[i]) * inv, b = (s[i] - p[i]) * inv;
      enter = max(enter, min(a, b)), leave = min(leave, max(a, b));
    } else if ((abs(p[i]) >= s[i]).v) {
      leave = -one;
    }
  }
  const S rounding = is_double<S> ? real<S>(1e-9) : real<S>(1e-4);
  if (((enter < leave) & ((t < enter - rounding) | (t > leave + rounding))).v) {
    t = (enter + leave) * real<S>(0.5);
    return 1;
  }

  // the second point: as far as the capsule stays above the box
  if (feature == along) return 2;
  S step = zero;
  int toward = 0;                                                                // bit i: the axis points to +i
  for (int i = 0; i < 3; ++i) toward |= (h[i] > zero).v ? 1 << i : 0;
  const auto reach = [&](int i, S length) { return length / max(abs(h[i]), real<S>(1e-30)); };
  if (feature == corner) {
    int bits = toward ^ corner_bits;
    if (bits == 0 || bits == 7) return 1;                                        // points at the corner: no second point
    const bool forward = bits == 1 || bits == 2 || bits == 4;
    if (!forward) bits = 7 - bits;
    const int i = bits == 1 ? 0 : bits == 2 ? 1 : 2, i1 = (i + 1) % 3, i2 = (i + 2) % 3;
    const S sign = S(forward ? 1 : -1);
    if ((axis[i] * axis[i] > real<S>(0.5)).v) {                                  // along the edge
      step = sign * min(sub_mul(one, sign, t), reach(i, s[i] + s[i]));
    } else {                                                                     // along the face
      step = -sign * min(min(mul_add(sign, t, one), reach(i1, s[i1] + s[i1])), reach(i2, s[i2] + s[i2]));
    }
  } else if (feature == edge) {
    const int i = edge_axis, i1 = (i + 1) % 3, i2 = (i + 2) % 3;
    const int over = (abs(axis[i1]) > abs(axis[i2])).v ? i1 : i2, other = 3 - i - over;   // crosses the face along `over`
    int bits = (toward ^ corner_bits) & (7 - (1 << i));
    // Lying exactly along the face, above it: the sign of a zero would decide whether there is a second point.
    const bool single = bits == 1 || bits == 2 || bits == 4;
    const S flat = is_double<S> ? real<S>(1e-12) : real<S>(1e-6);
    const bool level = !single && (abs(axis[other]) < flat).v && (abs(p[other]) > s[other]).v;
    if (!single && !level) return 1;                                             // stands on the edge: no second point
    if (level) bits = bits >> over & 1 ? 1 << over : 1 << other;
    const bool forward = (bits >> over & 1) != 0;
    const S sign = S(forward ? 1 : -1);
    const S room = (toward >> i & 1) == (bits >> over & 1) ? one - on_edge : one + on_edge;
    step = sign * min(min(sub_mul(one, sign, t), reach(over, s[over] + s[over])), reach(i, s[i] * room));
    if (level && (abs(step) < real<S>(1e-6)).v) return 1;
  } else {
    if (face_axis < 0) return 1;                                                 // an end is inside the box
    const S sign = -t;
    S far = S(2);
    for (int i = 0; i < 3; ++i) {
      if (i == face_axis) continue;
      const S q = mul_add(h[i], t, p[i]), v = h[i] * sign;                       // runs from this end to the other
      if ((v > zero).v) far = min(far, (s[i] - q) / max(v, real<S>(1e-30)));
      if ((v < zero).v) far = min(far, (s[i] + q) / max(-v, real<S>(1e-30)));
    }
    step = sign * far;
  }
  t2 = t + step;
  return 2;
}

template <class R> NURI_FN void capsule_box(const Shape<R>& a, const Shape<R>& b, R margin, Hit<R>* out) {
  // the capsule's bounding ball against the box, exactly
  const R reach = a.size.x + a.size.y;
  const Hit<R> ball = ball_box(a.pos, reach, b, margin);
  walk<2>(ball.dist <= margin, a, out, [&](int w, Hit<One<R>>* hits) {
    using S = One<R>;
    const Shape<S> s = lane(a, w, true), box = lane(b, w, false);
    const Vec3<S> h = z_axis(s) * s.size.y;
    S t, t2;
    const int n = capsule_box_points(triple(transposed_times(box.mat, s.pos - box.pos)), triple(transposed_times(box.mat, z_axis(s))), s.size.y,
                                     triple(box.size), t, t2);
    hits[0] = ball_box(mul_add(h, t, s.pos), s.size.x, box, S(margin[w]));
    if (n == 2) hits[1] = ball_box(mul_add(h, t2, s.pos), s.size.x, box, S(margin[w]));
    return n;
  });
}

// ---- box - box ----------------------------------------------------------------------------------------------------
// Rounding, in units of the numbers compared. Supports are sums of extents times rotation entries.
template <class S> struct Box_slack {
  NURI_VALUE static S apart() { return is_double<S> ? real<S>(1e-13) : real<S>(1e-6); }    // of the summed half sizes
  NURI_VALUE static S parallel() { return is_double<S> ? real<S>(1e-16) : real<S>(1e-7); } // sin^2 between two edges
  NURI_VALUE static S sign() { return is_double<S> ? real<S>(1e-9) : real<S>(1e-5); }      // a component that picks no corner
  NURI_VALUE static S same() { return is_double<S> ? real<S>(1e-14) : real<S>(1e-10); }    // of the face's squared size
};

template <class S> struct Box_pair {
  Triple<S> size1, size2;
  Triple<S> from1, from2;   // centre 2 from box 1 in its axes, and the other way round
  S rot[3][3];              // rot[i][j] = axis i of box 1 . axis j of box 2
};

// The polygon (x, y, height) cut to sign * p[k] <= limit. A quadrilateral cut four times has at most 8 corners; rounding may add.
inline constexpr int max_corners = 12;
template <class S> struct Polygon { Triple<S> p[max_corners]; int n; };
template <class S> NURI_FN void clip(Polygon<S>& poly, int k, S sign, S limit) {
  const Polygon<S> in = poly;
  poly.n = 0;
  for (int i = 0; i < in.n; ++i) {
    const Triple<S> a = in.p[i], b = in.p[i + 1 == in.n ? 0 : i + 1];
    const S da = sign * a[k] - limit, db = sign * b[k] - limit, zero = S(0);
    if ((da <= zero).v && poly.n < max_corners) poly.p[poly.n++] = a;
    if ((((da < zero) & (db > zero)) | ((da > zero) & (db < zero))).v && poly.n < max_corners) {
      const S t = da / (da - db);
      Triple<S>& c = poly.p[poly.n++];
      for (int m = 0; m < 3; ++m) c[m] = mul_add(t, b[m] - a[m], a[m]);
    }
  }
}

// Face `axis` of `ref` against the face of the other box that looks at it most. `first`: ref is box 1.
template <class S> NURI_FN int box_face_hits(const Box_pair<S>& g, const Shape<S>& ref, int axis, bool first, S margin, Hit<S>* out) {
  const Triple<S> half = first ? g.size1 : g.size2, other = first ? g.size2 : g.size1, center = first ? g.from1 : g.from2;
  const auto rot = [&](int i, int j) { return first ? g.rot[i][j] : g.rot[j][i]; };   // axis j of the other box in ref's axes
  const S zero = S(0), side = S((center[axis] >= zero).v ? 1 : -1);
  int facing = 0;
  for (int k = 1; k < 3; ++k)
    if ((abs(rot(axis, k)) > abs(rot(axis, facing))).v) facing = k;
  const S toward = S((side * rot(axis, facing) > zero).v ? -1 : 1);
  const int x = (axis + 1) % 3, y = (axis + 2) % 3, u = (facing + 1) % 3, v = (facing + 2) % 3;

  // that face: (x, y) in ref's face, and the height above it
  Triple<S> mid, du, dv;
  for (int r = 0; r < 3; ++r) {
    const int i = r == 0 ? x : r == 1 ? y : axis;
    mid[r] = mul_add(toward * other[facing], rot(i, facing), center[i]);
    du[r] = other[u] * rot(i, u);
    dv[r] = other[v] * rot(i, v);
  }
  mid[2] = side * mid[2] - half[axis];
  du[2] = du[2] * side;
  dv[2] = dv[2] * side;
  Polygon<S> poly;
  poly.n = 4;
  for (int k = 0; k < 4; ++k) {
    const S su = S(k == 0 || k == 3 ? 1 : -1), sv = S(k < 2 ? 1 : -1);
    for (int r = 0; r < 3; ++r) poly.p[k][r] = mul_add(sv, dv[r], mul_add(su, du[r], mid[r]));
  }
  NURI_KEEP_LOOP for (int k = 0; k < 4; ++k) clip(poly, k / 2, S(k % 2 ? -1 : 1), k < 2 ? half[x] : half[y]);

  const Vec3<S> n = column(ref.mat, axis) * (first ? side : -side);
  const S same = Box_slack<S>::same() * mul_add(half[y], half[y], half[x] * half[x]);
  int count = 0, kept[max_corners];
  for (int k = 0; k < poly.n && count < 8; ++k) {
    const Triple<S>& c = poly.p[k];
    if ((c[2] > margin).v) continue;
    bool twice = false;
    for (int m = 0; m < count; ++m) {
      const S dx = poly.p[kept[m]][0] - c[0], dy = poly.p[kept[m]][1] - c[1];
      twice = twice || (mul_add(dy, dy, dx * dx) < same).v;
    }
    if (twice) continue;
    kept[count] = k;
    Triple<S> at;
    at[x] = c[0];
    at[y] = c[1];
    at[axis] = side * mul_add(S(0.5f), c[2], half[axis]);
    out[count++] = {c[2], ref.pos + ref.mat * vec3(at), n, zero3<S>()};
  }
  return count;
}

// Edge i of box 1 against edge j of box 2: one hit, at the nearest points of the two supporting edges.
template <class S> NURI_FN int box_edge_hit(const Box_pair<S>& g, const Shape<S>& a, Triple<S> n, int i, int j, S reach, Hit<S>* out) {
  const S zero = S(0);
  const int i1 = (i + 1) % 3, i2 = (i + 2) % 3, j1 = (j + 1) % 3, j2 = (j + 2) % 3;
  if ((dot(vec3(n), vec3(g.from1)) < zero).v) n = triple(-vec3(n));              // from box 1 to box 2
  Triple<S> m, d2{{g.rot[0][j], g.rot[1][j], g.rot[2][j]}};                      // the normal in box 2's axes; edge 2's direction
  for (int k = 0; k < 3; ++k) m[k] = mul_add(n[2], g.rot[2][k], mul_add(n[1], g.rot[1][k], n[0] * g.rot[0][k]));

  // a component that is nearly zero does not say which edge supports the normal: try both
  const S slack = Box_slack<S>::sign();
  const int either1 = (abs(n[i1]) < slack).v ? i1 : (abs(n[i2]) < slack).v ? i2 : -1;
  const int either2 = (abs(m[j1]) < slack).v ? j1 : (abs(m[j2]) < slack).v ? j2 : -1;
  S best = real<S>(1e30);
  Vec3<S> on1 = zero3<S>(), on2 = zero3<S>();
  NURI_KEEP_LOOP for (int k = 0; k < 4; ++k) {
    if ((k & 1 && either1 < 0) || (k & 2 && either2 < 0)) continue;
    Triple<S> c1, c2, e2;
    c1[i] = zero;
    c1[i1] = (n[i1] >= zero).v ? g.size1[i1] : -g.size1[i1];
    c1[i2] = (n[i2] >= zero).v ? g.size1[i2] : -g.size1[i2];
    if (k & 1) c1[either1] = -c1[either1];
    e2[j] = zero;
    e2[j1] = (m[j1] >= zero).v ? -g.size2[j1] : g.size2[j1];
    e2[j2] = (m[j2] >= zero).v ? -g.size2[j2] : g.size2[j2];
    if (k & 2) e2[either2] = -e2[either2];
    for (int r = 0; r < 3; ++r) c2[r] = mul_add(g.rot[r][2], e2[2], mul_add(g.rot[r][1], e2[1], mul_add(g.rot[r][0], e2[0], g.from1[r])));

    // nearest points of c1 + s e_i and c2 + t d2
    const Vec3<S> e = vec3(c2) - vec3(c1);
    const S b = d2[i], across = sub_mul(S(1), b, b), d1e = triple(e)[i], d2e = dot(vec3(d2), e);
    S s = (across < real<S>(1e-15)).v ? zero : sub_mul(d1e, b, d2e) / across;
    s = clamp(s, g.size1[i]);
    const S t = clamp(b * s - d2e, g.size2[j]);
    s = clamp(mul_add(b, t, d1e), g.size1[i]);
    c1[i] = s;
    const Vec3<S> q1 = vec3(c1), q2 = mul_add(vec3(d2), t, vec3(c2)), gap = q2 - q1;
    const S far = dot(gap, gap);
    if ((far < best).v) best = far, on1 = q1, on2 = q2;
  }
  const S dist = dot(on2 - on1, vec3(n));
  if ((dist > reach).v) return 0;
  out[0] = {dist, a.pos + a.mat * ((on1 + on2) * S(0.5f)), a.mat * vec3(n), zero3<S>()};
  return 1;
}

template <class S> NURI_STAGE int box_box_hits(const Shape<S>& a, const Shape<S>& b, S margin, Hit<S>* out) {
  const S zero = S(0);
  Box_pair<S> g;
  g.size1 = triple(a.size);
  g.size2 = triple(b.size);
  g.from1 = triple(transposed_times(a.mat, b.pos - a.pos));
  g.from2 = triple(transposed_times(b.mat, a.pos - b.pos));
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) g.rot[i][j] = dot(column(a.mat, i), column(b.mat, j));
  // Boxes that overlap by less than rounding must not be called apart: they would pass through each other.
  const S sum = a.size.x + a.size.y + a.size.z + b.size.x + b.size.y + b.size.z;
  const S reach = mul_add(Box_slack<S>::apart(), sum, margin);

  // faces: 0..2 of box 1, 3..5 of box 2
  S best = real<S>(-1e30);
  int code = 0;
  for (int k = 0; k < 6; ++k) {
    const int i = k % 3;
    const Triple<S>&half = k < 3 ? g.size1 : g.size2, &other = k < 3 ? g.size2 : g.size1;
    S span = zero;
    for (int j = 0; j < 3; ++j) span = mul_add(abs(k < 3 ? g.rot[i][j] : g.rot[j][i]), other[j], span);
    const S apart = abs((k < 3 ? g.from1 : g.from2)[i]) - half[i] - span;
    if ((apart > reach).v) return 0;
    if ((apart > best).v) best = apart, code = k;
  }
  const S face_best = best;
  const int face_code = code;
  // edges: e_i x (axis j of box 2); nearly parallel ones are rounding noise, and the faces stand for them
  Triple<S> edge_normal{{zero, zero, zero}};
  NURI_KEEP_LOOP for (int k = 0; k < 9; ++k) {
    const int i = k / 3, j = k % 3, i1 = (i + 1) % 3, i2 = (i + 2) % 3, j1 = (j + 1) % 3, j2 = (j + 2) % 3;
    S n1 = -g.rot[i2][j], n2 = g.rot[i1][j];
    const S square = mul_add(n2, n2, n1 * n1);
    if ((square < Box_slack<S>::parallel()).v) continue;
    const S inv = S(1) / sqrt(square);
    n1 = n1 * inv;
    n2 = n2 * inv;
    const S span1 = mul_add(g.size1[i2], abs(n2), g.size1[i1] * abs(n1));
    const S m1 = mul_add(n2, g.rot[i2][j1], n1 * g.rot[i1][j1]), m2 = mul_add(n2, g.rot[i2][j2], n1 * g.rot[i1][j2]);
    const S span2 = mul_add(g.size2[j2], abs(m2), g.size2[j1] * abs(m1));
    const S apart = abs(mul_add(n2, g.from1[i2], n1 * g.from1[i1])) - span1 - span2;
    if ((apart > reach).v) return 0;
    if ((apart - real<S>(1e-6) * abs(apart) > best).v && (apart > face_best).v) {
      best = apart;
      code = 6 + k;
      edge_normal[i] = zero;
      edge_normal[i1] = n1;
      edge_normal[i2] = n2;
    }
  }
  // an edge normal within 8 degrees of the best face's, and not 5 % better, is that face: stacks would flip between the two
  if (code >= 6) {
    const int f = face_code % 3;
    const S along = face_code < 3 ? edge_normal[f]
                                  : mul_add(edge_normal[2], g.rot[2][f], mul_add(edge_normal[1], g.rot[1][f], edge_normal[0] * g.rot[0][f]));
    if ((abs(along) > real<S>(0.99)).v && (best < face_best + real<S>(0.05) * abs(face_best) + real<S>(1e-15)).v) code = face_code;
  }
  if (code >= 6) return box_edge_hit(g, a, edge_normal, (code - 6) / 3, (code - 6) % 3, reach, out);
  return box_face_hits(g, code < 3 ? a : b, code % 3, code < 3, margin, out);
}

template <class R> NURI_FN void box_box(const Shape<R>& a, const Shape<R>& b, R margin, Hit<R>* out) {
  // box 2's bounding ball against box 1, exactly
  const Shape<R>& box = a;
  const Hit<R> ball = ball_box(b.pos, norm(b.size) * real<R>(1.0001), box, margin);
  walk<8>(ball.dist <= margin, a, out, [&](int w, Hit<One<R>>* hits) {
    return box_box_hits(lane(a, w, false), lane(b, w, false), One<R>(margin[w]), hits);
  });
}

NURI_KERNEL_END
