// Contacts of several points between convex geoms that lie flat on each other.
//
// One point lets a can rock on a table. Given the deepest hit and its normal n, each geom shows the feature that faces the
// other: a polygon (face of a box or hull, eight points of a cylinder's cap), a segment (capsule, a cylinder's side) or a
// point. Seen along n, one feature is cut to the other; at every corner of what is left the gap along n between the two features'
// planes is a hit's distance. No such distance is below the deepest hit's, because n has the least overlap of all
// directions. Where an edge crosses an edge, the crossing is such a corner, so nothing is decided about kinds of contact,
// and a box that tilts loses its points one by one as they rise above the margin.
//
// First comes the deepest, then those that span the most: the farthest, the farthest from the line of these two, and the one that
// adds most to the triangle; of equals the first. All share one normal. If face normals do as well as n within its error, n becomes
// exactly that, so that stacks do not lean by rounding.
//
// MuJoCo's multiccd asks the same of boxes and meshes (at most 4 points) and finds it for cylinders and capsules by tilting
// them; its points all have the deepest one's distance. Without multiccd (`manifold` false) the deepest hit is the only one.
#pragma once
#include "physics/kernel/collide_convex.h"

NURI_KERNEL_BEGIN

inline constexpr int feature_corners = 16;                  // polygons of more corners are thinned out
inline constexpr int cut_corners = 2 * feature_corners + 4; // one more per cut, and rounding may add

// What of a geom's core faces in direction n, in world axes: a polygon counter-clockwise about `normal`, a segment or a point.
template <class S> struct Feature {
  Vec3<S> p[feature_corners], normal;
  int n;
};
template <class S> NURI_FN void facing_feature(int type, const Solid<S>& g, Vec3<S> n, Feature<S>& out) {
  const S zero = S(0), one = S(1);
  const Vec3<S> d = transposed_times(g.mat, n), axis = z_axis(g);
  out.normal = n;
  out.n = 1;
  if (type == geom::capsule || type == segment_type) {
    out.n = 2;
    out.p[0] = sub_mul(g.pos, axis, g.size.y);
    out.p[1] = mul_add(axis, g.size.y, g.pos);
    return;
  }
  if (type == geom::cylinder) {
    const S side = sqrt(mul_add(d.y, d.y, d.x * d.x)), up = S((d.z >= zero).v ? 1 : -1);
    const bool flat = (side < (is_double<S> ? real<S>(1e-9) : real<S>(1e-4))).v;        // the cap's own x axis says where its points are
    const S inv = one / (flat ? one : side);
    const Vec3<S> x{flat ? one : d.x * inv, flat ? zero : d.y * inv, zero};             // towards the lowest point of the rim
    if ((side > abs(d.z)).v) {
      out.n = 2;
      for (int k = 0; k < 2; ++k) out.p[k] = g.pos + g.mat * Vec3<S>{x.x * g.size.x, x.y * g.size.x, k ? g.size.y : -g.size.y};
      return;
    }
    out.n = 8;
    out.normal = axis * up;
    const S r = g.size.x, h = r * real<S>(0.70710678118654752);
    for (int k = 0; k < 8; ++k) {                                                        // turned by k / 8, the way `normal` asks
      const S c = k % 4 == 2 ? zero : k % 2 ? h : r, s = k % 4 == 0 ? zero : k % 2 ? h : r;
      const S cos = k > 2 && k < 6 ? -c : c, sin = (k > 4 ? -s : s) * up;
      out.p[k] = g.pos + g.mat * Vec3<S>{sub_mul(x.x * cos, x.y, sin), mul_add(x.x, sin, x.y * cos), up * g.size.y};
    }
    return;
  }
  if (type == geom::box) {
    const Triple<S> at = triple(d), half = triple(g.size);
    int k = (abs(d.y) > abs(d.x)).v ? 1 : 0;
    if ((abs(d.z) > abs(at[k])).v) k = 2;
    const bool up = (at[k] >= zero).v;
    const int i = (k + 1) % 3, j = (k + 2) % 3;
    const Vec3<S> x = column(g.mat, i) * half[i], y = column(g.mat, j) * (up ? half[j] : -half[j]);
    out.normal = up ? column(g.mat, k) : -column(g.mat, k);
    const Vec3<S> mid = mul_add(out.normal, half[k], g.pos);
    out.n = 4;
    out.p[0] = mid + x + y, out.p[1] = mid - x + y, out.p[2] = mid - x - y, out.p[3] = mid + x - y;
    return;
  }
  if (type == geom::mesh) {
    const Hull_of<S>& h = g.hull;
    g.last = farthest_corner<S>(h, d, g.last);
    int best = -1;
    S most = zero;
    for (int k = h.link_adr[g.last]; k < h.link_adr[g.last + 1]; ++k) {
      const S here = dot(normal_of<S>(h, h.link_polygon[k]), d);
      if (best < 0 || (here > most).v) most = here, best = h.link_polygon[k];
    }
    const int first = h.polygon_adr[best], count = h.polygon_adr[best + 1] - first;
    out.n = count < feature_corners ? count : feature_corners;
    for (int k = 0; k < out.n; ++k) out.p[k] = g.pos + g.mat * corner_of<S>(h, h.corner[first + k * count / out.n]);
    out.normal = g.mat * normal_of<S>(h, best);
    return;
  }
  out.p[0] = core_support(type, g, n);
}

// At most four of `count` points within `limit`, as said above; points nearer than `same` are one. Returns how many.
template <class S, class P, class D> NURI_FN int spread(int count, S limit, S same, Vec3<S> n, P&& point, D&& dist, int* out) {
  int first = -1;
  for (int k = 0; k < count; ++k)
    if ((dist(k) <= limit).v && (first < 0 || (dist(k) < dist(first)).v)) first = k;
  if (first < 0) return 0;
  out[0] = first;
  const Vec3<S> p0 = point(first);
  const auto flat = [&](Vec3<S> v) { return sub_mul(v, n, dot(n, v)); };
  S most = same * same;
  int second = -1;
  for (int k = 0; k < count; ++k) {
    if (!(dist(k) <= limit).v) continue;
    const Vec3<S> d = flat(point(k) - p0);
    const S far = dot(d, d);
    if ((far > most).v) most = far, second = k;
  }
  if (second < 0) return 1;
  out[1] = second;
  const Vec3<S> d1 = flat(point(second) - p0);
  const S step = same * sqrt(dot(d1, d1));
  most = step;
  S side = S(0);
  int third = -1;
  for (int k = 0; k < count; ++k) {
    if (!(dist(k) <= limit).v) continue;
    const S area = dot(n, cross(d1, point(k) - p0));
    if ((abs(area) > most).v) most = abs(area), side = area, third = k;
  }
  if (third < 0) return 2;
  out[2] = third;
  // the triangle's edges, each with its outside to the right when it is walked the way that makes its area positive
  Vec3<S> c[3] = {p0, point(second), point(third)};
  if ((side < S(0)).v) {
    const Vec3<S> swapped = c[1];
    c[1] = c[2];
    c[2] = swapped;
  }
  most = step;
  int fourth = -1;
  for (int k = 0; k < count; ++k) {
    if (!(dist(k) <= limit).v) continue;
    const Vec3<S> p = point(k);
    for (int e = 0; e < 3; ++e) {
      const S area = dot(n, cross(p - c[e], c[e == 2 ? 0 : e + 1] - c[e]));
      if ((area > most).v) most = area, fourth = k;
    }
  }
  if (fourth < 0) return 3;
  out[3] = fourth;
  return 4;
}

// The part of a polygon or segment `poly` (n points) on the inner side of `face`'s edges, seen along axis.
template <class S> NURI_FN int cut_to(const Feature<S>& face, Vec3<S> axis, Vec3<S>* poly, int n) {
  Vec3<S> in[cut_corners];
  const bool closed = n > 2;
  NURI_KEEP_LOOP for (int e = 0; e < face.n; ++e) {
    const Vec3<S> from = face.p[e], outward = cross(face.p[e + 1 == face.n ? 0 : e + 1] - from, axis);
    for (int k = 0; k < n; ++k) in[k] = poly[k];
    const int count = n;
    n = 0;
    for (int k = 0; k < count; ++k) {
      const Vec3<S> a = in[k], b = in[k + 1 == count ? 0 : k + 1];
      const S zero = S(0), da = dot(a - from, outward), db = dot(b - from, outward);
      if ((da <= zero).v && n < cut_corners) poly[n++] = a;
      const bool crosses = (((da < zero) & (db > zero)) | ((da > zero) & (db < zero))).v;
      if (crosses && (closed || k + 1 < count) && n < cut_corners) poly[n++] = mul_add(b - a, da / (da - db), a);
    }
  }
  return n;
}

// Adds to the deepest hit (out[0]) what stands around it: at most `most` hits in all. Returns their number.
template <class S> NURI_STAGE int manifold_hits(int type1, int type2, const Solid<S>& a, const Solid<S>& b, S margin, int most, Hit<S>* out) {
  const S half = S(0.5f), steep = real<S>(0.2);
  const S radius1 = round_radius(type1, a), radius2 = round_radius(type2, b);
  const S small = min(thickness(type1, a), thickness(type2, b));
  Vec3<S> n = out[0].normal;
  Feature<S> f1, f2;
  facing_feature(type1, a, n, f1);
  facing_feature(type2, b, -n, f2);

  // a face normal that is as good as n: take it
  const S scale = bounding_radius(type1, a) + bounding_radius(type2, b), error = scale * (is_double<S> ? real<S>(1e-10) : real<S>(2e-6));
  bool face1 = f1.n > 2 && (dot(f1.normal, n) > real<S>(0.999)).v, face2 = !face1 && f2.n > 2 && (dot(f2.normal, n) < real<S>(-0.999)).v;
  for (int k = 0; k < 2; ++k) {
    if (!(k == 0 ? face1 : face2)) continue;
    const Vec3<S> exact = k == 0 ? f1.normal : -f2.normal;
    const S dist = dot(exact, core_support(type2, b, -exact) - core_support(type1, a, exact)) - radius1 - radius2;
    if ((dist >= out[0].dist - error).v && (dist <= margin).v) {
      n = exact;
      out[0].dist = dist;
      out[0].normal = n;
    } else if (k == 0) {
      face2 = f2.n > 2 && (dot(f2.normal, n) < real<S>(-0.999)).v;
    }
  }

  // cut one feature to the other; `face` is the one whose plane the heights are taken from
  Vec3<S> on2[cut_corners], on1[cut_corners];
  S dist[cut_corners];
  int count = 0;
  if (f1.n > 2 && f2.n > 1 && (dot(f1.normal, n) > steep).v) {
    for (int k = 0; k < f2.n; ++k) on2[k] = f2.p[k];
    count = cut_to(f1, n, on2, f2.n);
    const S inv = S(1) / dot(f1.normal, n);
    for (int k = 0; k < count; ++k) {
      dist[k] = dot(f1.normal, on2[k] - f1.p[0]) * inv;
      on1[k] = sub_mul(on2[k], n, dist[k]);
    }
  } else if (f2.n > 2 && f1.n > 1 && (dot(f2.normal, n) < -steep).v) {
    for (int k = 0; k < f1.n; ++k) on1[k] = f1.p[k];
    count = cut_to(f2, -n, on1, f1.n);
    const S inv = S(1) / dot(f2.normal, n);
    for (int k = 0; k < count; ++k) {
      dist[k] = dot(f2.normal, f2.p[0] - on1[k]) * inv;
      on2[k] = mul_add(n, dist[k], on1[k]);
    }
  } else if (f1.n == 2 && f2.n == 2) {                                                   // side by side: the stretch that they share
    const Vec3<S> e = f1.p[1] - f1.p[0], g = f2.p[1] - f2.p[0], across = cross(e, g);
    const S ee = dot(e, e), gg = dot(g, g), parallel = is_double<S> ? real<S>(1e-6) : real<S>(1e-4);
    if ((dot(across, across) <= ee * gg * parallel).v && (ee > S(0)).v) {
      const S t0 = dot(f2.p[0] - f1.p[0], e) / ee, t1 = dot(f2.p[1] - f1.p[0], e) / ee;
      const S low = max(S(0), min(t0, t1)), high = min(S(1), max(t0, t1));
      for (int k = 0; k < 2 && (low < high).v; ++k) {
        const S t = k ? high : low, s = (t - t0) / (t1 - t0);
        on1[count] = mul_add(e, t, f1.p[0]);
        on2[count] = mul_add(g, s, f2.p[0]);
        dist[count] = dot(n, on2[count] - on1[count]);
        on2[count] = mul_add(n, dist[count], on1[count]);
        ++count;
      }
    }
  }
  if (count < 1) return 1;

  // does a corner stand for the deepest hit? If not, that one comes first
  int kept[4];
  for (int k = 0; k < count; ++k) {
    dist[k] = dist[k] - radius1 - radius2;
    dist[k] = max(dist[k], out[0].dist);                                                 // rounding may go deeper
  }
  bool found = false;
  for (int k = 0; k < count; ++k) found = found || (dist[k] <= out[0].dist + error).v;
  if (!found && count < cut_corners) {
    dist[count] = out[0].dist;
    const Vec3<S> mid = mul_add(n, (radius2 - radius1) * half, out[0].pos);
    on1[count] = sub_mul(mid, n, (dist[count] + radius1 + radius2) * half);
    on2[count] = mul_add(n, (dist[count] + radius1 + radius2) * half, mid);
    ++count;
  }
  const int spanned = spread<S>(count, margin, real<S>(0.01) * small, n, [&](int k) { return on1[k]; }, [&](int k) { return dist[k]; }, kept);
  const int total = spanned < most ? spanned : most;
  for (int k = 0; k < total; ++k) {
    const int i = kept[k];
    out[k] = {dist[i], mul_add(n, (radius1 - radius2) * half, (on1[i] + on2[i]) * half), n, zero3<S>()};
  }
  return total;
}

// All hits of a pair of convex geoms in one environment.
template <class S> NURI_FN int convex_hits(int type1, int type2, const Solid<S>& a, const Solid<S>& b, S margin, int most, Hit<S>* out) {
  const int n = convex_hit(type1, type2, a, b, margin, out);
  return n == 0 || most == 1 ? n : manifold_hits(type1, type2, a, b, margin, most, out);
}

template <int slots, class R, class A, class B> NURI_FN void walk_convex(int type1, int type2, const Shape<R>& a, const Shape<R>& b, R reach, R margin, bool manifold, Hit<R>* out, A&& solid_a, B&& solid_b) {
  const Vec3<R> d = b.pos - a.pos;
  reach = reach + margin;
  walk<slots>(dot(d, d) <= reach * reach, a, out, [&](int w, Hit<One<R>>* hits) {
    return convex_hits(type1, type2, solid_a(w), solid_b(w), One<R>(margin[w]), manifold ? slots : 1, hits);
  });
}
template <class R> NURI_FN void convex_convex(int type1, int type2, const Shape<R>& a, const Shape<R>& b, R margin, bool manifold, Hit<R>* out) {
  const R reach = bounding_radius(type1, a) + bounding_radius(type2, b);
  const auto one = [&](int w) { return solid(a, w, type1 <= geom::capsule); };
  const auto two = [&](int w) { return solid(b, w, type2 <= geom::capsule); };
  const int slots = max_hits(type1, type2);
  if (slots == 1) walk_convex<1>(type1, type2, a, b, reach, margin, false, out, one, two);
  else if (slots == 2) walk_convex<2>(type1, type2, a, b, reach, margin, manifold, out, one, two);
  else walk_convex<4>(type1, type2, a, b, reach, margin, manifold, out, one, two);
}

NURI_KERNEL_END
