// Impedance of a constraint row: D = 1/R (its stiffness in the solver) and the spring part of its reference acceleration.
// MuJoCo documentation, Computation, "Constraint model"; the nine numbers are explained in engine/model/impedance.h.
#pragma once
#include "engine/model/impedance.h"
#include "physics/kernel/pack.h"

NURI_KERNEL_BEGIN

template <class R> struct Impedance { R d0, dmax, inverse_width, midpoint, a, b, power, k, damp; };

template <class R> NURI_FN Impedance<R> load_impedance(const Field<R>& f, int i) {
  const int o = model::impedance_size * i;
  return {f[o], f[o + 1], f[o + 2], f[o + 3], f[o + 4], f[o + 5], f[o + 6], f[o + 7], f[o + 8]};
}
template <class R> NURI_FN Impedance<R> load_impedance(const Field<R>& f, const Pick<R>& i) {
  const int n = model::impedance_size;
  return {i.of(f, n, 0), i.of(f, n, 1), i.of(f, n, 2), i.of(f, n, 3), i.of(f, n, 4), i.of(f, n, 5), i.of(f, n, 6), i.of(f, n, 7), i.of(f, n, 8)};
}

// imp(r) in (0, 1)
template <class R> NURI_FN R impedance_at(const Impedance<R>& p, R pos) {
  const R x = min(R(1), abs(pos) * p.inverse_width);
  const auto low = x <= p.midpoint;
  const R base = where(low, x, R(1) - x);
  R w = base * base;                                               // power 2 is the default
  const auto linear = p.power <= R(1), odd = !(p.power <= R(2) & R(2) <= p.power);
  w = where(linear, base, w);
  if (any(odd & !linear)) w = where(odd & !linear, pow(max(base, R(0)), p.power), w);
  return mul_add(where(low, p.a * w, sub_mul(R(1), p.b, w)), p.dmax - p.d0, p.d0);
}

// out_D = 1/R with R = invweight (1 - imp) / imp; out_pull = K imp pos
template <class R> NURI_FN void impede(const Impedance<R>& p, R invweight, R pos, R& out_D, R& out_pull) {
  const R imp = impedance_at(p, pos);
  out_D = R(1) / max(R(1e-15f), (R(1) - imp) * invweight / imp);
  out_pull = p.k * imp * pos;
}

NURI_KERNEL_END
