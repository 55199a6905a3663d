// The CUDA backend's lane and its step of an environment, by emulated threads of a GPU: the bits of one thread and of the CPU backend.
#include "tests/physics/kernel/emulated_warp.h"
#include <atomic>
#include <cmath>
#include <cstring>
#include "tests/physics/kernel/compare.h"

using namespace nuri;
using namespace nuri::bits_test;

namespace {

#if defined(NURI_EMULATED_AT_ONCE)   // threads of the system: the fewest that say something
constexpr int sizes[] = {8, 32, 64};
#else
constexpr int sizes[] = {8, 16, 32, 64, 128, 256};
#endif

// What a group makes of n items, and what PackLane does.
struct Tried {
  float sums[8] = {}, swept[2] = {};
  int listed = 0, placed = 0;
  std::vector<int> list = std::vector<int>(400, -7), owners = list, ranks = list;
  std::vector<Ints<1>> sources = std::vector<Ints<1>>(400, Ints<1>{{-7}});

  // each group of a warp has items of its own: `which` tells them apart
  template <class L> void with(const L& lane, int n, int which) {
    const auto key = [&](int i) { return 5 * i + i / 3 + which; };
    const auto term = [&](int i) { return GroupLane::Real(1.0f / float(3 * i + 1 + which)); };
    const auto kept = [&](int i) { return GroupLane::Truth{(i + which) % 3 != 1 && i % 7 != 2}; };
    const int cap = n > 20 ? 20 + 2 * n / 5 : n + 1;
    GroupLane::Real one[1], eight[8], two[2], values[400];
    for (int i = 0; i < n + 3; ++i) values[i] = term(i);
    int a = 0, b = 0;
    for (int again = 0; again < 3; ++again) {                      // the board's sides come round
      lane.template sums<1>(n, key, one, [&](int i, GroupLane::Real* acc) { acc[0] = acc[0] + term(i); });
      lane.template sums<8>(n, key, eight, [&](int i, GroupLane::Real* acc) {
        for (int k = 0; k < 8; ++k) acc[k] = mul_add(term(i + k), one[0], acc[k]);
      });
      lane.template sweep<2>(3, n, two, [&]<class V>(int i, V* acc) {
        acc[0] = acc[0] + at<V>(values, i);
        acc[1] = mul_add(spread<V>(one[0]), at<V>(values, i), acc[1]);
      });
      a = lane.list(n, list.data(), cap, kept);
      b = lane.place(n, cap, [](int i) { return i / 6; }, kept, sources.data(), owners.data(), ranks.data());
    }
    lane.sync();
    lane.once([&] {
      listed = a;
      placed = b;
    });
    for (int k = 0; k < 8; ++k) {                                  // every thread has all sums
      if constexpr (std::is_same_v<L, GroupLane>) same += std::memcmp(&sums[k], &eight[k], sizeof(float)) == 0;
      else sums[k] = eight[k].v;
    }
    for (int k = 0; k < 2; ++k) {
      if constexpr (std::is_same_v<L, GroupLane>) same += std::memcmp(&swept[k], &two[k], sizeof(float)) == 0;
      else swept[k] = two[k].v;
    }
  }
  std::atomic<int> same{0};
};

}  // namespace

TEST_CASE("sums, lists and places of a group are those of one thread") {
  for (int threads : sizes) {
    CAPTURE(threads);
    const int block = std::max(threads, 32), groups = block / threads;
    for (int most : {0, 1, 7, 8, 31, 32, 33, 64, 65, 100, 129, 300}) {
      CAPTURE(most);
      Tried want[4], got[4];
      for (int g = 0; g < groups; ++g) {
        want[g].with(PackLane<float, 1>{}, std::max(0, most - 5 * g), g);
        std::memcpy(got[g].sums, want[g].sums, sizeof want[g].sums);
        std::memcpy(got[g].swept, want[g].swept, sizeof want[g].swept);
      }
      GroupLane::Board board;
      emulated::run(block, [&] {
        const GroupLane lane(threads, threads > 32 ? &board : nullptr);
        const int g = int(threadIdx.x) / threads;
        got[g].with(lane, std::max(0, most - 5 * g), g);
      });
      for (int g = 0; g < groups; ++g) {
        CAPTURE(g);
        CHECK(got[g].same == 10 * threads);
        CHECK(got[g].listed == want[g].listed);
        CHECK(got[g].placed == want[g].placed);
        CHECK(got[g].list == want[g].list);
        CHECK(got[g].owners == want[g].owners);
        CHECK(got[g].ranks == want[g].ranks);
        for (int i = 0; i < 400; ++i) CHECK(got[g].sources[i][0] == want[g].sources[i][0]);
      }
    }
  }
}

#if defined(NURI_EMULATED_AT_ONCE)
TEST_CASE("a group steps an environment to the bits of the CPU backend") {
  for (const NamedModel& named : models())
    if (chosen(named)) compare_groups(named, {8}, 1, 2);
}
#else
TEST_CASE("an emulated block says what is wrong with its threads") {
  CHECK_THROWS_WITH(emulated::run(32, [] { if (threadIdx.x % 8 < 7) __syncwarp(0xffu << (threadIdx.x & 24)); }), "threads wait for each other at different places");
  CHECK_THROWS_WITH(emulated::run(64, [] { if (threadIdx.x < 32) __syncthreads(); }), "threads wait for each other at different places");
  CHECK_THROWS_WITH(emulated::run(32, [] { __syncwarp(0xff); }), "a thread is not in the mask that it names");
  CHECK_THROWS_WITH(emulated::run(32, [] { __shfl_xor_sync(0xffu << (threadIdx.x & 24), 1.0f, 8); }), "a thread asks one outside of its mask");
  CHECK_THROWS_WITH(emulated::run(32, [] { __syncwarp(threadIdx.x < 4 ? 0xffffu : 0xffu << (threadIdx.x & 24)); }), "threads that wait for each other name different masks");
}

TEST_CASE("an emulated block shows a missing sync") {
  for (int threads : {8, 32, 128}) {
    CAPTURE(threads);
    int different = 0;
    for (int again = 0; again < 20; ++again) {
      int before[256] = {}, seen[256] = {};
      GroupLane::Board board;
      emulated::run(std::max(threads, 32), [&] {
        const GroupLane lane(threads, threads > 32 ? &board : nullptr);
        lane.sync();
        lane.each(threads, [&](int i) { before[i] = 1; });         // no sync
        lane.each(threads, [&](int i) { seen[i] = before[threads - 1 - i]; });
      });
      for (int i = 0; i < threads; ++i) different += !seen[i];
    }
    CHECK(different > 0);
  }
}

TEST_CASE("groups step environments to the bits of the CPU backend") {
  for (const NamedModel& named : models())
    if (chosen(named)) compare_groups(named, {8, 16, 32}, 4, 3);
}

TEST_CASE("a block of two warps steps a heap and a robot to the bits of the CPU backend") {
  for (const NamedModel& named : models())
    if (named.name == "pile" || named.name == "tree") compare_groups(named, {64}, 4, 3);
}
#endif

TEST_CASE("a group freezes an environment that explodes, as the CPU backend does") {
  const auto model = compiled(models()[0]);
  struct { StateField field; int item; double value; } const poisons[] = {{StateField::qvel, 3, 1e9}, {StateField::xfrc_applied, 7, std::nan("")}};
  for (const auto& poison : poisons) {
    const auto world = make_world(model, {.environments = 3, .backend = "cpu", .threads = 1, .width = 1});
    world->set(poison.field, 1, poison.item, poison.value);
    const auto beside = grouped(*world, 8);
    world->step(3);
    beside->step(3);
    CHECK(world->fault(1) != 0);
    CHECK(world->fault(0) == 0);
    CHECK(beside->difference(*world) == "");
  }
}
