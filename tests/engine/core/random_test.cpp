// Philox against the published vectors of Random123; the numbering of draws; the hash.
#include <doctest/doctest.h>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <vector>
#include "engine/core/hash.h"
#include "engine/core/random.h"
#include "engine/math/elementary_normal.h"

namespace {
using namespace nuri;

bool equal(Philox a, Philox b) { return std::memcmp(a.v, b.v, sizeof a.v) == 0; }

// Mean, variance, third and fourth moment of n numbers.
template <class F> std::array<double, 4> moments(int n, F f) {
  std::vector<double> x(n);
  double mean = 0;
  for (int i = 0; i < n; ++i) mean += (x[i] = f(uint32_t(i)));
  mean /= n;
  std::array<double, 4> m{mean, 0, 0, 0};
  for (double v : x) {
    double d = v - mean;
    m[1] += d * d / n, m[2] += d * d * d / n, m[3] += d * d * d * d / n;
  }
  return m;
}
template <class T> uint64_t hash_of(std::initializer_list<T> values) { return Hash().add(std::span<const T>(values.begin(), values.size())).value(); }
}  // namespace

TEST_CASE("random: Philox-4x32-10 gives the published vectors") {       // Random123, tests/kat_vectors, philox4x32 10
  CHECK(equal(philox({{0, 0, 0, 0}}, 0, 0), {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}));
  CHECK(equal(philox({{~0u, ~0u, ~0u, ~0u}}, ~0u, ~0u), {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}));
  CHECK(equal(philox({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0),
              {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}));
  static_assert(philox({{0, 0, 0, 0}}, 0, 0).v[0] == 0x6627e8d5);
}

TEST_CASE("random: every part of a draw's name matters, and only that") {
  const uint64_t step = 3, late = step + (uint64_t(1) << 32);
  std::set<uint64_t> seen;
  for (uint64_t bits : {random_bits(1, 2, 3, step, 4), random_bits(2, 2, 3, step, 4), random_bits(1, 3, 3, step, 4),
                        random_bits(1, 2, 4, step, 4), random_bits(1, 2, 3, step + 1, 4), random_bits(1, 2, 3, step, 5), random_bits(1, 2, 3, step, 6), random_bits(1, 2, 3, late, 4),
                        random_bits(1, 2 + (uint64_t(1) << 32), 3, step, 4), random_bits(1 + (uint64_t(1) << 32), 2, 3, step, 4)})
    seen.insert(bits);
  CHECK(seen.size() == 10);
  CHECK(random_bits(1, 2, 3, step, 4) == random_bits(1, 2, 3, step, 4));
  // the numbering of draws as the header states it
  Philox b = philox({{2, 3, 2, 0}}, uint32_t(1 ^ mix(3)), uint32_t((1 ^ mix(3)) >> 32));
  CHECK(random_bits(1, 2, 3, 3, 4) == (b.v[0] | uint64_t(b.v[1]) << 32));
  CHECK(random_bits(1, 2, 3, 3, 5) == (b.v[2] | uint64_t(b.v[3]) << 32));
}

TEST_CASE("random: uniform numbers are uniform and stay in [0, 1)") {
  static_assert(unit_interval(0) == 0.0);
  static_assert(unit_interval(~uint64_t(0)) == 1.0 - 0x1p-53);
  const int n = 200000;
  int bins[64] = {};
  auto m = moments(n, [&](uint32_t i) {
    double u = uniform(11, 5, 0, i / 16, i % 16);
    CHECK_MESSAGE((u >= 0 && u < 1), u);
    ++bins[int(u * 64)];
    return u;
  });
  // five standard deviations of the estimates: sqrt(1/12 / n), sqrt(1/180 / n)
  CHECK(std::abs(m[0] - 0.5) < 5 * std::sqrt(1.0 / 12 / n));
  CHECK(std::abs(m[1] - 1.0 / 12) < 5 * std::sqrt(1.0 / 180 / n));
  double chi = 0;
  for (int count : bins) chi += (count - n / 64.0) * (count - n / 64.0) / (n / 64.0);
  CHECK(chi < 63 + 5 * std::sqrt(2.0 * 63));
  CHECK(chi > 63 - 5 * std::sqrt(2.0 * 63));
  int sixes[6] = {};
  for (int i = 0; i < 60000; ++i) ++sixes[uniform_integer(1, i, 2, 3, 4, 6)];
  for (int count : sixes) CHECK(std::abs(count - 10000) < 5 * std::sqrt(10000 * 5.0 / 6));
}

TEST_CASE("random: neighbouring environments, steps and streams are uncorrelated") {
  const int n = 100000;
  double environment = 0, step = 0, stream = 0, draw = 0;
  for (int i = 0; i < n; ++i) {
    double u = uniform(7, i, 0, 0, 0) - 0.5;
    environment += 12 * u * (uniform(7, i + 1, 0, 0, 0) - 0.5) / n;
    step += 12 * u * (uniform(7, i, 0, 1, 0) - 0.5) / n;
    stream += 12 * u * (uniform(7, i, 1, 0, 0) - 0.5) / n;
    draw += 12 * u * (uniform(7, i, 0, 0, 1) - 0.5) / n;
  }
  const double bound = 5 / std::sqrt(double(n));       // five standard deviations
  CHECK(std::abs(environment) < bound);
  CHECK(std::abs(step) < bound);
  CHECK(std::abs(stream) < bound);
  CHECK(std::abs(draw) < bound);
}

TEST_CASE("random: normal numbers have the normal moments and tails") {
  const int n = 400000;
  int beyond_two = 0, beyond_four = 0;
  auto m = moments(n, [&](uint32_t i) {
    double x = normal(3, 1, 2, i / 8, i % 8);
    beyond_two += std::abs(x) > 2, beyond_four += std::abs(x) > 4;
    return x;
  });
  CHECK(std::abs(m[0]) < 5 * std::sqrt(1.0 / n));
  CHECK(std::abs(m[1] - 1) < 5 * std::sqrt(2.0 / n));
  CHECK(std::abs(m[2]) < 5 * std::sqrt(15.0 / n));
  CHECK(std::abs(m[3] - 3) < 5 * std::sqrt(96.0 / n));
  CHECK(std::abs(beyond_two - 0.0455003 * n) < 5 * std::sqrt(0.0455 * n));
  CHECK(std::abs(beyond_four - 6.334e-5 * n) < 5 * std::sqrt(6.334e-5 * n));
  Hash golden;       // the same on every machine
  for (uint32_t i = 0; i < 4096; ++i) golden.add(normal(5, i, 1, i / 7, i % 5));
  CHECK(golden.value() == 0xf9e791ec8917dbe9u);
  // against the formula, by the library's functions
  for (uint32_t i = 0; i < 1000; ++i) {
    double r = std::sqrt(-2 * std::log(1 - uniform(9, i, 1, 2, 6))), angle = 6.283185307179586 * uniform(9, i, 1, 2, 7);
    CHECK(normal(9, i, 1, 2, 6) == doctest::Approx(r * std::cos(angle)).epsilon(1e-13));
    CHECK(normal(9, i, 1, 2, 7) == doctest::Approx(r * std::sin(angle)).epsilon(1e-13));
  }
}

TEST_CASE("hash: streaming, and independent of how the values are cut") {
  std::vector<uint8_t> bytes(100);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = uint8_t(i * 37);
  const uint64_t whole = Hash().add(std::span(bytes)).value();
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    Hash h;
    h.add(std::span(bytes).first(cut));
    (void)h.value();
    CHECK(h.add(std::span(bytes).subspan(cut)).value() == whole);
  }
  // wider values are their little-endian bytes, at any alignment
  for (int lead = 0; lead < 8; ++lead) {
    Hash a, b;
    for (int i = 0; i < lead; ++i) a.add(uint8_t(9)), b.add(uint8_t(9));
    a.add(uint64_t(0x0807060504030201)).add(int16_t(-2)).add(1.0f);
    for (int i = 1; i <= 8; ++i) b.add(uint8_t(i));
    for (int i : {0xfe, 0xff, 0x00, 0x00, 0x80, 0x3f}) b.add(uint8_t(i));
    CHECK(a.value() == b.value());
  }
}

TEST_CASE("hash: values, not representations") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(hash_of<double>({0.0}) == hash_of<double>({-0.0}));
  CHECK(hash_of<float>({0.0f}) == hash_of<float>({-0.0f}));
  CHECK(hash_of<double>({nan}) == hash_of<double>({-nan}));
  CHECK(hash_of<float>({float(nan)}) == hash_of<float>({std::bit_cast<float>(0xFFC01234u)}));
  CHECK(hash_of<double>({1.0}) != hash_of<double>({std::nextafter(1.0, 2.0)}));
  CHECK(hash_of<double>({1.0, 2.0}) != hash_of<double>({2.0, 1.0}));
  CHECK(hash_of<float>({0.0f}) != hash_of<float>({0.0f, 0.0f}));
  CHECK(Hash().add("ab").add("c").value() != Hash().add("a").add("bc").value());
  CHECK(Hash(1).value() != Hash(2).value());
  CHECK(combine(1, 2) != combine(2, 1));
  // goldens: the same on every machine and in every version
  CHECK(Hash().value() == 0x8b172f19d02c3b2bu);
  CHECK(hash_of<float>({1.0f, -2.5f, 0.0f}) == 0xf5bd566edb3ffc4au);
  CHECK(hash_of<double>({1.0, -2.5, 0.0}) == 0x9d3e39deafbd65ceu);
}

TEST_CASE("hash: one bit moves about half of the bits, and small inputs do not collide") {
  double worst = 0;
  for (int position = 0; position < 192; ++position) {
    int flipped = 0;
    for (uint64_t i = 0; i < 200; ++i) {
      uint64_t words[3] = {mix(i), mix(i + 1000), mix(i + 2000)}, changed[3] = {words[0], words[1], words[2]};
      changed[position / 64] ^= uint64_t(1) << position % 64;
      flipped += std::popcount(Hash().add(std::span(words)).value() ^ Hash().add(std::span(changed)).value());
    }
    worst = std::max(worst, std::abs(flipped / 200.0 - 32));
  }
  CHECK(worst < 5 * 4 / std::sqrt(200.0));       // five standard deviations of a mean of 200 binomials (64, 1/2)
  std::set<uint64_t> seen;
  for (int a = -100; a < 100; ++a)
    for (int b = -100; b < 100; ++b) seen.insert(hash_of<float>({float(a), float(b)}));
  CHECK(seen.size() == 40000);
}
