// Inertia: spatial inertias of bodies about their tree's centre of mass, composite inertias, and the mass matrix M by the
// composite-rigid-body algorithm (Featherstone 2008, ch. 6). MuJoCo: mj_comPos, mj_crb.
//
// A spatial inertia is 10 numbers: xx yy zz xy xz yz of the rotational inertia, mass * offset (3), mass.
#pragma once
#include "physics/kernel/enums.h"
#include "physics/kernel/pack.h"

NURI_KERNEL_BEGIN

inline constexpr int inertia_size = 10;

// inertia * motion = momentum (or force from acceleration)
template <class R> NURI_VALUE Twist<R> times_inertia(const R* i, Twist<R> x) {
  const Vec3<R> c{i[6], i[7], i[8]};
  Twist<R> o;
  o.w = {mul_add(i[4], x.w.z, mul_add(i[3], x.w.y, i[0] * x.w.x)), mul_add(i[5], x.w.z, mul_add(i[1], x.w.y, i[3] * x.w.x)),
         mul_add(i[2], x.w.z, mul_add(i[5], x.w.y, i[4] * x.w.x))};
  o.w = cross_add(c, x.v, o.w);
  o.v = cross_add(x.w, c, x.v * i[9]);
  return o;
}

// A 6x6 symmetric matrix, wrench from twist (stiffness, damping, articulated inertia): angular block xx xy xz yy yz zz,
// angular-linear block (9, row major), linear block as the angular one.
inline constexpr int symmetric6_size = 21;

template <class R> NURI_VALUE Twist<R> times_symmetric6(const R* a, Twist<R> x) {
  auto three = [](R p0, R p1, R p2, Vec3<R> v) { return mul_add(p2, v.z, mul_add(p1, v.y, p0 * v.x)); };
  Twist<R> f;
  f.w = {three(a[0], a[1], a[2], x.w) + three(a[6], a[7], a[8], x.v), three(a[1], a[3], a[4], x.w) + three(a[9], a[10], a[11], x.v),
         three(a[2], a[4], a[5], x.w) + three(a[12], a[13], a[14], x.v)};
  f.v = {three(a[6], a[9], a[12], x.w) + three(a[15], a[16], a[17], x.v), three(a[7], a[10], a[13], x.w) + three(a[16], a[18], a[19], x.v),
         three(a[8], a[11], a[14], x.w) + three(a[17], a[19], a[20], x.v)};
  return f;
}

// out(k, axis_k . f) for the k-th ancestor of dof i. A free joint's translations are the world's axes: no products.
template <class L, class F> NURI_FN void along_chain(const Pack<L>& p, int i, const Twist<typename L::Real>& f, F out) {
  const auto& m = p.model;
  const int* const above = m.ancestor + m.ancestor_adr[i];
  const int n = m.ancestor_adr[i + 1] - m.ancestor_adr[i];
  int k = 0;
  if (n >= 3 && m.joint_type[m.dof_joint[above[0]]] == joint::free) {
    out(0, f.v.x);
    out(1, f.v.y);
    out(2, f.v.z);
    k = 3;
  }
  for (; k < n; ++k) out(k, dot(load6(p.scratch.cdof(), above[k]), f));
}

template <class L> NURI_STAGE void composite_inertia(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  // each body about the centre of mass of its tree: R I R' + mass (d.d - d d')
  p.lane.each(m.body_count, [&](int b) {
    R* const o = s.cinert() + inertia_size * b;
    if (b == 0) {
      NURI_UNROLL for (int k = 0; k < inertia_size; ++k) o[k] = R(0);
      return;
    }
    const Mat3<R> a = load9(s.xmat(), b);
    const R mass = m.body_mass[b];
    R i[6];
    NURI_UNROLL for (int k = 0; k < 6; ++k) i[k] = m.body_inertia6[6 * b + k];
    const Vec3<R> d = load3(s.xipos(), b) - load3(s.com(), m.body_frame[b]), md = d * mass;
    const Vec3<R> r0 = row(a, 0), r1 = row(a, 1), r2 = row(a, 2);
    auto turned = [&](Vec3<R> r) {
      return Vec3<R>{mul_add(i[4], r.z, mul_add(i[3], r.y, i[0] * r.x)), mul_add(i[5], r.z, mul_add(i[1], r.y, i[3] * r.x)),
                     mul_add(i[2], r.z, mul_add(i[5], r.y, i[4] * r.x))};
    };
    const Vec3<R> t0 = turned(r0), t1 = turned(r1), t2 = turned(r2);
    o[0] = mul_add(md.z, d.z, mul_add(md.y, d.y, dot(r0, t0)));
    o[1] = mul_add(md.z, d.z, mul_add(md.x, d.x, dot(r1, t1)));
    o[2] = mul_add(md.y, d.y, mul_add(md.x, d.x, dot(r2, t2)));
    o[3] = sub_mul(dot(r0, t1), md.x, d.y);
    o[4] = sub_mul(dot(r0, t2), md.x, d.z);
    o[5] = sub_mul(dot(r1, t2), md.y, d.z);
    o[6] = md.x;
    o[7] = md.y;
    o[8] = md.z;
    o[9] = mass;
  });
  p.lane.sync();
  // inertia of each link and composite inertia of its subtree, leaves first, bodies and children ascending
  R* const composite = s.stiff();                                  // borrowed: the solver fills it later
  for (int level = m.link_level_count - 1; level >= 0; --level) {
    const int* const links = m.link_level + m.link_level_adr[level];
    p.lane.each(m.link_level_adr[level + 1] - m.link_level_adr[level], [&](int k) {
      const int b = links[k];
      R sum[inertia_size];
      NURI_UNROLL for (int c = 0; c < inertia_size; ++c) sum[c] = s.cinert()[inertia_size * b + c];
      for (int i = m.link_body_adr[b] + 1; i < m.link_body_adr[b + 1]; ++i)
        NURI_UNROLL for (int c = 0; c < inertia_size; ++c) sum[c] = sum[c] + s.cinert()[inertia_size * m.link_body[i] + c];
      NURI_UNROLL for (int c = 0; c < inertia_size; ++c) s.link_inertia()[inertia_size * b + c] = sum[c];
      for (int i = m.link_child_adr[b]; i < m.link_child_adr[b + 1]; ++i)
        NURI_UNROLL for (int c = 0; c < inertia_size; ++c) sum[c] = sum[c] + composite[inertia_size * m.link_child[i] + c];
      NURI_UNROLL for (int c = 0; c < inertia_size; ++c) composite[inertia_size * b + c] = sum[c];
    });
    p.lane.sync();
  }
  // M(i, j) = axis_j . (composite inertia of i's body) axis_i for j above i
  p.lane.each(m.dof_count, [&](int i) {
    const Twist<R> axis = load6(s.cdof(), i), f = times_inertia(composite + inertia_size * m.dof_body[i], axis);
    R* const out = s.mass() + m.mass_adr[i];
    along_chain(p, i, f, [&](int k, R v) { out[k] = v; });
    out[m.ancestor_adr[i + 1] - m.ancestor_adr[i]] = dot(axis, f) + m.dof_armature[i];
  });
  p.lane.sync();
}

NURI_KERNEL_END
