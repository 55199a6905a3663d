// The few macros of the project. Kernel text uses them so that one source is plain C++ on a CPU and device code
// under nvcc; nothing else in a kernel may know which machine it is on.
//
//   NURI_VALUE   tiny functions on values: always inlined
//   NURI_FN      ordinary kernel functions
//   NURI_STAGE   a stage of the step: one real function, everything below it inlined into it (not under the address sanitizer:
//                its checks on everything in one function take the compiler twice as long)
//   NURI_CALL    a large function with several callers: on a GPU one real function, because copies cost instruction cache
//   NURI_INLINED a lambda that must be inlined too (`flatten` stops at calls from templates within lambdas): [&](int i) NURI_INLINED {...}
//   NURI_HOST    host functions that a header shared with kernels needs
//   NURI_UNROLL  unroll a loop of fixed length (g++ turns such loops into `rep stos` otherwise)
//   NURI_UNROLL_PACK  the same on a CPU alone: where a copy of the body per turn is too much code for a GPU
#pragma once

#if defined(__CUDACC__)
#define NURI_VALUE __device__ __forceinline__
#define NURI_FN __device__ inline
#define NURI_INLINED
#define NURI_STAGE __device__ __noinline__
#define NURI_CALL __device__ __noinline__
#define NURI_BOTH __host__ __device__ inline
#define NURI_UNROLL _Pragma("unroll")
#define NURI_UNROLL_PACK _Pragma("unroll 1")
#define NURI_KEEP_LOOP _Pragma("unroll 1")
#else
#define NURI_VALUE inline __attribute__((always_inline))
#define NURI_FN inline
#define NURI_CALL inline
#define NURI_INLINED __attribute__((always_inline))
#if defined(__OPTIMIZE__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define NURI_STAGE inline __attribute__((noinline, flatten))
#else
#define NURI_STAGE inline __attribute__((noinline))
#endif
#define NURI_BOTH inline
#define NURI_UNROLL _Pragma("GCC unroll 32")
#define NURI_UNROLL_PACK NURI_UNROLL
#define NURI_KEEP_LOOP
#endif

// Code for different instruction sets is compiled from the same text into one program. Each copy lives in a
// namespace of its own, or the linker would keep one copy of an inline function and run AVX-512 on a CPU without it.
#if defined(__CUDACC__)
#define NURI_ISA cuda
#elif defined(__AVX512F__)
#define NURI_ISA avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define NURI_ISA avx2
#elif defined(__aarch64__)
#define NURI_ISA neon
#else
#define NURI_ISA plain
#endif
#define NURI_KERNEL_BEGIN namespace nuri { inline namespace NURI_ISA {
#define NURI_KERNEL_END } }
