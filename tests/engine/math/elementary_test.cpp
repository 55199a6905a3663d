// Elementary functions against higher precision: float against the library's double, double against its long double (64 bits of
// fraction on x86-64, 113 on AArch64). An error is measured in units in the last place of the exact result; each bound stands
// beside the largest error that was measured over these inputs. NURI_TOLERANCE_SCALE=0 prints them all.
#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>
#include "engine/core/hash.h"
#include "engine/core/random.h"
#include "engine/math/elementary.h"

namespace {
using namespace nuri;

template <class T> using Exact = std::conditional_t<sizeof(T) == 4, double, long double>;
template <class T> constexpr int fast_width = sizeof(T) == 4 ? 8 : 4;
template <class T> constexpr T infinite = std::numeric_limits<T>::infinity();
template <class T> constexpr T nan_of = std::numeric_limits<T>::quiet_NaN();

double tolerance_scale() {
  const char* text = std::getenv("NURI_TOLERANCE_SCALE");
  return text ? std::atof(text) : 1.0;
}

// The functions under test, with a second argument that most do not use.
#define NURI_UNARY(name)                                                                        \
  struct name##_function {                                                                      \
    static constexpr const char* text = #name;                                                  \
    template <class R> static R ours(R x, R) { return nuri::name(x); }                          \
    template <class E> static E exact(E x, E) { return std::name(x); }                          \
  };
NURI_UNARY(sin)
NURI_UNARY(cos)
NURI_UNARY(asin)
NURI_UNARY(acos)
NURI_UNARY(exp)
NURI_UNARY(log)
NURI_UNARY(cbrt)
NURI_UNARY(floor)
NURI_UNARY(ceil)
#undef NURI_UNARY
struct round_function {
  static constexpr const char* text = "round_nearest";
  template <class R> static R ours(R x, R) { return nuri::round_nearest(x); }
  template <class E> static E exact(E x, E) { return std::nearbyint(x); }
};
struct atan2_function {
  static constexpr const char* text = "atan2";
  template <class R> static R ours(R y, R x) { return nuri::atan2(y, x); }
  template <class E> static E exact(E y, E x) { return std::atan2(y, x); }
};
struct pow_function {
  static constexpr const char* text = "pow";
  template <class R> static R ours(R x, R y) { return nuri::pow(x, y); }
  template <class E> static E exact(E x, E y) { return std::pow(x, y); }
};

template <class T> struct Inputs { std::vector<T> x, y; };

// A source of test inputs; its own counter, so that a run is repeatable.
struct Draws {
  uint64_t step = 0;
  uint64_t bits() { return random_bits(2024, 1, 7, step++, 0); }
  template <class T> T between(T low, T high) { return T(low + (high - low) * unit_interval(bits())); }
  // magnitude 2^low .. 2^high, evenly over the exponents
  template <class T> T spread(int low, int high) {
    uint64_t fraction = bits(), exponent = bits(), sign = bits();       // in this order in every compiler
    T m = std::ldexp(T(1) + T(unit_interval(fraction)) * T(0.9999999), low + int(exponent % uint64_t(high - low)));
    return sign & 1 ? -m : m;
  }
};

// Error of `ours` in units in the last place of `exact`; a value of another class (NaN, infinity) is an error without bound.
template <class T> double error(T ours, Exact<T> exact) {
  T rounded = T(exact);
  if (std::isnan(rounded) || std::isnan(ours)) return std::isnan(rounded) && std::isnan(ours) ? 0 : HUGE_VAL;
  if (std::isinf(rounded) || std::isinf(ours)) {
    if (rounded == ours) return 0;
    // next to the overflow limit either neighbour is one unit away
    return std::abs(exact) > Exact<T>(std::numeric_limits<T>::max()) * (1 - Exact<T>(std::numeric_limits<T>::epsilon())) &&
                   std::abs(ours) >= std::numeric_limits<T>::max() && std::signbit(ours) == std::signbit(rounded) ? 1 : HUGE_VAL;
  }
  int exponent = exact == 0 ? -10000 : std::ilogb(exact);
  exponent = std::max(exponent, std::numeric_limits<T>::min_exponent - 1);
  return double(std::abs(Exact<T>(ours) - exact) / std::ldexp(Exact<T>(1), exponent - std::numeric_limits<T>::digits + 1));
}

template <class F, class T> void within(const Inputs<T>& in, double bound) {
  constexpr int W = fast_width<T>;
  using R = Wide<T, W>;
  double worst = 0;
  T worst_x = 0, worst_y = 0;
  size_t count = in.x.size() / W * W;
  for (size_t i = 0; i < count; i += W) {
    R x(T(0)), y(T(0));
    for (int w = 0; w < W; ++w) {
      x.set(w, in.x[i + w]);
      y.set(w, in.y.empty() ? T(0) : in.y[i + w]);
    }
    R r = F::ours(x, y);
    for (int w = 0; w < W; ++w) {
      double e = error<T>(r[w], F::exact(Exact<T>(x[w]), Exact<T>(y[w])));
      if (!(e <= worst)) worst = e, worst_x = x[w], worst_y = y[w];
    }
  }
  char message[200];
  std::snprintf(message, sizeof message, "%s %s: largest error %.4f units at %.17g, %.17g of %zu", F::text,
                sizeof(T) == 4 ? "float" : "double", worst, double(worst_x), double(worst_y), count);
  INFO(message);
  if (tolerance_scale() == 0) MESSAGE(message);
  CHECK(worst <= bound * tolerance_scale());
}

constexpr int dense = 400000;       // inputs of each grid and each random set

template <class T> Inputs<T> angles() {
  Inputs<T> in;
  Draws draws;
  for (int i = 0; i < dense; ++i) {
    in.x.push_back(T(-10.0 + 20.0 * i / dense));
    in.x.push_back(draws.between<T>(-100000, 100000));
    in.x.push_back(draws.spread<T>(-30, 16));
  }
  for (int k = -63661; k <= 63661; ++k) {       // around every multiple of pi/2 up to 1e5
    T x = T(k * 1.570796326794896619231321691639751442L);
    in.x.insert(in.x.end(), {std::nextafter(x, -infinite<T>), x, std::nextafter(x, infinite<T>)});
  }
  return in;
}

template <class T> Inputs<T> unit_range() {
  Inputs<T> in;
  Draws draws;
  for (int i = 0; i <= dense; ++i) {
    in.x.push_back(T(-1.0 + 2.0 * i / dense));
    in.x.push_back(draws.spread<T>(-40, 0));
    in.x.push_back(T(1) - std::abs(draws.spread<T>(-std::numeric_limits<T>::digits, 0)));
    in.x.push_back(-in.x.back());
  }
  return in;
}

template <class T> Inputs<T> exponents(T low, T high) {
  Inputs<T> in;
  Draws draws;
  for (int i = 0; i < dense; ++i) {
    in.x.push_back(low + (high - low) * T(i) / T(dense));
    in.x.push_back(draws.between<T>(low, high));
    in.x.push_back(draws.spread<T>(-60, 6));
  }
  return in;
}

// All positive magnitudes, denormal ones included, and a dense neighbourhood of 1.
template <class T> Inputs<T> magnitudes() {
  Inputs<T> in;
  Draws draws;
  using L = std::numeric_limits<T>;
  for (int i = 0; i < dense; ++i) {
    in.x.push_back(std::abs(draws.spread<T>(L::min_exponent - L::digits + 1, L::max_exponent)));
    in.x.push_back(draws.between<T>(T(0.5), T(2)));
    in.x.push_back(T(1) + draws.spread<T>(-L::digits + 1, -2));
  }
  return in;
}

template <class T> Inputs<T> planes() {
  Inputs<T> in;
  Draws draws;
  using L = std::numeric_limits<T>;
  for (int i = 0; i < dense; ++i) {
    auto add = [&](T y, T x) { in.x.push_back(y), in.y.push_back(x); };
    add(draws.between<T>(-1, 1), draws.between<T>(-1, 1));
    add(draws.spread<T>(-20, 20), draws.spread<T>(-20, 20));
    add(draws.spread<T>(L::min_exponent + 30, L::max_exponent), draws.spread<T>(L::min_exponent + 30, L::max_exponent));
    T x = draws.spread<T>(-3, 3);
    add(x * (T(1) + draws.spread<T>(-20, -3)), x);                                   // next to the diagonals
    add(x * (T(0.5) + draws.spread<T>(-20, -5)), x);                          // next to the change of formula
  }
  return in;
}

// Base and exponent with results over the whole range, and bases next to 1 with large exponents.
template <class T> Inputs<T> powers() {
  Inputs<T> in;
  Draws draws;
  using L = std::numeric_limits<T>;
  T range = T(L::max_exponent * 0.7);
  for (int i = 0; i < dense; ++i) {
    T x = std::abs(draws.spread<T>(L::min_exponent, L::max_exponent));
    T y = draws.between<T>(-range, range) / std::log(x);
    if (i % 3 == 1) x = T(1) + draws.spread<T>(-L::digits / 2, -1), y = draws.between<T>(-range, range) / std::log(x);
    if (i % 3 == 2) x = draws.between<T>(0, 10), y = draws.between<T>(-5, 5);
    in.x.push_back(x), in.y.push_back(y);
  }
  return in;
}

template <class T> Inputs<T> numbers() {
  Inputs<T> in;
  Draws draws;
  for (int i = 0; i < dense; ++i) {
    in.x.push_back(T(i - dense / 2) / T(4));
    in.x.push_back(draws.spread<T>(-10, std::numeric_limits<T>::digits + 3));
  }
  return in;
}

template <class T> constexpr bool is_float = sizeof(T) == 4;
}  // namespace

// Bounds in units in the last place; beside each the measured worst, float, double.
TEST_CASE_TEMPLATE("elementary: accuracy of sin and cos", T, float, double) {
  auto in = angles<T>();
  within<sin_function>(in, 0.9);       // measured 0.767, 0.764
  within<cos_function>(in, 0.9);       // measured 0.751, 0.759
}
TEST_CASE_TEMPLATE("elementary: accuracy of asin and acos", T, float, double) {
  auto in = unit_range<T>();
  within<asin_function>(in, 1.4);      // measured 1.133, 1.182
  within<acos_function>(in, 1.4);      // measured 1.123, 1.178
}
TEST_CASE_TEMPLATE("elementary: accuracy of atan2", T, float, double) {
  within<atan2_function>(planes<T>(), 1.9);       // measured 1.535, 1.560
}
TEST_CASE_TEMPLATE("elementary: accuracy of exp", T, float, double) {
  within<exp_function>(is_float<T> ? exponents<T>(-105, 90) : exponents<T>(-746, 711), 0.9);       // measured 0.799, 0.775
}
TEST_CASE_TEMPLATE("elementary: accuracy of log and cbrt", T, float, double) {
  auto in = magnitudes<T>();
  within<log_function>(in, 0.51);      // measured 0.501, 0.501
  for (size_t i = 0; i < in.x.size(); i += 2) in.x[i] = -in.x[i];
  within<cbrt_function>(in, 0.51);     // measured 0.500, 0.500
}
TEST_CASE_TEMPLATE("elementary: accuracy of pow", T, float, double) {
  within<pow_function>(powers<T>(), 1.0);       // measured 0.801, 0.778
}
TEST_CASE_TEMPLATE("elementary: whole numbers are exact", T, float, double) {
  auto in = numbers<T>();
  within<floor_function>(in, 0);
  within<ceil_function>(in, 0);
  within<round_function>(in, 0);
}

namespace {
// f of one number.
template <class F, class T> T at(T x, T y = 0) { return F::template ours<Wide<T, 1>>(x, y).v; }
}  // namespace

TEST_CASE_TEMPLATE("elementary: zeros, infinities and NaN", T, float, double) {
  const T inf = infinite<T>, nan = nan_of<T>, most = std::numeric_limits<T>::max(), least = std::numeric_limits<T>::denorm_min();
  const T pi = T(3.14159265358979323846L);

  // NaN in, NaN out
  CHECK(std::isnan(at<sin_function>(nan)));
  CHECK(std::isnan(at<cos_function>(nan)));
  CHECK(std::isnan(at<asin_function>(nan)));
  CHECK(std::isnan(at<acos_function>(nan)));
  CHECK(std::isnan(at<exp_function>(nan)));
  CHECK(std::isnan(at<log_function>(nan)));
  CHECK(std::isnan(at<cbrt_function>(nan)));
  CHECK(std::isnan(at<floor_function>(nan)));
  CHECK(std::isnan(at<round_function>(nan)));
  for (T other : {T(0), T(1), T(-1), inf, -inf, nan}) {
    CHECK(std::isnan(at<atan2_function>(nan, other)));
    CHECK(std::isnan(at<atan2_function>(other, nan)));
    CHECK(std::isnan(at<pow_function>(nan, other)));
    CHECK(std::isnan(at<pow_function>(other, nan)));
  }

  // angles: a unit vector for every finite angle, as the header says
  CHECK(at<sin_function>(T(0)) == 0);
  CHECK(at<sin_function>(T(-0.0)) == 0);
  CHECK(at<cos_function>(T(-0.0)) == 1);
  CHECK(at<sin_function>(least) == least);
  CHECK(std::isnan(at<sin_function>(inf)));
  CHECK(std::isnan(at<cos_function>(-inf)));
  for (T huge : {T(2097152), T(1073741824), T(1e20), most, -most}) {
    T s = at<sin_function>(huge), c = at<cos_function>(huge);
    CHECK(std::abs(s * s + c * c - 1) < 4 * std::numeric_limits<T>::epsilon());
  }
  CHECK(at<sin_function>(most) == 0);
  CHECK(at<cos_function>(most) == 1);

  // atan2: the four quadrants, the axes, zero and infinite vectors
  CHECK(at<atan2_function>(T(0), T(0)) == 0);
  CHECK(at<atan2_function>(T(0), T(-0.0)) == 0);
  CHECK(at<atan2_function>(T(0), T(-1)) == pi);
  CHECK(at<atan2_function>(T(-0.0), T(-1)) == -pi);
  CHECK(at<atan2_function>(T(0), T(1)) == 0);
  CHECK(at<atan2_function>(T(2), T(0)) == pi / 2);
  CHECK(at<atan2_function>(T(-2), T(0)) == -pi / 2);
  CHECK(at<atan2_function>(T(-2), T(-0.0)) == -pi / 2);
  for (T size : {least, T(1), most, inf}) {
    CHECK(at<atan2_function>(size, size) == pi / 4);
    CHECK(at<atan2_function>(-size, size) == -pi / 4);
    CHECK(at<atan2_function>(size, -size) == T(3 * 3.14159265358979323846L / 4));
    CHECK(at<atan2_function>(-size, -size) == -T(3 * 3.14159265358979323846L / 4));
  }
  CHECK(at<atan2_function>(T(1), inf) == 0);
  CHECK(at<atan2_function>(T(1), -inf) == pi);
  CHECK(at<atan2_function>(inf, T(-1)) == pi / 2);
  CHECK(at<atan2_function>(most, most * T(0.6)) == at<atan2_function>(T(1), T(0.6)));       // the sum of both overflows

  // asin, acos: the ends, and NaN beyond them
  CHECK(at<asin_function>(T(1)) == pi / 2);
  CHECK(at<asin_function>(T(-1)) == -pi / 2);
  CHECK(at<acos_function>(T(1)) == 0);
  CHECK(at<acos_function>(T(-1)) == pi);
  CHECK(at<acos_function>(T(0)) == pi / 2);
  for (T outside : {std::nextafter(T(1), T(2)), std::nextafter(T(-1), T(-2)), T(2), inf, -inf}) {
    CHECK(std::isnan(at<asin_function>(outside)));
    CHECK(std::isnan(at<acos_function>(outside)));
  }

  // exp, log
  CHECK(at<exp_function>(T(0)) == 1);
  CHECK(at<exp_function>(T(-0.0)) == 1);
  CHECK(at<exp_function>(inf) == inf);
  CHECK(at<exp_function>(most) == inf);
  CHECK(at<exp_function>(-inf) == 0);
  CHECK(at<exp_function>(-most) == 0);
  CHECK(at<exp_function>(std::log(least)) == least);
  CHECK(at<log_function>(T(1)) == 0);
  CHECK(at<log_function>(T(0)) == -inf);
  CHECK(at<log_function>(T(-0.0)) == -inf);
  CHECK(at<log_function>(inf) == inf);
  CHECK(std::isnan(at<log_function>(T(-1))));
  CHECK(std::isnan(at<log_function>(-least)));
  CHECK(std::isnan(at<log_function>(-inf)));

  // pow
  for (T x : {T(0), least, T(0.5), T(1), T(3), most, inf}) CHECK(at<pow_function>(x, T(0)) == 1);
  for (T y : {T(-2), T(0.5), most, inf, -inf}) CHECK(at<pow_function>(T(1), y) == 1);
  CHECK(at<pow_function>(T(0), T(2)) == 0);
  CHECK(at<pow_function>(T(0), T(-2)) == inf);
  CHECK(at<pow_function>(inf, T(2)) == inf);
  CHECK(at<pow_function>(inf, T(-2)) == 0);
  CHECK(at<pow_function>(T(2), inf) == inf);
  CHECK(at<pow_function>(T(2), -inf) == 0);
  CHECK(at<pow_function>(T(0.5), inf) == 0);
  CHECK(at<pow_function>(T(10), most) == inf);
  CHECK(at<pow_function>(T(3), T(2)) == 9);
  CHECK(std::isnan(at<pow_function>(T(-2), T(2))));

  // cbrt, whole numbers
  for (T x : {T(0), inf, -inf}) CHECK(at<cbrt_function>(x) == x);
  CHECK(at<cbrt_function>(T(-27)) == -3);
  for (T x : {T(0), most, -most, inf, -inf}) {
    CHECK(at<floor_function>(x) == x);
    CHECK(at<ceil_function>(x) == x);
    CHECK(at<round_function>(x) == x);
  }
  CHECK(at<round_function>(T(2.5)) == 2);
  CHECK(at<round_function>(T(-3.5)) == -4);
  CHECK(at<floor_function>(T(-0.25)) == -1);
  CHECK(at<floor_function>(-least) == -1);
  CHECK(at<ceil_function>(least) == 1);
}

namespace {
// Every function of x and y, and the pieces of wide_bits.h, one after the other.
template <class T, int W> std::vector<T> all_functions(const std::vector<T>& x, const std::vector<T>& y) {
  using R = Wide<T, W>;
  constexpr int functions = 15;
  std::vector<T> out(functions * x.size());
  for (size_t i = 0; i < x.size(); i += W) {
    R a(T(0)), b(T(0)), sine, cosine, exponent;
    for (int w = 0; w < W; ++w) a.set(w, x[i + w]), b.set(w, y[i + w]);
    sin_cos(a, sine, cosine);
    R fraction = split(a, exponent);
    R results[functions] = {sine, cosine, nuri::sin(a), nuri::cos(a), nuri::atan2(a, b), nuri::asin(a), nuri::acos(a), nuri::exp(a), nuri::log(a),
                            nuri::pow(a, b), nuri::cbrt(a), nuri::floor(a), round_nearest(a), fraction, exponent};
    for (int f = 0; f < functions; ++f)
      for (int w = 0; w < W; ++w) out[f * x.size() + i + w] = results[f][w];
  }
  for (T& v : out)
    if (v != v) v = nan_of<T>;       // the sign and payload of a NaN are the processor's
  return out;
}
template <class T, int... W> void same_bits(const std::vector<T>& x, const std::vector<T>& y) {
  auto one = all_functions<T, 1>(x, y);
  auto compare = [&](int width, const std::vector<T>& wide) {
    for (size_t i = 0; i < one.size(); ++i)
      if (std::memcmp(&one[i], &wide[i], sizeof(T)) != 0) {
        FAIL_CHECK("width " << width << ", function " << i / x.size() << ", x " << x[i % x.size()] << ", y " << y[i % x.size()] << ": "
                            << wide[i] << ", not " << one[i]);
        return;
      }
    CHECK(std::memcmp(one.data(), wide.data(), one.size() * sizeof(T)) == 0);
  };
  (compare(W, all_functions<T, W>(x, y)), ...);
}
}  // namespace

TEST_CASE_TEMPLATE("elementary: the same bits at every width", T, float, double) {
  using L = std::numeric_limits<T>;
  std::vector<T> x, y;
  const T special[] = {T(0), T(-0.0), T(1), T(-1), T(0.5), T(2), L::min(), L::denorm_min(), -L::denorm_min(),
                       L::max(), -L::max(), infinite<T>, -infinite<T>, nan_of<T>};
  for (T a : special)
    for (T b : special) x.push_back(a), y.push_back(b);
  Draws draws;
  while (x.size() < 65536) {
    x.push_back(draws.spread<T>(L::min_exponent - 10, L::max_exponent)), y.push_back(draws.spread<T>(L::min_exponent - 10, L::max_exponent));
    x.push_back(draws.spread<T>(-4, 4)), y.push_back(draws.spread<T>(-4, 4));
    x.push_back(draws.between<T>(-1, 1)), y.push_back(draws.between<T>(-1, 1));
    x.push_back(draws.between<T>(-100000, 100000)), y.push_back(draws.between<T>(-1, 1));
  }
  if constexpr (is_float<T>) same_bits<T, 4, 8, 16, 32>(x, y);
  else same_bits<T, 2, 4, 8, 16>(x, y);
}

// The bits themselves: another compiler, instruction set or processor must find these numbers.
TEST_CASE_TEMPLATE("elementary: golden hash", T, float, double) {
  std::vector<T> x, y;
  Draws draws;
  while (x.size() < 16384) {
    x.push_back(draws.spread<T>(-4, 4)), y.push_back(draws.spread<T>(-4, 4));
    x.push_back(std::abs(draws.spread<T>(-60, 16))), y.push_back(draws.between<T>(-1, 1));
  }
  Hash hash;
  auto values = all_functions<T, 1>(x, y);
  hash.add(std::span<const T>(values));
  CHECK(hash.value() == (is_float<T> ? 0x2fc375d8e2b6eb5fu : 0xb0d0df4e662b3777u));
}
