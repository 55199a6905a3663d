// Forces of the medium on a geom as the ellipsoid of its semi-axes (MJCF: geom/fluidshape, geom/fluidcoef). MuJoCo documentation,
// Computation, "Fluid forces", ellipsoid model; mj_ellipsoidFluidModel, mjd_ellipsoidFluid.
//
// In the geom's axes, w and v its velocity relative to the medium, semi-axes s, volume V, added mass m and inertia I (per density, from
// engine/model/added_mass.h), and per geom the coefficients blunt, slender, angular, kutta, magnus:
//   added mass   F = rho (m v) x w                     T = rho ((m v) x v + (I w) x w)
//   Magnus       F = magnus rho V w x v
//   Kutta        F = kutta rho A |v|^2 cos ((n x u) x u)    n = a u, a_x = s_y^2 s_z^2 / A_0^2, u = v / |v|, cos = n . u / |n|^2
//   drag         F = -(6 pi mu d + rho |v| (blunt A + slender (A_max - A))) v           d = (s_x + s_y + s_z) / 3
//                T = -(8 pi mu d^3 + rho |J w|) w      J_x = angular j_x + slender (j_max - j_x),  j_x = 8/15 pi s_x max(s_y, s_z)^4
// A = pi A_0 |n| / sqrt(n . u) is the area that meets the flow, A_0 the largest s_y s_z: so no power of a size or speed leaves a float's
// range. The part of the added mass that resists acceleration is left out, as in MuJoCo. A body with such geoms has no drag as a box.
#pragma once
#include "physics/kernel/inertia.h"

NURI_KERNEL_BEGIN

template <class R> NURI_VALUE Vec3<R> times(Vec3<R> a, Vec3<R> b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
template <class R> NURI_VALUE R most(Vec3<R> a) { return max(max(a.x, a.y), a.z); }

// Does the medium meet body b as the ellipsoids of its geoms?
template <class L> NURI_FN bool has_ellipsoids(const Pack<L>& p, int b) {
  const auto& m = p.model;
  return m.fluid_geom_count && m.fluid_geom_adr[b] < m.fluid_geom_adr[b + 1];
}

template <class R> struct FluidEllipsoid {
  Mat3<R> axes;                 // of the geom, in the world
  Vec3<R> arm;                  // its centre from that of its tree's mass, world axes
  Vec3<R> w, v;                 // velocity relative to the medium, geom axes
  Vec3<R> size, mass, inertia;  // semi-axes; density times added mass and inertia
  Vec3<R> area, turn;           // a; J / its largest
  R widest, hardest;            // pi A_0; density times the largest of J
  R density, blunt, slender, kutta, magnus;   // the last one with density and volume
  R linear, angular;            // of the viscous sphere: force per velocity, torque per angular velocity
};

// The k-th of the model's ellipsoids, on body b.
template <class L> NURI_FN FluidEllipsoid<typename L::Real> fluid_ellipsoid(const Pack<L>& p, int b, int k) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int g = m.fluid_geom[k];
  const R pi = p.real(3.14159265358979323846), viscosity = m.viscosity[0];
  FluidEllipsoid<R> e;
  const Quat<R> body = load4(s.xquat(), b);
  e.axes = matrix(body * load4(m.geom_quat, g));
  e.arm = rotate(body, load3(m.geom_pos, g)) + load3(s.xpos(), b) - load3(s.com(), m.body_frame[b]);
  const Twist<R> twist = load6(s.cvel(), b);
  e.w = transposed_times(e.axes, twist.w);
  e.v = transposed_times(e.axes, cross_add(twist.w, e.arm, twist.v) - load3(m.wind, 0));
  e.density = m.density[0];
  e.size = load3(m.fluid_axes, k);
  e.mass = load3(m.fluid_added, 2 * k) * e.density;
  e.inertia = load3(m.fluid_added, 2 * k + 1) * e.density;
  e.blunt = m.fluid_coef[5 * k];
  e.slender = m.fluid_coef[5 * k + 1];
  const R by_turn = m.fluid_coef[5 * k + 2];
  e.kutta = m.fluid_coef[5 * k + 3];
  const Vec3<R> a = e.size;
  const R sum = a.x + a.y + a.z, longest = most(a), least = min(min(a.x, a.y), a.z), middle = sum - longest - least;
  e.magnus = m.fluid_coef[5 * k + 4] * e.density * (p.real(4.0 / 3.0) * pi * a.x * a.y * a.z);
  auto square = [](R x) { return x * x; };
  auto fourth = [&](R x) { return square(square(x)); };
  const R widest = longest * middle;
  e.area = {square(a.y * a.z / widest), square(a.z * a.x / widest), square(a.x * a.y / widest)};
  e.widest = pi * widest;
  const R d = p.real(2.0 / 3.0) * sum, swept = p.real(8.0 / 15.0) * pi, most_swept = swept * middle * fourth(longest);
  const Vec3<R> j{swept * a.x * fourth(max(a.y, a.z)), swept * a.y * fourth(max(a.z, a.x)), swept * a.z * fourth(max(a.x, a.y))};
  e.turn = {mul_add(by_turn, j.x, e.slender * (most_swept - j.x)), mul_add(by_turn, j.y, e.slender * (most_swept - j.y)), mul_add(by_turn, j.z, e.slender * (most_swept - j.z))};
  const Vec3<R> size{abs(e.turn.x), abs(e.turn.y), abs(e.turn.z)};
  const R largest = where(R(0) < most(size), most(size), R(1));
  e.turn = e.turn * (R(1) / largest);
  e.hardest = e.density * largest;
  e.linear = viscosity * (p.real(3) * pi * d);
  e.angular = viscosity * (pi * d * d * d);
  return e;
}

// How the flow meets it.
template <class R> struct Flow {
  R speed;
  Vec3<R> u;                    // its direction; 0 in still water
  R along, square;              // n . u and |n|^2, 1 in still water
  R area;                       // A
};
template <class L> NURI_FN Flow<typename L::Real> flow_at(const Pack<L>&, const FluidEllipsoid<typename L::Real>& e) {
  using R = typename L::Real;
  Flow<R> f;
  f.u = normalized(e.v, zero3<R>(), f.speed);
  const Vec3<R> normal = times(e.area, f.u);
  f.along = dot(normal, f.u);
  f.square = dot(normal, normal);
  const auto still = f.along <= R(0);
  f.along = where(still, R(1), f.along);
  f.square = where(still, R(1), f.square);
  f.area = e.widest * sqrt(f.square / f.along);
  return f;
}

// Torque and force on it, geom axes.
template <class L> NURI_FN Twist<typename L::Real> ellipsoid_force(const Pack<L>& p, const FluidEllipsoid<typename L::Real>& e) {
  using R = typename L::Real;
  const Flow<R> f = flow_at(p, e);
  const Vec3<R> w = e.w, v = e.v, momentum = times(e.mass, v);
  const Vec3<R> kutta = cross(cross(times(e.area, f.u), f.u), f.u) * (e.kutta * e.density * f.area * (f.along / f.square) * (f.speed * f.speed));
  const R drag = mul_add(e.density * f.speed, mul_add(f.area, e.blunt, e.slender * (e.widest - f.area)), e.linear);
  const R turn = mul_add(e.hardest, norm(times(e.turn, w)), e.angular);
  Twist<R> out;
  out.v = cross(momentum, w) + cross(w, v) * e.magnus + kutta - v * drag;
  out.w = cross(momentum, v) + cross(times(e.inertia, w), w) - w * turn;
  return out;
}

// d(torque, force)/d(w, v), geom axes, applied to a motion y.
template <class L> NURI_FN Twist<typename L::Real> ellipsoid_slope(const Pack<L>& p, const FluidEllipsoid<typename L::Real>& e, Twist<typename L::Real> y) {
  using R = typename L::Real;
  const Flow<R> f = flow_at(p, e);
  const Vec3<R> w = e.w, v = e.v, u = f.u, a = e.area, uu = times(u, u), uy = times(u, y.v), momentum = times(e.mass, v), dm = times(e.mass, y.v);
  // sum over k of (a_i - a_k) x_k
  auto apart = [&](Vec3<R> x) {
    return Vec3<R>{mul_add(a.x - a.y, x.y, (a.x - a.z) * x.z), mul_add(a.y - a.x, x.x, (a.y - a.z) * x.z), mul_add(a.z - a.x, x.x, (a.z - a.y) * x.y)};
  };
  Twist<R> out;

  // torque
  R turn;
  const Vec3<R> t = normalized(times(e.turn, w), zero3<R>(), turn);
  out.w = cross(times(e.inertia, y.w), w) + cross(times(e.inertia, w), y.w) + cross(dm, v) + cross(momentum, y.v);
  out.w = out.w - y.w * mul_add(e.hardest, turn, e.angular) - w * (e.hardest * dot(times(e.turn, t), y.w));

  // force: added mass and Magnus
  out.v = cross(dm, w) + cross(momentum, y.w) + (cross(y.w, v) + cross(w, y.v)) * e.magnus;

  // drag, whose area turns with the flow
  const R met = e.density * f.speed * mul_add(f.area, e.blunt, e.slender * (e.widest - f.area));
  const R by_area = e.density * f.speed * (e.blunt - e.slender) * (e.widest / (f.along * sqrt(f.along * f.square)));
  const Vec3<R> pull = times(times(a, u), apart(times(a, uu)));
  out.v = out.v - y.v * (met + e.linear) - u * mul_add(met, dot(u, y.v), by_area * dot(pull, y.v));

  // Kutta
  const R ratio = f.along / f.square;
  const Vec3<R> lean = apart(uu), turned = apart(uy);
  const Vec3<R> inner{mul_add(a.x * a.x, ratio, f.along - a.x), mul_add(a.y * a.y, ratio, f.along - a.y), mul_add(a.z * a.z, ratio, f.along - a.z)};
  const Vec3<R> lift = times(u, lean * dot(inner, uy) - turned * (f.along + f.along)) - times(lean, y.v) * f.along;
  out.v = mul_add(lift, e.kutta * e.density * e.widest * f.speed / sqrt(f.square * f.along), out.v);
  return out;
}

// From the geom's axes to the world's, about its tree's centre of mass; and a motion the other way.
template <class R> NURI_FN Twist<R> wrench_of(const FluidEllipsoid<R>& e, Twist<R> local) {
  const Vec3<R> force = e.axes * local.v;
  return {cross_add(e.arm, force, e.axes * local.w), force};
}
template <class R> NURI_FN Twist<R> motion_of(const FluidEllipsoid<R>& e, Twist<R> y) {
  return {transposed_times(e.axes, y.w), transposed_times(e.axes, cross_add(y.w, e.arm, y.v))};
}

// What the ellipsoids of body b feel: wrench about its tree's centre of mass, world axes.
template <class L> NURI_FN Twist<typename L::Real> ellipsoids_force(const Pack<L>& p, int b) {
  using R = typename L::Real;
  const auto& m = p.model;
  Twist<R> sum = zero6<R>();
  for (int k = m.fluid_geom_adr[b]; k < m.fluid_geom_adr[b + 1]; ++k) {
    const auto e = fluid_ellipsoid(p, b, k);
    sum = sum + wrench_of(e, ellipsoid_force(p, e));
  }
  const auto massless = m.body_mass[b] < p.tiny();
  return {where(massless, zero3<R>(), sum.w), where(massless, zero3<R>(), sum.v)};
}

// A 6x6 matrix, by columns, times a motion.
template <class R> NURI_FN Twist<R> times_columns(const R* a, Twist<R> x) {
  const R part[6] = {x.w.x, x.w.y, x.w.z, x.v.x, x.v.y, x.v.z};
  Twist<R> out = zero6<R>();
  for (int c = 0; c < 6; ++c) out = mul_add(load6(a, c), part[c], out);
  return out;
}

// Columns (36 numbers) of half the sum, or half the difference, of the wrench's slope and its transpose: its symmetric part, or the rest.
template <class L> NURI_FN void ellipsoids_slope(const Pack<L>& p, int b, bool symmetric, typename L::Real* out) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto massless = m.body_mass[b] < p.tiny();
  R sum[36];
  NURI_UNROLL for (int c = 0; c < 36; ++c) sum[c] = R(0);
  auto unit_at = [](int c) {
    auto at = [&](int k) { return R(c == k ? 1.0f : 0.0f); };
    return Twist<R>{{at(0), at(1), at(2)}, {at(3), at(4), at(5)}};
  };
  for (int k = m.fluid_geom_adr[b]; k < m.fluid_geom_adr[b + 1]; ++k) {
    const auto e = fluid_ellipsoid(p, b, k);
    R slope[36];
    for (int c = 0; c < 6; ++c) store6(slope, c, wrench_of(e, ellipsoid_slope(p, e, motion_of(e, unit_at(c)))));
    for (int c = 0; c < 6; ++c)
      for (int r = 0; r < 6; ++r) sum[6 * c + r] = sum[6 * c + r] + p.half() * (symmetric ? slope[6 * c + r] + slope[6 * r + c] : slope[6 * c + r] - slope[6 * r + c]);
  }
  for (int c = 0; c < 36; ++c) out[c] = where(massless, R(0), sum[c]);
}

NURI_KERNEL_END
