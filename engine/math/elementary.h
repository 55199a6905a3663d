// Elementary functions on Wide numbers: the same bits at every width, in every compiler, on every machine.
//
// A library's sin differs in the last bit from machine to machine, and is not there for registers. Here each function is a
// fixed sequence of correctly rounded operations: an exact range reduction (Cody-Waite with fma, remainders kept as a
// head and a tail), then a minimax polynomial, then a reconstruction that adds small to large. No branch, no table, no libm.
// Tables would need gathers on a CPU and shared memory on a GPU; a few more fma are cheaper than either.
//
// Within 2 units in the last place (float) and 4 (double); what was measured stands in tests/engine/math/elementary_test.cpp.
// NaN in, NaN out. A result of zero may have either sign. Coefficients: Remez exchange at 220 bits for the relative
// error of the function, then rounded; the error of each polynomial stands beside it.
//
// Sources: W. J. Cody, W. Waite, Software Manual for the Elementary Functions, 1980; J.-M. Muller, Elementary Functions,
// 3rd ed., 2016, chapters 3, 11; T. J. Dekker, A floating-point technique for extending the available precision, 1971.
#pragma once
#include "engine/math/wide_bits.h"

NURI_KERNEL_BEGIN

namespace elementary {

// A number as a sum head + tail, |tail| at most about half a unit in the last place of head.
template <class R> struct Pair { R head, tail; };

// a + b exactly, for |a| >= |b| or a a multiple of b's last place (Dekker).
template <class R> NURI_VALUE Pair<R> sum(R a, R b) {
  R head = a + b;
  return {head, b - (head - a)};
}
// a * b exactly.
template <class R> NURI_VALUE Pair<R> product(R a, R b) {
  R head = a * b;
  return {head, -sub_mul(head, a, b)};
}

// Adding and taking away `magic` rounds to the nearest whole number (ties to even), which is left in its low bits.
template <class T> inline constexpr T magic = T(sizeof(T) == 4 ? 0x1.8p23 : 0x1.8p52);
template <class T> inline constexpr T infinity = T(__builtin_huge_val());
template <class T> inline constexpr T not_a_number = T(__builtin_nan(""));

// Chooses the constant of the precision.
template <class T> NURI_VALUE constexpr T pick(float f, double d) { return sizeof(T) == 4 ? T(f) : T(d); }

// c0 x^(n-1) + ... + c(n-1), highest power first.
template <class T, class R> NURI_VALUE R horner(R, T c) { return R(c); }
template <class T, class R> NURI_VALUE R horner_next(R, R sum) { return sum; }
template <class T, class R, class... C> NURI_VALUE R horner_next(R x, R sum, T c, C... rest) {
  return horner_next<T>(x, mul_add(sum, x, R(c)), rest...);
}
template <class T, class R, class... C> NURI_VALUE R horner(R x, T c, C... rest) { return horner_next<T>(x, R(c), rest...); }

// (sin r - r) / r^3 of z = r^2, |r| <= 0.79. Error of sin: 2^-27.8, 2^-57.9
template <class T, class R> NURI_VALUE R sin_polynomial(R z) {
  if constexpr (sizeof(T) == 4) return horner<T>(z, -0.000195078726f, 0.00833210628f, -0.166666538f);
  else return horner<T>(z, 1.589544309508257e-10, -2.505073457106057e-08, 2.755731353956458e-06, -0.0001984126982936074,
                        0.008333333333321842, -0.1666666666666663);
}
// (cos r - 1 + r^2/2) / r^4. Error of cos: 2^-32.2, 2^-63.1
template <class T, class R> NURI_VALUE R cos_polynomial(R z) {
  if constexpr (sizeof(T) == 4) return horner<T>(z, 2.44601451e-5f, -0.00138876017f, 0.041666653f);
  else return horner<T>(z, -1.1365251180111477e-11, 2.0875842974851712e-09, -2.755731533945895e-07, 2.4801587293380786e-05,
                        -0.0013888888888881421, 0.04166666666666665);
}
// (atan t - t) / t^3 of z = t^2, |t| <= 1/2. Error of atan: 2^-27.8, 2^-57.4
template <class T, class R> NURI_VALUE R atan_polynomial(R z) {
  if constexpr (sizeof(T) == 4) return horner<T>(z, 0.0387232527f, -0.0798406526f, 0.109409839f, -0.142720789f, 0.199994892f, -0.333333284f);
  else return horner<T>(z, 0.010117113100591857, -0.027435355949715592, 0.04186531634867457, -0.051220163875796025, 0.05858301534030951,
                        -0.06663811046077192, 0.07692073959649395, -0.09090896248144968, 0.11111110659792148, -0.14285714276390013,
                        0.19999999999903165, -0.3333333333333298);
}
// (asin s - s) / s^3 of z = s^2, |s| <= 1/2. Error of asin: 2^-27.6, 2^-55.7
template <class T, class R> NURI_VALUE R asin_polynomial(R z) {
  if constexpr (sizeof(T) == 4) return horner<T>(z, 0.0421585254f, 0.0241846237f, 0.0454691723f, 0.0749530941f, 0.166667521f);
  else return horner<T>(z, 0.03191224349303027, -0.016224209090696984, 0.019528233756691892, 0.0065279881934365664, 0.0121692082640585,
                        0.01388523605990515, 0.01735970469092575, 0.022371758056528517, 0.030381959136624778, 0.04464285682834044,
                        0.0750000000033699, 0.16666666666665408);
}
// (exp r - 1 - r) / r^2, |r| <= ln(2)/2. Error of exp: 2^-28.2, 2^-60.2
template <class T, class R> NURI_VALUE R exp_polynomial(R r) {
  if constexpr (sizeof(T) == 4) return horner<T>(r, 0.00138390565f, 0.0083692167f, 0.0416681021f, 0.166665167f, 0.49999994f);
  else return horner<T>(r, 2.0827646135322647e-09, 2.511209035032762e-08, 2.7557578905924737e-07, 2.755723471147988e-06,
                        2.4801586929644848e-05, 0.00019841269896530967, 0.0013888888889114332, 0.008333333333316977,
                        0.041666666666666095, 0.16666666666666682, 0.5);
}
// (log((1+s)/(1-s)) - 2s - 2/3 s^3) / s^5 of z = s^2, |s| <= 0.1716. Error of log: 2^-36.1, 2^-72.9
template <class T, class R> NURI_VALUE R log_polynomial(R z) {
  if constexpr (sizeof(T) == 4) return horner<T>(z, 0.233070046f, 0.285524875f, 0.4000009f);
  else return horner<T>(z, 0.11924572838850162, 0.11683277160403792, 0.13335857684966324, 0.1538457020405517, 0.18181818649152323,
                        0.22222222219613805, 0.2857142857143502, 0.39999999999999997);
}

// log x as a pair, for finite x > 0. With x = 2^e m, f = m - 1 and s = f / (2 + f):
//   log x = e ln 2 + s (2 + s^2 (2/3 + s^2 P(s^2)))
// s, s^2 and the bracket are pairs, or pow would lose the bits that its exponent multiplies.
template <class T, int W, Kind K> NURI_VALUE Pair<Wide<T, W, K>> log_pair(Wide<T, W, K> x) {
  using R = Wide<T, W, K>;
  const R ln2_head(pick<T>(0.693145751953125f, 0.6931471805601177));            // 15 and 41 bits: e times it is exact
  const R ln2_tail(pick<T>(1.428606765330187e-06f, -1.7239444525614835e-13));
  R e;
  R f = split(x, e) - R(T(1));
  Pair<R> d = sum(R(T(2)), f);
  R inverse = R(T(1)) / d.head;
  R s = f * inverse;
  R s_tail = sub_mul(sub_mul(f, s, d.head), s, d.tail) * inverse;
  Pair<R> z = product(s, s);
  z.tail = mul_add(s + s, s_tail, z.tail);
  Pair<R> q = sum(R(pick<T>(0.6666666865348816f, 0.6666666666666666)),
                  mul_add(z.head, log_polynomial<T>(z.head), R(pick<T>(-1.9868215517249155e-08f, 3.700743415417188e-17))));
  Pair<R> t = product(z.head, q.head);
  t.tail = t.tail + mul_add(z.head, q.tail, z.tail * q.head);
  Pair<R> u = sum(R(T(2)), t.head);
  u.tail = u.tail + t.tail;
  Pair<R> p = product(s, u.head);
  p.tail = p.tail + mul_add(s, u.tail, s_tail * u.head);
  Pair<R> r = sum(e * ln2_head, p.head);
  r.tail = r.tail + mul_add(e, ln2_tail, p.tail);
  return sum(r.head, r.tail);
}

// exp(head + tail). With n the whole number nearest to x / ln 2 and r the rest: exp x = 2^n (1 + (r + r^2 P(r))).
// 2^n is applied in two factors, so that a denormal result is rounded once and an overflow is infinite.
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> exp_pair(Pair<Wide<T, W, K>> x) {
  using R = Wide<T, W, K>;
  const R highest(pick<T>(90.0f, 711.0)), lowest(pick<T>(-105.0f, -748.0));    // beyond: infinite, zero
  R head = min(highest, max(lowest, x.head));                                  // NaN passes
  R tail = where(magnitude(x.head) < R(pick<T>(105.0f, 748.0)), x.tail, R(T(0)));
  R n = mul_add(head, R(T(1.4426950408889634)), R(magic<T>)) - R(magic<T>);
  R r = sub_mul(head, n, R(pick<T>(0.693145751953125f, 0.6931471805601177)));
  R rest = sub_mul(tail, n, R(pick<T>(1.428606765330187e-06f, -1.7239444525614835e-13)));
  Pair<R> a = sum(r, rest);
  R small = mul_add(a.head * a.head, exp_polynomial<T>(a.head), mul_add(a.head, a.tail, a.tail));
  R y = R(T(1)) + (a.head + small);
  R half = mul_add(n, R(T(0.5)), R(magic<T>)) - R(magic<T>);
  return y * power_of_two(half) * power_of_two(n - half);
}

}  // namespace elementary

// The nearest whole number, ties to even.
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> round_nearest(Wide<T, W, K> x) {
  using R = Wide<T, W, K>;
  const R whole(T(sizeof(T) == 4 ? 0x1p23 : 0x1p52));      // from here on every number is whole
  R shift = bits::either(whole, sign_bit(x));
  return where(magnitude(x) < whole, (x + shift) - shift, x);
}

// The largest whole number that is not above x.
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> floor(Wide<T, W, K> x) {
  using R = Wide<T, W, K>;
  R n = round_nearest(x);
  return where(x < n, n - R(T(1)), n);
}

// The smallest whole number that is not below x.
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> ceil(Wide<T, W, K> x) {
  using R = Wide<T, W, K>;
  R n = round_nearest(x);
  return where(n < x, n + R(T(1)), n);
}

// Sine and cosine of x, in radians. x = n pi/2 + r with pi/2 = c1 + c2 + c3: x - n c1 is exact (one fma), n c2 is a pair, n c3 a
// number; so r is good to its last place next to every multiple of pi/2. Past 2^21 (float: neighbours a quarter of a radian
// apart) or 2^30 (double) an angle is taken as 0, so that (cos, sin) remains a unit vector; an infinite one gives NaN.
template <class T, int W, Kind K>
NURI_VALUE void sin_cos(Wide<T, W, K> x, Wide<T, W, K>& out_sin, Wide<T, W, K>& out_cos) {
  using namespace elementary;
  using R = Wide<T, W, K>;
  constexpr int top = Format<T>::bits - 1;
  x = where(magnitude(x) < R(pick<T>(0x1p21f, 0x1p30)), x, x - x);
  R turns = mul_add(x, R(T(0.63661977236758134308)), R(magic<T>));
  R n = turns - R(magic<T>);

  // the rest, as r + r_tail
  const R c2(pick<T>(-4.371138828673793e-08f, 6.123233995736766e-17));
  R a = sub_mul(x, n, R(pick<T>(1.5707963705062866f, 1.5707963267948966)));
  R b = n * c2;
  R r = a - b;
  R r_tail = sub_mul(((a - r) - b) + sub_mul(b, n, c2), n, R(pick<T>(-1.7151245100058819e-15f, -1.4973848049591698e-33)));

  // sin(r + t) = r + (r^3 S + t (1 - r^2/2)),  cos(r + t) = 1 - r^2/2 + (r^4 C - r t)
  R z = r * r, half = z * R(T(0.5)), one(T(1));
  R s = r + mul_add(r * z, sin_polynomial<T>(z), sub_mul(r_tail, half, r_tail));
  R w = one - half;
  R c = w + mul_add(z * z, cos_polynomial<T>(z), sub_mul((one - w) - half, r, r_tail));

  // quadrant n mod 4: bit 0 exchanges them, bit 1 turns the signs
  R bit0 = bits::shift_left<top>(turns), bit1 = bits::shift_left<top - 1>(turns);
  auto odd = negative(bit0);
  out_sin = flip_sign(where(odd, c, s), bit1);
  out_cos = flip_sign(where(odd, s, c), bits::differ(bit0, bit1));
}
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> sin(Wide<T, W, K> x) {
  Wide<T, W, K> s, c;
  sin_cos(x, s, c);
  return s;
}
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> cos(Wide<T, W, K> x) {
  Wide<T, W, K> s, c;
  sin_cos(x, s, c);
  return c;
}

// The angle of (x, y), in [-pi, pi]; 0 for the zero vector. With t = smaller / larger magnitude, past 1/2:
// atan t = pi/4 + atan((t - 1) / (t + 1)), whose numerator is exact there.
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> atan2(Wide<T, W, K> y, Wide<T, W, K> x) {
  using namespace elementary;
  using R = Wide<T, W, K>;
  const R zero(T(0)), one(T(1)), infinite(infinity<T>);
  R ay = magnitude(y), ax = magnitude(x);
  auto steep = ax < ay;
  R large = where(steep, ay, ax), small = where(steep, ax, ay);

  // infinite: (inf, inf) is (1, 1), (inf, finite) is (1, 0). Huge: their sum must not overflow
  auto unbounded = large >= infinite;
  small = where(unbounded, where(small >= infinite, one, where(small < infinite, zero, small)), small);
  large = where(unbounded, one, large);
  R scale = where(large > R(pick<T>(0x1p125f, 0x1p1021)), R(T(0.25)), one);
  large = large * scale;
  small = small * scale;

  auto wide = small > large * R(T(0.5));
  R below = where(wide, small + large, large);
  R t = where(wide, small - large, small) / where(below <= zero, one, below);
  R z = t * t;

  // the parts of the angle, largest first: a multiple of pi/4 as head and tail, then +-t and its cubic rest
  const R quarter(pick<T>(0.7853981852531433f, 0.7853981633974483)), quarter_tail(pick<T>(-2.1855694143368964e-08f, 3.061616997868383e-17));
  R turn = where(wide, one, zero);
  auto left = negative(x);
  R direction = where(steep, R(T(-1)), one);
  turn = where(steep, R(T(2)) - turn, turn);
  turn = where(left, R(T(4)) - turn, turn);
  direction = where(left, zero - direction, direction);
  R rest = (t * z) * atan_polynomial<T>(z);
  Pair<R> base = product(turn, quarter);
  Pair<R> head = sum(base.head, t * direction);
  R angle = head.head + mul_add(rest, direction, mul_add(turn, quarter_tail, head.tail + base.tail));
  return flip_sign(where(large <= zero, small, angle), y);       // small is 0 here, or NaN
}

namespace elementary {

// Past 1/2 an arc is found from its half: acos x = 2 asin sqrt((1 - x) / 2). With s = |x| or that root:
// result = turn pi/2 + factor asin(s). |x| > 1 makes the root NaN.
template <class T, class R> NURI_VALUE R arc(R x, R turn_inner, R factor_inner, R turn_outer, R factor_outer) {
  R a = magnitude(x);
  auto outer = a > R(T(0.5));
  R z = where(outer, sub_mul(R(T(0.5)), a, R(T(0.5))), a * a);
  R s = where(outer, sqrt(z), a);
  R turn = where(outer, turn_outer, turn_inner), factor = where(outer, factor_outer, factor_inner);
  R rest = (s * z) * asin_polynomial<T>(z);
  Pair<R> head = sum(turn * R(pick<T>(1.5707963705062866f, 1.5707963267948966)), s * factor);
  return head.head + mul_add(rest, factor, mul_add(turn, R(pick<T>(-4.371138828673793e-08f, 6.123233995736766e-17)), head.tail));
}

}  // namespace elementary

// Arc sine, in [-pi/2, pi/2]; NaN outside of [-1, 1].
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> asin(Wide<T, W, K> x) {
  using R = Wide<T, W, K>;
  return flip_sign(elementary::arc<T>(x, R(T(0)), R(T(1)), R(T(1)), R(T(-2))), x);
}

// Arc cosine, in [0, pi]; NaN outside of [-1, 1].
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> acos(Wide<T, W, K> x) {
  using R = Wide<T, W, K>;
  auto left = x < R(T(0));
  return elementary::arc<T>(x, R(T(1)), where(left, R(T(1)), R(T(-1))), where(left, R(T(2)), R(T(0))), where(left, R(T(-2)), R(T(2))));
}

// e^x: infinite past the largest number, denormal and then 0 below the smallest.
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> exp(Wide<T, W, K> x) {
  using R = Wide<T, W, K>;
  return elementary::exp_pair(elementary::Pair<R>{x, R(T(0))});
}

namespace elementary {

// The values of a logarithm that log_pair does not know: log 0 = -inf, log inf = inf, log of a negative number or NaN = NaN.
template <class T, class R> NURI_VALUE R log_limits(R x, R log_x) {
  log_x = where(x < R(infinity<T>), log_x, x);
  return where(x <= R(T(0)), where(x < R(T(0)), R(not_a_number<T>), R(-infinity<T>)), log_x);
}

}  // namespace elementary

// Natural logarithm.
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> log(Wide<T, W, K> x) {
  return elementary::log_limits<T>(x, elementary::log_pair(x).head);
}

// x^y for x >= 0. x^0 = 1, 0^y = 0 or inf by the sign of y, a negative base gives NaN even for a whole y (write the products).
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> pow(Wide<T, W, K> x, Wide<T, W, K> y) {
  using namespace elementary;
  using R = Wide<T, W, K>;
  const R largest(Format<T>::largest), one(T(1)), zero(T(0));
  Pair<R> l = log_pair(x);
  R exponent = min(largest, max(R(-Format<T>::largest), y));       // 1^inf = 1; NaN passes
  Pair<R> t = product(exponent, log_limits<T>(x, l.head));
  t.tail = mul_add(exponent, l.tail, t.tail);
  R r = where((y <= zero) & (y >= zero), one, exp_pair(t));
  return where(x <= R(infinity<T>), r, x);
}

// Cube root, of negative numbers too. A polynomial good to 2^-9, Halley steps (three times the digits each), and one step
// of Newton with the residual m - y^3 in pairs.
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> cbrt(Wide<T, W, K> x) {
  using namespace elementary;
  using R = Wide<T, W, K>;
  R a = magnitude(x), e;
  R m = split(a, e);
  R third = mul_add(e, R(T(1.0 / 3.0)), R(magic<T>)) - R(magic<T>);
  m = m * power_of_two(sub_mul(e, third, R(T(3))));                 // in [2^-1.5, 2^1.5)
  R y = horner<T>(m, T(-0.0195776685), T(0.153504469), T(-0.474296963), T(0.898757605), T(0.443454165));
  NURI_UNROLL for (unsigned i = 0; i < sizeof(T) / 4; ++i) {
    R cube = y * y * y;
    y = y * (cube + (m + m)) / ((cube + cube) + m);
  }
  Pair<R> square = product(y, y);
  R residual = sub_mul(sub_mul(m, square.head, y), square.tail, y);
  y = y + residual / (R(T(3)) * square.head);
  y = flip_sign(y * power_of_two(third), x);
  return where((a > R(T(0))) & (a < R(infinity<T>)), y, x);
}

NURI_KERNEL_END
