// Friction of one elliptic contact at a given normal force: minimise 1/2 x' A x + x' b inside the ellipsoid
// sum (x_k / d_k)^2 <= r^2. MuJoCo: mju_QCQP2, mju_QCQP3, mju_QCQP.
//
// Scaled by d the ellipsoid is a ball, and the minimum is x(t) = -inv(A + t) b with the least t >= 0 that has |x(t)| <= r:
// Newton's method on |x(t)|^2 - r^2, which is convex and falling in t, so t never overshoots. One text for every size
// (L D L' of at most 5x5) instead of MuJoCo's closed inverses for 2 and 3; pivots give the same determinant.
#pragma once
#include "physics/kernel/pack.h"

NURI_KERNEL_BEGIN

namespace qcqp {
inline constexpr int iterations = 20;          // MuJoCo's bound
inline constexpr double smallest = 1e-10;      // MuJoCo's threshold of determinant (pivot for 5), residual and step
inline constexpr double float_excess = 1e-6;   // of r^2: what a float can tell of |x|^2 - r^2
}

// A: lower triangle, packed. out_x: the minimum. Returns where it lies on the ellipsoid. A singular block gives x = 0, as in MuJoCo.
template <int N, class L, class R = typename L::Real>
NURI_FN typename L::Truth friction_in_ellipsoid(const Pack<L>& p, const R (&A)[triangle_size(N)], const R (&b)[N], const R (&d)[N], R r,
                                               typename L::Truth run, R (&out_x)[N]) {
  const R small = p.real(qcqp::smallest), square = r * r, enough = p.in_float ? max(small, p.real(qcqp::float_excess) * square) : small;
  R t = R(0), scaled[triangle_size(N)], c[N];
  NURI_UNROLL for (int i = 0; i < N; ++i) {
    c[i] = b[i] * d[i];
    out_x[i] = R(0);
    NURI_UNROLL for (int j = 0; j <= i; ++j) scaled[triangle(i) + j] = A[triangle(i) + j] * d[i] * d[j];
  }
  auto failed = p.no();
  for (int iteration = 0; iteration < qcqp::iterations && any(run); ++iteration) {
    // A + t = l D l', unit lower l
    R l[triangle_size(N)], inverse[N], product = R(1), least = R(1e30f);
    NURI_UNROLL for (int j = 0; j < N; ++j) {
      R pivot = scaled[triangle(j) + j] + t, w[N];
      NURI_UNROLL for (int k = 0; k < j; ++k) {
        w[k] = l[triangle(j) + k] / inverse[k];
        pivot = sub_mul(pivot, l[triangle(j) + k], w[k]);
      }
      inverse[j] = R(1) / pivot;
      product = product * pivot;
      least = min(least, pivot);
      NURI_UNROLL for (int i = j + 1; i < N; ++i) {
        R sum = scaled[triangle(i) + j];
        NURI_UNROLL for (int k = 0; k < j; ++k) sum = sub_mul(sum, l[triangle(i) + k], w[k]);
        l[triangle(i) + j] = sum * inverse[j];
      }
    }
    const auto regular = N <= 3 ? (small <= product) & (R(0) < least) : small <= least;
    failed = failed | (run & !regular);
    run = run & regular;
    // x = -inv(A + t) c
    R x[N], z[N];
    NURI_UNROLL for (int i = 0; i < N; ++i) {
      R sum = -c[i];
      NURI_UNROLL for (int k = 0; k < i; ++k) sum = sub_mul(sum, l[triangle(i) + k], z[k]);
      z[i] = sum;
    }
    NURI_UNROLL for (int i = N - 1; i >= 0; --i) {
      R sum = z[i] * inverse[i];
      NURI_UNROLL for (int k = i + 1; k < N; ++k) sum = sub_mul(sum, l[triangle(k) + i], x[k]);
      x[i] = sum;
    }
    // excess = |x|^2 - r^2, its slope in t is -2 x' inv(A + t) x
    R excess = -square, slope = R(0);
    NURI_UNROLL for (int i = 0; i < N; ++i) {
      out_x[i] = where(run, x[i], out_x[i]);
      excess = mul_add(x[i], x[i], excess);
      R sum = x[i];
      NURI_UNROLL for (int k = 0; k < i; ++k) sum = sub_mul(sum, l[triangle(i) + k], z[k]);
      z[i] = sum;
      slope = mul_add(sum * inverse[i], sum, slope);
    }
    run = run & (enough <= excess);
    const R step = excess / where(run, slope + slope, R(1));
    run = run & (small <= step);
    t = where(run, t + step, t);
  }
  NURI_UNROLL for (int i = 0; i < N; ++i) out_x[i] = where(failed, R(0), out_x[i] * d[i]);
  return (R(0) < t) & !failed;
}

// Where it `slides`, x comes to lie exactly on the ellipsoid.
template <int N, class L, class R = typename L::Real>
NURI_FN void friction_onto_ellipsoid(const Pack<L>& p, const R (&d)[N], R r, typename L::Truth slides, R (&x)[N]) {
  R square = R(0);
  NURI_UNROLL for (int k = 0; k < N; ++k) square = mul_add(x[k] / d[k], x[k] / d[k], square);
  const R onto = where(slides, r / sqrt(max(p.tiny(), square)), R(1));
  NURI_UNROLL for (int k = 0; k < N; ++k) x[k] = x[k] * onto;
}

NURI_KERNEL_END
