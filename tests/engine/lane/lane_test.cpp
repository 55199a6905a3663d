// Lanes: one answer from PackLane and ShuffledLane, and each rule of the contract caught when a small kernel breaks it.
#include <doctest/doctest.h>
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>
#include "engine/lane/checked.h"
#include "engine/lane/shuffled.h"
#include "engine/math/elementary.h"

using namespace nuri;

namespace {

double number(int i) { return unit_interval(random_bits(7, 0, 0, 0, uint32_t(i))) - 0.5; }

template <class R> void fill(std::vector<R>& x, int width) {
  for (size_t i = 0; i < x.size(); ++i)
    for (int w = 0; w < width; ++w) x[i].set(w, number(int(i) * 31 + 7 * w));
}

// Sum of squares and of numbers over n items, list, and slots, as environment 0 sees them.
struct Answer {
  double square, sum;
  std::vector<int> list, source, owner, rank;
  bool operator==(const Answer&) const = default;
};
template <class L> Answer ask(L lane, int n) {
  using R = typename L::Real;
  std::vector<R> x(n);
  for (int i = 0; i < n; ++i) {
    x[i] = R(typename L::Scalar(0));
    for (int w = 0; w < L::width; ++w) x[i].set(w, typename L::Scalar(number(i)));   // alike, so that widths can be compared
  }
  R out[2];
  lane.template sums<2>(n, [](int i) { return 3 * i; }, out, [&](int i, R* acc) {
    acc[0] = mul_add(x[i], x[i], acc[0]);
    acc[1] = acc[1] + x[i];
  });
  Answer a{double(out[0][0]), double(out[1][0]), std::vector<int>(n), {}, std::vector<int>(n), std::vector<int>(n)};
  const auto keep = [&](int i) { return R(typename L::Scalar(0)) < x[i]; };
  a.list.resize(lane.list(n, a.list.data(), n, keep));
  std::vector<typename L::Int> source(n);
  const int slots = lane.place(n, n, [](int i) { return i / 5; }, keep, source.data(), a.owner.data(), a.rank.data());
  for (int i = 0; i < slots; ++i) a.source.push_back(source[i][0]);
  a.owner.resize(slots);
  a.rank.resize(slots);
  return a;
}

// A running sum: item i needs item i - 1. Breaks the contract.
template <class L> double chained(L lane, int n) {
  using R = typename L::Real;
  std::vector<R> x(n + 1);
  for (int i = 0; i <= n; ++i) x[i] = R(typename L::Scalar(number(i)));
  lane.each(n, [&](int i) { x[i + 1] = x[i + 1] + x[i]; });
  return double(x[n][0]);
}

using R = CheckedLane::Real;

// Runs a kernel on 16 numbers of scratch, `loose` from 8 on, and returns the rules that were broken.
template <class F> std::vector<std::string> rules(F kernel) {
  std::vector<R> memory(16);
  const auto base = reinterpret_cast<char*>(memory.data());
  Shadow shadow(base, 16 * sizeof(R), {{"field", 0, 64, false}, {"state", 64, 128, true}});
  kernel(CheckedLane{}, memory.data());
  std::vector<std::string> out;
  for (const auto& [key, f] : shadow.findings) out.push_back(f.rule + " " + f.area + " " + std::to_string(f.index));
  return out;
}
using Rules = std::vector<std::string>;

}  // namespace

TEST_CASE("PackLane and ShuffledLane give the same bits at every width") {
  for (int n : {0, 1, 7, 8, 9, 100}) {
    const Answer one = ask(PackLane<double, 1>{}, n);
    CHECK(ask(PackLane<double, 2>{}, n) == one);
    CHECK(ask(PackLane<double, 4>{}, n) == one);
    CHECK(ask(PackLane<double, 8>{}, n) == one);
    CHECK(ask(CheckedLane{}, n) == one);
    const Answer single = ask(PackLane<float, 1>{}, n);
    CHECK(ask(PackLane<float, 4>{}, n) == single);
    CHECK(ask(PackLane<float, 8>{}, n) == single);
    CHECK(ask(PackLane<float, 16>{}, n) == single);
    for (uint64_t seed = 0; seed < 20; ++seed) {
      ShuffledLane<double, 1> narrow;
      narrow.seed = seed;
      CHECK(ask(narrow, n) == one);
      ShuffledLane<double, 4> middle;
      middle.seed = seed;
      CHECK(ask(middle, n) == one);
      ShuffledLane<float, 16> wide;
      wide.seed = seed;
      CHECK(ask(wide, n) == single);
    }
  }
}

TEST_CASE("ShuffledLane visits every item once, in many orders") {
  ShuffledLane<double, 1> lane;
  std::vector<std::vector<int>> orders;
  for (int k = 0; k < 50; ++k) {
    std::vector<int> visited, sorted;
    lane.each(6, [&](int i) { visited.push_back(i); });
    sorted = visited;
    std::sort(sorted.begin(), sorted.end());
    CHECK(sorted == std::vector<int>{0, 1, 2, 3, 4, 5});
    orders.push_back(visited);
  }
  std::sort(orders.begin(), orders.end());
  CHECK(std::unique(orders.begin(), orders.end()) - orders.begin() > 30);
}

TEST_CASE("negative control: items that feed each other give other bits under ShuffledLane") {
  const double straight = chained(PackLane<double, 1>{}, 40);
  int different = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    ShuffledLane<double, 1> lane;
    lane.seed = seed;
    different += chained(lane, 40) != straight;
  }
  CHECK(different == 20);
}

TEST_CASE("negative control: a sum keyed by place in a list depends on the neighbours") {
  // two environments list different items of 200; packed together, an item's place in the list moves
  std::vector<int> own, both;
  for (int i = 0; i < 200; ++i) {
    if (mix(uint64_t(i)) % 3 == 0) own.push_back(i);
    if (mix(uint64_t(i)) % 3 < 2) both.push_back(i);
  }
  const auto sum = [&](const std::vector<int>& list, bool by_place) {
    Wide<float, 1> out[1];
    PackLane<float, 1>{}.sums<1>(int(list.size()), [&](int i) { return by_place ? i : list[i]; }, out, [&](int i, Wide<float, 1>* acc) {
      if (mix(uint64_t(list[i])) % 3 == 0) acc[0] = acc[0] + Wide<float, 1>(float(number(list[i])));
    });
    return out[0].v;
  };
  CHECK(sum(own, false) == sum(both, false));
  CHECK(sum(own, true) != sum(both, true));
}

TEST_CASE("CheckedLane accepts what the contract allows") {
  CHECK(rules([](const CheckedLane& lane, R* x) {
    for (int i = 8; i < 16; ++i) x[i].set(0, i);                                      // the step loads the state
    lane.each(8, [&](int i) { x[i] = x[8 + i] * x[8 + i]; });
    lane.sync();
    lane.each(8, [&](int i) { x[8 + i] = x[i] + x[(i + 1) % 8]; });
    lane.sync();
    lane.once([&] { x[0] = x[8] + x[9]; });
    lane.sync();
    R sum[1];
    lane.sums<1>(8, [](int i) { return i; }, sum, [&](int i, R* acc) { acc[0] = acc[0] + x[i]; });
    lane.once([&] { x[4] = sum[0]; });                                                // sums() has read everything
  }) == Rules{});
}

TEST_CASE("negative control: CheckedLane reports each broken rule, and nothing else") {
  const auto clear = [](const CheckedLane& lane, R* x) {
    lane.each(8, [&](int i) { x[i] = R(0); });
    lane.sync();
  };
  CHECK(rules([](const CheckedLane& lane, R* x) { lane.each(1, [&](int) { const R y = x[5]; (void)y; }); }) == Rules{"unwritten read field 5"});
  CHECK(rules([](const CheckedLane& lane, R* x) {
    for (int i = 8; i < 16; ++i) x[i].set(0, 1);
    Shadow::active->forget(64, 128);
    lane.list(1, nullptr, 0, [&](int) { return x[15] < R(0); });
  }) == Rules{"unwritten read state 7"});
  // the next item's slot, written just before or read too late
  CHECK(rules([&](const CheckedLane& lane, R* x) {
    clear(lane, x);
    lane.each(2, [&](int i) { x[i] = x[i] + (i ? x[i - 1] : R(1)); });
  }) == Rules{"unfinished read field 0"});
  CHECK(rules([&](const CheckedLane& lane, R* x) {
    clear(lane, x);
    lane.each(2, [&](int i) { x[i] = x[i] + x[i + 1]; });
  }) == Rules{"late write field 1"});
  CHECK(rules([](const CheckedLane& lane, R* x) { lane.each(2, [&](int) { x[3] = R(1); }); }) == Rules{"two writers field 3"});
  // no sync between
  CHECK(rules([](const CheckedLane& lane, R* x) {
    lane.each(2, [&](int i) { x[i] = R(1); });
    lane.each(2, [&](int i) { x[4 + i] = x[i]; });
  }) == Rules{"unfinished read field 0"});
  CHECK(rules([](const CheckedLane& lane, R* x) {
    lane.once([&] { x[2] = R(1); });
    R sum[1];
    lane.sums<1>(1, [](int) { return 0; }, sum, [&](int, R* acc) { acc[0] = acc[0] + x[2]; });
  }) == Rules{"unfinished read field 2"});
  CHECK(rules([&](const CheckedLane& lane, R* x) {
    clear(lane, x);
    const R y = x[6];
    lane.once([&] { x[6] = y; });
  }) == Rules{"late write field 6"});
  CHECK(rules([](const CheckedLane&, R* x) { x[1] = R(0); }) == Rules{"uniform write field 1"});
}

TEST_CASE("CheckedLane's numbers have the bits of double") {
  for (int i = 0; i < 200; ++i) {
    const double x = 3 * number(i), y = 2 * number(1000 + i);
    const Wide<double, 1> a(x), b(y);
    const R c(x), d(y);
    const auto same = [](Wide<double, 1> p, R q) { return std::memcmp(&p.v, &q.v, 8) == 0; };
    CHECK(same(atan2(a, b), atan2(c, d)));
    CHECK(same(sin(a) * cos(b), sin(c) * cos(d)));
    CHECK(same(exp(a) + log(abs(b)), exp(c) + log(abs(d))));
    CHECK(same(pow(abs(a), b), pow(abs(c), d)));
    CHECK(same(mul_add(a, b, sqrt(abs(a)) / b), mul_add(c, d, sqrt(abs(c)) / d)));
  }
}
