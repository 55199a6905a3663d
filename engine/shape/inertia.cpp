#include "engine/shape/inertia.h"

#include <algorithm>

namespace nuri::shape {
namespace {
constexpr double pi = 3.14159265358979323846;
constexpr double shell_gap = 1e-6;   // m, between the two ellipsoids whose difference is a shell

Vec ellipsoid(double mass, double a, double b, double c) {
  return {mass * (b * b + c * c) / 5, mass * (a * a + c * c) / 5, mass * (a * a + b * b) / 5};
}

// Two hemispheres at the ends of a cylinder. Solid: the hemisphere's centre is 3/8 r above its base; shell: r/2.
Vec capsule(double mass, double r, double half, bool shell) {
  const double h = 2 * half, ends = shell ? 4 * pi * r * r : 4 * r, whole = shell ? ends + 2 * pi * r * h : 4 * r + 3 * h;
  const double sphere = mass * ends / whole, tube = mass - sphere;
  const double ball = shell ? 2 * sphere * r * r / 3 : 2 * sphere * r * r / 5;
  const double side = shell ? tube * (6 * r * r + h * h) / 12 : tube * (3 * r * r + h * h) / 12;
  const double spin = shell ? tube * r * r : tube * r * r / 2;
  const double lever = shell ? half * half + half * r : h * (3 * r + 2 * h) / 8;
  return {side + ball + sphere * lever, side + ball + sphere * lever, spin + ball};
}

Vec cylinder(double mass, double r, double half, bool shell) {
  const double h = 2 * half;
  if (!shell) return {mass * (3 * r * r + h * h) / 12, mass * (3 * r * r + h * h) / 12, mass * r * r / 2};
  const double disk_area = pi * r * r, disk = mass * disk_area / (2 * disk_area + 2 * pi * r * h), tube = mass - 2 * disk;
  const double side = tube * (6 * r * r + h * h) / 12 + 2 * (disk * r * r / 4 + disk * half * half);
  return {side, side, tube * r * r + disk * r * r};
}

// Three pairs of plates; `plate` is perpendicular to axis k, at distance s[k].
Vec box_shell(double mass, const Vec& s) {
  const double area[3] = {s[1] * s[2], s[2] * s[0], s[0] * s[1]}, total = 2 * (area[0] + area[1] + area[2]);
  Vec out{};
  for (int k = 0; k < 3; ++k) {
    const int i = (k + 1) % 3, j = (k + 2) % 3;
    const double plate = mass * area[k] / total;
    out[k] += 2 * plate * (s[i] * s[i] + s[j] * s[j]) / 3;
    out[i] += 2 * plate * (s[j] * s[j] / 3 + s[k] * s[k]);
    out[j] += 2 * plate * (s[i] * s[i] / 3 + s[k] * s[k]);
  }
  return out;
}
}  // namespace

double extent(int kind, const Vec& s, bool shell) {
  const double r = s[0], h = 2 * s[1];
  switch (kind) {
    case solid_sphere: return shell ? 4 * pi * r * r : 4 * pi * r * r * r / 3;
    case solid_capsule: return shell ? 4 * pi * r * r + 2 * pi * r * h : pi * (r * r * h + 4 * r * r * r / 3);
    case solid_cylinder: return shell ? 2 * pi * r * r + 2 * pi * r * h : pi * r * r * h;
    case solid_ellipsoid: {
      if (!shell) return 4 * pi * s[0] * s[1] * s[2] / 3;
      const double p = 1.6075;
      return 4 * pi * std::pow((std::pow(s[0] * s[1], p) + std::pow(s[1] * s[2], p) + std::pow(s[2] * s[0], p)) / 3, 1 / p);
    }
    case solid_box: return shell ? 8 * (s[0] * s[1] + s[1] * s[2] + s[2] * s[0]) : s[0] * s[1] * s[2] * 8;
  }
  return 0;
}

Vec moments(int kind, const Vec& s, double mass, bool shell) {
  switch (kind) {
    case solid_sphere: { const double i = shell ? 2 * mass * s[0] * s[0] / 3 : 2 * mass * s[0] * s[0] / 5; return {i, i, i}; }
    case solid_capsule: return capsule(mass, s[0], s[1], shell);
    case solid_cylinder: return cylinder(mass, s[0], s[1], shell);
    case solid_ellipsoid: {
      if (!shell) return ellipsoid(mass, s[0], s[1], s[2]);
      const double a = s[0] + shell_gap, b = s[1] + shell_gap, c = s[2] + shell_gap;
      const double inner = extent(solid_ellipsoid, s, false), outer = extent(solid_ellipsoid, {a, b, c}, false), density = mass / (outer - inner);
      return sub(ellipsoid(outer * density, a, b, c), ellipsoid(inner * density, s[0], s[1], s[2]));
    }
    case solid_box:
      if (shell) return box_shell(mass, s);
      return {mass * (s[1] * s[1] + s[2] * s[2]) / 3, mass * (s[0] * s[0] + s[2] * s[2]) / 3, mass * (s[0] * s[0] + s[1] * s[1]) / 3};
  }
  return {0, 0, 0};
}

MassPart combine(const std::vector<MassPart>& parts) {
  if (parts.size() == 1) return parts[0];
  MassPart out{{0, 0, 0}, {1, 0, 0, 0}, 0, {0, 0, 0}};

  // mass and centre of mass
  for (const MassPart& p : parts) { out.mass += p.mass; out.pos = add(out.pos, scale(p.pos, p.mass)); }
  for (double& x : out.pos) x /= out.mass;

  // parallel axes: I = sum R I R' + m (|d|^2 1 - d d')
  std::array<double, 6> full{};
  for (const MassPart& p : parts) {
    const std::array<double, 6> own = rotate_diagonal(p.quat, p.inertia);
    const Vec d = sub(p.pos, out.pos);
    const double m = p.mass;
    const double off[6] = {m * (d[1] * d[1] + d[2] * d[2]), m * (d[0] * d[0] + d[2] * d[2]), m * (d[0] * d[0] + d[1] * d[1]),
                           -m * d[0] * d[1], -m * d[0] * d[2], -m * d[1] * d[2]};
    for (int k = 0; k < 6; ++k) full[k] += own[k] + off[k];
  }
  out.inertia = principal(full, out.quat);
  return out;
}

// Jacobi rotations, kept as one quaternion, until what is left off the diagonal is rounding. Pivots and the order of
// equal moments follow MuJoCo's mjuu_eig3, so that axes agree with its compiled models.
Vec principal(const std::array<double, 6>& f, Rot& q) {
  constexpr double rounding = 1e-16, equal = 1e-12;     // of the largest entry; kg m^2
  const Mat a{f[0], f[3], f[4], f[3], f[1], f[5], f[4], f[5], f[2]};
  Vec value{};
  q = {1, 0, 0, 0};
  for (int sweep = 0; sweep < 60; ++sweep) {
    // D = R' A R
    const Mat r = matrix(q);
    Mat d{};
    for (int i = 0; i < 3; ++i) {
      const Vec column = mul(a, Vec{r[i], r[3 + i], r[6 + i]});
      const Vec turned = transposed_mul(r, column);
      for (int j = 0; j < 3; ++j) d[3 * j + i] = turned[j];
    }
    value = {d[0], d[4], d[8]};

    // the largest entry off the diagonal
    const double xy = std::abs(d[1]), xz = std::abs(d[2]), yz = std::abs(d[5]);
    const int row = xy > xz && xy > yz ? 0 : xz > yz ? 0 : 1, column = xy > xz && xy > yz ? 1 : 2, axis = 3 - row - column;
    const double pivot = d[3 * row + column];
    if (std::abs(pivot) <= rounding * std::max({std::abs(d[0]), std::abs(d[4]), std::abs(d[8])})) break;

    // the rotation that removes it
    const double tau = (d[4 * column] - d[4 * row]) / (2 * pivot);
    const double t = tau >= 0 ? 1 / (tau + std::sqrt(1 + tau * tau)) : -1 / (-tau + std::sqrt(1 + tau * tau));
    const double c = 1 / std::sqrt(1 + t * t);
    const double half_sine = std::abs(t) * c / std::sqrt(2 * (1 + c));   // sqrt((1 - c) / 2) without its cancellation
    Rot turn{};
    turn[axis + 1] = (tau >= 0) == (axis == 1) ? half_sine : -half_sine;
    turn[0] = std::sqrt(1 - half_sine * half_sine);
    q = unit(mul(q, turn));
  }

  // descending order: exchange two axes by a quarter turn about the third
  for (int pass = 0; pass < 3; ++pass) {
    const int i = pass % 2;
    if (!(value[i] + equal < value[i + 1])) continue;
    std::swap(value[i], value[i + 1]);
    Rot turn{0.70710678118654752440, 0, 0, 0};
    turn[(i + 2) % 3 + 1] = turn[0];
    q = unit(mul(q, turn));
  }
  return value;
}

}  // namespace nuri::shape
