// Pool: every job once, whatever the number of threads; and numbers that mean the same on all of them.
#include <doctest/doctest.h>
#include <atomic>
#include <set>
#include <thread>
#include <vector>
#include "engine/launch/pool.h"
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

using namespace nuri;

TEST_CASE("every job is done once, by a thread of the pool, before run() returns") {
  for (int threads : {1, 2, 3, 5, 16}) {
    Pool pool(threads);
    CHECK(pool.threads() == threads);
    for (int count : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> done(count);
      std::atomic<int> outside{0};
      pool.run(count, [&](int index, int thread) {
        ++done[index];
        if (thread < 0 || thread >= threads) ++outside;
      });
      CHECK(outside == 0);
      for (const auto& d : done) CHECK(d == 1);
    }
  }
}

TEST_CASE("no two jobs have the same thread number at once") {
  Pool pool(4);
  std::atomic<int> inside[4] = {}, clashes{0};
  for (int round = 0; round < 50; ++round)
    pool.run(64, [&](int, int thread) {
      if (++inside[thread] != 1) ++clashes;
      std::this_thread::yield();
      --inside[thread];
    });
  CHECK(clashes == 0);
}

TEST_CASE("thousands of short runs") {
  Pool pool(3);
  std::atomic<long> sum{0};
  for (int round = 0; round < 5000; ++round) pool.run(round % 5, [&](int index, int) { sum += index + 1; });
  CHECK(sum == 1000 * (0 + 1 + 3 + 6 + 10));
}

TEST_CASE("zero threads means one per CPU of this process") {
  CHECK(available_cpus() >= 1);
  CHECK(Pool(0).threads() == available_cpus());
}

#if defined(__x86_64__)
TEST_CASE("NumericMode rounds to nearest and keeps denormal numbers, and gives back what was there") {
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040 | 0x6000);                          // flush to zero, denormals are zero, towards zero
  const unsigned spoilt = _mm_getcsr();
  {
    const NumericMode mode;
    volatile float tiny = 0x1p-130f, two = 2, three = 3, one = 1;
    const float half = tiny / two, third = two / three * one;
    CHECK(half == 0x1p-131f);
    CHECK(third == 0x1.555556p-1f);
  }
  CHECK(_mm_getcsr() == spoilt);
  _mm_setcsr(before);
}
#endif
