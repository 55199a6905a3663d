// A string between two points that may have to go around a sphere or a cylinder: where it touches, and how long it lies on the surface.
//
// In the object's frame both points are projected on a plane through its centre: a sphere's through both points, a cylinder's across
// its axis. There the string is two tangents of a circle and an arc between them. A cylinder's string then climbs evenly along the
// whole way. A side point chooses between the two ways around; one inside of the object makes the string touch the surface from
// within, as a tendon in a groove: it bends at one point.
//
// Rules, starts and tolerances are those of MuJoCo's mju_wrap, so that strings wrap, change sides and slip off at the same poses (4.0.1:
// which side is meant, and the search from within, were found by experiment). The arc is taken from the tangent points by atan2, which
// is good for short arcs too.
#pragma once
#include "engine/math/elementary.h"
#include "engine/math/vector.h"

NURI_KERNEL_BEGIN

namespace wrap {

enum Surface : int { none = -1, sphere, cylinder };

template <class R> struct Point { R x, y; };
template <class R> NURI_VALUE R dot(Point<R> a, Point<R> b) { return a.x * b.x + a.y * b.y; }
template <class R> NURI_VALUE Point<R> operator-(Point<R> a, Point<R> b) { return {a.x - b.x, a.y - b.y}; }
template <class M, class R> NURI_VALUE Point<R> where(M m, Point<R> a, Point<R> b) { return {where(m, a.x, b.x), where(m, a.y, b.y)}; }
template <class T, int W, Kind K> NURI_VALUE Point<Wide<T, W, K>> unit(Point<Wide<T, W, K>> a) {
  using R = Wide<T, W, K>;
  const R length = sqrt(dot(a, a));
  const auto some = R(T(1e-15)) <= length;
  const R inverse = R(T(1)) / where(some, length, R(T(1)));
  return {where(some, a.x * inverse, R(T(1))), where(some, a.y * inverse, R(T(0)))};
}

// In the plane: the two points where the string leaves and meets the circle, the arc between them in rad.
template <class R> struct Arc {
  decltype(R() < R()) wraps;
  Point<R> first, second;
  R angle;
};

// Do the segments a b and c d meet?
template <class R> NURI_VALUE auto cross_over(Point<R> a, Point<R> b, Point<R> c, Point<R> d, R tiny) {
  const Point<R> u = b - a, v = d - c, w = a - c;
  const R det = v.y * u.x - v.x * u.y;
  const auto some = tiny <= abs(det);
  const R safe = where(some, det, R(1)), s = (v.x * w.y - v.y * w.x) / safe, t = (u.x * w.y - u.y * w.x) / safe;
  return some & (R(0) <= s) & (s <= R(1)) & (R(0) <= t) & (t <= R(1));
}

// Around the outside, the short way; the other way round if that one would pass the side opposite to `side`, that is if the direction
// opposite to it lies between those of the two ends. `side` is not read unless `sided`.
template <class T, int W, Kind K>
NURI_FN Arc<Wide<T, W, K>> around(Point<Wide<T, W, K>> from, Point<Wide<T, W, K>> to, bool sided, Point<Wide<T, W, K>> side,
                                  Wide<T, W, K> radius, Wide<T, W, K> tiny) {
  using R = Wide<T, W, K>;
  const R square = radius * radius, square0 = dot(from, from), square1 = dot(to, to);
  const Point<R> way = to - from;
  const R length2 = dot(way, way);
  auto wraps = (square <= square0) & (square <= square1) & (tiny <= radius) & (tiny <= length2);
  const auto turn_of = [](Point<R> a, Point<R> b) { return a.x * b.y - a.y * b.x; };
  const auto clockwise = turn_of(from, to) < R(0);
  auto other_way = R(0) < R(0);
  if (sided) {
    const R before = turn_of(from, side), after = turn_of(side, to);
    other_way = (clockwise & (R(0) <= before) & (R(0) <= after)) | (!clockwise & (before <= R(0)) & (after <= R(0)));
  }
  // the straight string passes the circle
  const R part = max(R(0), min(R(1), -(way.x * from.x + way.y * from.y) / where(tiny <= length2, length2, R(1))));
  const Point<R> nearest{part * way.x + from.x, part * way.y + from.y};
  wraps = wraps & (other_way | (dot(nearest, nearest) <= square));

  // tangents that turn clockwise, and the other way
  const R root0 = radius * sqrt(max(R(0), square0 - square)), root1 = radius * sqrt(max(R(0), square1 - square));
  const R by0 = where(tiny * tiny <= square0, square0, R(1)), by1 = where(tiny * tiny <= square1, square1, R(1));
  Point<R> first[2], second[2];
  R good[2];
  for (int i = 0; i < 2; ++i) {
    const R turn0 = i == 0 ? root0 : -root0, turn1 = i == 0 ? root1 : -root1;
    first[i] = {(from.x * square + from.y * turn0) / by0, (from.y * square - from.x * turn0) / by0};
    second[i] = {(to.x * square - to.y * turn1) / by1, (to.y * square + to.x * turn1) / by1};
    const Point<R> apart = first[i] - second[i];
    good[i] = where(cross_over(from, first[i], to, second[i], tiny), R(-10000), -dot(apart, apart));
  }
  const auto one = (other_way & clockwise) | (!other_way & (good[0] <= good[1]));
  Arc<R> out{wraps, where(one, first[1], first[0]), where(one, second[1], second[0]), R(0)};
  out.wraps = out.wraps & !cross_over(from, out.first, to, out.second, tiny);
  const R turned = turn_of(out.second, out.first), angle = atan2(abs(turned), dot(out.first, out.second));
  const auto far = (one & (R(0) < turned)) | (!one & (turned < R(0)));
  out.angle = where(far, R(T(6.283185307179586)) - angle, angle);
  return out;
}

// From within. At the bend both stretches make the same angle a with the circle's radius, as mirrored light. With A = r / |from|,
// B = r / |to| and G the angle between both ends seen from the centre,  f(a) = asin(A sin a) + asin(B sin a) - 2 a + G = 0,  searched from
// pi / 2 downwards; the bend is a - asin(A sin a) away from the direction of `from`. In the middle where the search fails.
template <class T, int W, Kind K>
NURI_FN Arc<Wide<T, W, K>> within(Point<Wide<T, W, K>> from, Point<Wide<T, W, K>> to, Wide<T, W, K> radius, Wide<T, W, K> tiny) {
  using R = Wide<T, W, K>;
  const R one(T(1)), length0 = sqrt(dot(from, from)), length1 = sqrt(dot(to, to));
  const Point<R> way = to - from;
  const R length2 = dot(way, way);
  auto wraps = (radius < length0) & (radius < length1) & (tiny <= radius) & (tiny <= length0) & (tiny <= length1);
  const auto apart = tiny < length2;
  const R part = -(way.x * from.x + way.y * from.y) / where(apart, length2, one);
  const Point<R> nearest{from.x + part * way.x, from.y + part * way.y};
  wraps = wraps & !(apart & (R(0) < part) & (part < one) & (sqrt(dot(nearest, nearest)) <= radius));
  const Point<R> middle = unit(Point<R>{R(T(0.5)) * (from.x + to.x), R(T(0.5)) * (from.y + to.y)});

  const R by0 = where(wraps, length0, one), by1 = where(wraps, length1, one);
  const R A = where(wraps, radius / by0, R(T(0.5))), B = where(wraps, radius / by1, R(T(0.5)));
  const R cosine = (length0 * length0 + length1 * length1 - length2) / (R(2) * by0 * by1);
  wraps = wraps & !(cosine < tiny - one);
  const R gap = acos(max(-one, min(one, cosine))), tolerance(T(1e-6));
  R a(T(1.5707963267948966)), sine = one, level = R(0);
  R f = asin(A) + asin(B) - R(2) * a + gap;
  auto searches = wraps & (cosine <= one - tiny) & (f <= R(0)), solved = searches & (abs(f) <= tolerance);
  searches = searches & (tolerance < abs(f));
  for (int round = 0; round < 19 && any(searches); ++round) {
    const auto follows = [&](R c) { return c * level / max(tiny, sqrt(max(R(0), one - c * c * sine * sine))); };
    const R slope = follows(A) + follows(B) - R(2);
    const auto steep = slope <= -tiny;
    const R next = a - f / where(steep, slope, -one);
    searches = searches & steep & (next <= a);
    a = where(searches, next, a);
    sin_cos(a, sine, level);
    f = asin(A * sine) + asin(B * sine) - R(2) * a + gap;
    searches = searches & (f <= tolerance);
    solved = solved | (searches & (abs(f) <= tolerance));
    searches = searches & (tolerance < abs(f));
  }
  const auto left = R(0) < from.x * to.y - from.y * to.x;
  const Point<R> start = unit(where(left, from, to));
  R s, c;
  sin_cos(a - asin(where(left, A, B) * sine), s, c);
  const Point<R> bend = where(solved, Point<R>{c * start.x - s * start.y, s * start.x + c * start.y}, middle);
  const Point<R> at{radius * bend.x, radius * bend.y};
  return {wraps, at, at, R(0)};
}

}  // namespace wrap

// Where the string touches, in the frame its ends were given in, and the length between these points on the surface; m.
template <class R> struct Wrapped {
  decltype(R() < R()) wraps;
  Vec3<R> first, second;
  R length;
};

// A string from `from` to `to`, and a point `side` unless `sided` is false; all in the object's frame: centre 0, a cylinder's axis z.
template <class T, int W, Kind K>
NURI_FN Wrapped<Wide<T, W, K>> wrap_string(int surface, Wide<T, W, K> radius, Vec3<Wide<T, W, K>> from, Vec3<Wide<T, W, K>> to, bool sided,
                                           Vec3<Wide<T, W, K>> side) {
  using R = Wide<T, W, K>;
  const R tiny(T(1e-15)), one(T(1)), zero(T(0));
  const Vec3<R> x{one, zero, zero};
  auto wraps = (tiny <= norm(from)) & (tiny <= norm(to));
  // the plane
  Vec3<R> u = x, v{zero, one, zero};
  if (surface == wrap::sphere) {
    R length;
    u = normalized(from, x, length);
    Vec3<R> normal = normalized(cross(from, to), x, length);
    const auto flat = length < tiny;
    if (any(flat)) {                                                 // a line through the centre: any plane, MuJoCo's
      const R ax = abs(u.x), ay = abs(u.y), az = abs(u.z);
      const auto along_y = (ax < ay) & (az < ay), along_z = (ax < az) & (ay < az);
      const Vec3<R> other = where(along_z, Vec3<R>{one, one, zero}, where(along_y, Vec3<R>{one, zero, one}, Vec3<R>{zero, one, one}));
      normal = where(flat, normalized(cross(u, other), x, length), normal);
    }
    v = normalized(cross(normal, u), x, length);
  }
  const auto flatten = [&](Vec3<R> a) { return wrap::Point<R>{dot(a, u), dot(a, v)}; };
  const wrap::Point<R> a = flatten(from), b = flatten(to);

  wrap::Arc<R> arc{};
  if (sided) {
    const auto inner = norm(side) < radius;
    arc = wrap::around(a, b, true, wrap::unit(flatten(side)), radius, tiny);
    if (any(inner)) {
      const wrap::Arc<R> bent = wrap::within(a, b, radius, tiny);
      arc.wraps = (inner & bent.wraps) | (!inner & arc.wraps);
      arc.first = wrap::where(inner, bent.first, arc.first);
      arc.second = wrap::where(inner, bent.second, arc.second);
      arc.angle = where(inner, bent.angle, arc.angle);
    }
  } else {
    arc = wrap::around(a, b, false, wrap::Point<R>{}, radius, tiny);
  }
  Wrapped<R> out{wraps & arc.wraps, u * arc.first.x + v * arc.first.y, u * arc.second.x + v * arc.second.y, radius * arc.angle};
  if (surface == wrap::cylinder) {
    const wrap::Point<R> before = a - arc.first, after = b - arc.second;
    const R length0 = sqrt(wrap::dot(before, before)), length1 = sqrt(wrap::dot(after, after)), whole = length0 + out.length + length1;
    const R climb = (to.z - from.z) / where(tiny <= whole, whole, one);
    out.first.z = mul_add(climb, length0, from.z);
    out.second.z = mul_add(climb, length0 + out.length, from.z);
    const R height = out.second.z - out.first.z;
    out.length = sqrt(mul_add(height, height, out.length * out.length));
  }
  return out;
}

NURI_KERNEL_END
