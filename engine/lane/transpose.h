// Between memory, [environment][item], and a pack, [item] of one number per environment.
//
// `rows[w]` is the row of environment w. Blocks that fit registers are turned there: storing one number at a time and
// loading them again as one register would wait for the store buffer.
#pragma once
#include "engine/math/wide.h"

NURI_KERNEL_BEGIN

template <class T, int W> NURI_FN void gather_rows(const T* const* rows, int n, Wide<T, W>* out, int first = 0) {
  for (int i = first; i < n; ++i) {
    T column[W];
    for (int w = 0; w < W; ++w) column[w] = rows[w][i];
    __builtin_memcpy(&out[i], column, sizeof column);
  }
}
// + 0: zero has one sign in the state
template <class T, int W> NURI_FN void scatter_rows(const Wide<T, W>* values, int n, T* const* rows, int live, int first = 0) {
  for (int i = first; i < n; ++i)
    for (int w = 0; w < live; ++w) rows[w][i] = values[i][w] + T(0);
}

#if defined(__AVX2__) && !defined(__CUDACC__)
NURI_VALUE void transpose8(__m256* r) {
  const __m256 a0 = _mm256_unpacklo_ps(r[0], r[1]), a1 = _mm256_unpackhi_ps(r[0], r[1]), a2 = _mm256_unpacklo_ps(r[2], r[3]), a3 = _mm256_unpackhi_ps(r[2], r[3]);
  const __m256 a4 = _mm256_unpacklo_ps(r[4], r[5]), a5 = _mm256_unpackhi_ps(r[4], r[5]), a6 = _mm256_unpacklo_ps(r[6], r[7]), a7 = _mm256_unpackhi_ps(r[6], r[7]);
  const __m256 b0 = _mm256_shuffle_ps(a0, a2, 0x44), b1 = _mm256_shuffle_ps(a0, a2, 0xee), b2 = _mm256_shuffle_ps(a1, a3, 0x44), b3 = _mm256_shuffle_ps(a1, a3, 0xee);
  const __m256 b4 = _mm256_shuffle_ps(a4, a6, 0x44), b5 = _mm256_shuffle_ps(a4, a6, 0xee), b6 = _mm256_shuffle_ps(a5, a7, 0x44), b7 = _mm256_shuffle_ps(a5, a7, 0xee);
  r[0] = _mm256_permute2f128_ps(b0, b4, 0x20);
  r[1] = _mm256_permute2f128_ps(b1, b5, 0x20);
  r[2] = _mm256_permute2f128_ps(b2, b6, 0x20);
  r[3] = _mm256_permute2f128_ps(b3, b7, 0x20);
  r[4] = _mm256_permute2f128_ps(b0, b4, 0x31);
  r[5] = _mm256_permute2f128_ps(b1, b5, 0x31);
  r[6] = _mm256_permute2f128_ps(b2, b6, 0x31);
  r[7] = _mm256_permute2f128_ps(b3, b7, 0x31);
}

// float, 8 or 16 environments: 8 x 8 blocks, the tail one by one.
template <int W>
  requires(W == 8 || W == 16)
NURI_FN void gather_rows(const float* const* rows, int n, Wide<float, W>* out) {
  const int whole = n / 8 * 8;
  for (int i = 0; i < whole; i += 8)
    for (int half = 0; half < W; half += 8) {
      __m256 r[8];
      NURI_UNROLL for (int w = 0; w < 8; ++w) r[w] = _mm256_loadu_ps(rows[half + w] + i);
      transpose8(r);
      NURI_UNROLL for (int k = 0; k < 8; ++k) _mm256_store_ps(reinterpret_cast<float*>(out + i + k) + half, r[k]);
    }
  gather_rows<float, W>(rows, n, out, whole);
}
template <int W>
  requires(W == 8 || W == 16)
NURI_FN void scatter_rows(const Wide<float, W>* values, int n, float* const* rows, int live) {
  const int whole = n / 8 * 8;
  const __m256 zero = _mm256_setzero_ps();
  for (int i = 0; i < whole; i += 8)
    for (int half = 0; half < live; half += 8) {
      __m256 r[8];
      NURI_UNROLL for (int k = 0; k < 8; ++k) r[k] = _mm256_load_ps(reinterpret_cast<const float*>(values + i + k) + half);
      transpose8(r);
      for (int w = 0; w < 8 && half + w < live; ++w) _mm256_storeu_ps(rows[half + w] + i, _mm256_add_ps(r[w], zero));
    }
  scatter_rows<float, W>(values, n, rows, live, whole);
}
#endif

NURI_KERNEL_END
