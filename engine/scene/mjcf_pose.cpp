#include "engine/scene/mjcf_pose.h"
#include <algorithm>
#include <cmath>
#include <numbers>
#include "engine/scene/mjcf_reader.h"

namespace nuri::scene::mjcf {
namespace {

constexpr double tiny = 1e-14;   // below this a direction is no direction, and a length is one

Array3 cross(const double* a, const double* b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }

Array4 multiply(const Array4& a, const Array4& b) {
  return {a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3], a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
          a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1], a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]};
}

template <std::size_t n> bool normalise_any(std::array<double, n>& v) {
  double square = 0;
  for (double x : v) square += x * x;
  if (square < tiny) return false;
  double length = std::sqrt(square);
  if (std::abs(length - 1) > tiny)  // keep what is already unit, bit for bit
    for (double& x : v) x /= length;
  return true;
}

// The shortest rotation that takes z to a unit vector; half a turn is about x.
Array4 from_z_axis(const Array3& z) {
  Array3 axis{-z[1], z[0], 0};
  double sine = std::sqrt(axis[0] * axis[0] + axis[1] * axis[1]);
  if (sine < 1e-10) axis = {1, 0, 0};
  else axis = {axis[0] / sine, axis[1] / sine, 0};
  double half = std::atan2(sine, z[2]) / 2;
  return {std::cos(half), axis[0] * std::sin(half), axis[1] * std::sin(half), 0};
}

// From the three axes of a frame (columns of its matrix): the largest component first, for accuracy.
Array4 from_axes(const Array3& x, const Array3& y, const Array3& z) {
  Array4 q;
  if (x[0] + y[1] + z[2] > 0) {
    q[0] = 0.5 * std::sqrt(1 + x[0] + y[1] + z[2]);
    q[1] = 0.25 * (y[2] - z[1]) / q[0];
    q[2] = 0.25 * (z[0] - x[2]) / q[0];
    q[3] = 0.25 * (x[1] - y[0]) / q[0];
  } else if (x[0] > y[1] && x[0] > z[2]) {
    q[1] = 0.5 * std::sqrt(1 + x[0] - y[1] - z[2]);
    q[0] = 0.25 * (y[2] - z[1]) / q[1];
    q[2] = 0.25 * (y[0] + x[1]) / q[1];
    q[3] = 0.25 * (z[0] + x[2]) / q[1];
  } else if (y[1] > z[2]) {
    q[2] = 0.5 * std::sqrt(1 - x[0] + y[1] - z[2]);
    q[0] = 0.25 * (z[0] - x[2]) / q[2];
    q[1] = 0.25 * (y[0] + x[1]) / q[2];
    q[3] = 0.25 * (z[1] + y[2]) / q[2];
  } else {
    q[3] = 0.5 * std::sqrt(1 - x[0] - y[1] + z[2]);
    q[0] = 0.25 * (x[1] - y[0]) / q[3];
    q[1] = 0.25 * (z[0] + x[2]) / q[3];
    q[2] = 0.25 * (z[1] + y[2]) / q[3];
  }
  normalise(q);
  return q;
}

// Files write few digits. What is further off was hardly meant as a unit quaternion.
constexpr double far_from_unit = 0.01;

}  // namespace

bool normalise(Array3& vector) { return normalise_any(vector); }
bool normalise(Array4& quat) { return normalise_any(quat); }

void read_orientation(Attributes& attributes, Orientation& out) {
  using Kind = Orientation::Kind;
  int written = 0;
  const char* last = "quat";
  auto take = [&](bool read, const char* name, Kind kind) {
    if (attributes.has(name)) ++written, last = name;
    if (read) out.kind = kind;
  };
  Array4 quat = out.quat;
  bool has_quat = attributes.vector("quat", quat);
  const double length = std::sqrt(quat[0] * quat[0] + quat[1] * quat[1] + quat[2] * quat[2] + quat[3] * quat[3]);
  if (has_quat && std::abs(length - 1) > far_from_unit) attributes.note("quat", "normalised-quat", "this quaternion has the length " + std::to_string(length) + ": it was made 1");
  if (has_quat && attributes.check(normalise(quat), "quat", "not be zero")) out.quat = quat;
  take(has_quat, "quat", Kind::quat);
  take(attributes.vector("axisangle", out.axisangle), "axisangle", Kind::axisangle);
  take(attributes.vector("xyaxes", out.xyaxes), "xyaxes", Kind::xyaxes);
  take(attributes.vector("zaxis", out.zaxis), "zaxis", Kind::zaxis);
  take(attributes.vector("euler", out.euler), "euler", Kind::euler);
  if (written > 1)
    attributes.error(last, "conflicting-attributes", "<" + attributes.element().name + "> gives its orientation more than once",
                     "keep one of quat, axisangle, xyaxes, zaxis, euler");
}

Array4 resolve(Attributes& attributes, const Orientation& o, const Settings& settings) {
  constexpr Array4 identity{1, 0, 0, 0};
  switch (o.kind) {
    case Orientation::Kind::quat: return o.quat;
    case Orientation::Kind::axisangle: {
      Array3 axis{o.axisangle[0], o.axisangle[1], o.axisangle[2]};
      if (!attributes.check(normalise(axis), "axisangle", "have an axis that is not zero")) return identity;
      double half = settings.angle(o.axisangle[3]) / 2;
      return {std::cos(half), std::sin(half) * axis[0], std::sin(half) * axis[1], std::sin(half) * axis[2]};
    }
    case Orientation::Kind::xyaxes: {
      Array3 x{o.xyaxes[0], o.xyaxes[1], o.xyaxes[2]}, y{o.xyaxes[3], o.xyaxes[4], o.xyaxes[5]};
      bool good = normalise(x);
      double along = x[0] * y[0] + x[1] * y[1] + x[2] * y[2];
      for (std::size_t i = 0; i < 3; ++i) y[i] -= x[i] * along;
      good = good && normalise(y);
      Array3 z = cross(x.data(), y.data());
      if (!attributes.check(good && normalise(z), "xyaxes", "hold two directions that are not zero and not parallel")) return identity;
      return from_axes(x, y, z);
    }
    case Orientation::Kind::zaxis: {
      Array3 z = o.zaxis;
      return attributes.check(normalise(z), "zaxis", "not be zero") ? from_z_axis(z) : identity;
    }
    case Orientation::Kind::euler: break;
  }
  // lower case: about axes that move along, upper case: about fixed axes
  Array4 q = identity;
  for (std::size_t i = 0; i < 3; ++i) {
    double half = settings.angle(o.euler[i]) / 2;
    char axis = settings.eulerseq[i];
    bool moving = axis >= 'x';
    Array4 turn{std::cos(half), 0, 0, 0};
    turn[static_cast<std::size_t>(axis - (moving ? 'x' : 'X')) + 1] = std::sin(half);
    q = moving ? multiply(q, turn) : multiply(turn, q);
    normalise(q);
  }
  return q;
}

void resolve_fromto(Attributes& attributes, const FromTo& fromto, GeomType type, Array3& size, Array3& pos, Array4& quat) {
  bool fits = type == GeomType::capsule || type == GeomType::cylinder || type == GeomType::ellipsoid || type == GeomType::box;
  if (!attributes.check(fits, "fromto", "belong to a capsule, cylinder, ellipsoid or box")) return;
  if (pos != Array3{0, 0, 0})
    return attributes.error("pos", "conflicting-attributes", "<" + attributes.element().name + "> has both fromto and pos", "fromto gives the position: remove pos");
  Array3 z{fromto[0] - fromto[3], fromto[1] - fromto[4], fromto[2] - fromto[5]};
  double length = std::sqrt(z[0] * z[0] + z[1] * z[1] + z[2] * z[2]);
  if (!attributes.check(normalise(z) && length / 2 >= tiny, "fromto", "hold two different points")) return;
  size[1] = length / 2;
  if (type == GeomType::ellipsoid || type == GeomType::box) size[2] = size[1], size[1] = size[0];
  for (std::size_t i = 0; i < 3; ++i) pos[i] = (fromto[i] + fromto[i + 3]) / 2;
  quat = from_z_axis(z);
}

void check_size(Attributes& attributes, GeomType type, const Array3& size) {
  if (type == GeomType::plane) {  // half sizes of what is drawn, 0: infinite; the third is the spacing of its grid
    attributes.check(size[0] >= 0 && size[1] >= 0 && size[2] > 0, "size", "hold, for a plane, two half sizes >= 0 m and a grid spacing > 0 m");
    return;
  }
  const int needed = type == GeomType::sphere ? 1 : type == GeomType::capsule || type == GeomType::cylinder ? 2 : 3;
  static constexpr const char* must[] = {"", "hold a radius > 0 m", "hold a radius and a half length > 0 m", "hold three half sizes > 0 m"};
  attributes.check(std::all_of(size.begin(), size.begin() + needed, [](double s) { return s > 0; }), "size", must[needed]);
}

Array3 rotate(const Array4& quat, const Array3& v) {
  if (quat == Array4{1, 0, 0, 0}) return v;
  Array3 t = cross(quat.data() + 1, v.data());
  for (std::size_t i = 0; i < 3; ++i) t[i] += quat[0] * v[i];
  Array3 u = cross(quat.data() + 1, t.data());
  return {v[0] + 2 * u[0], v[1] + 2 * u[1], v[2] + 2 * u[2]};
}

Pose compose(const Pose& outer, const Pose& inner) {
  Array3 offset = rotate(outer.quat, inner.pos);
  Pose pose{{outer.pos[0] + offset[0], outer.pos[1] + offset[1], outer.pos[2] + offset[2]}, multiply(outer.quat, inner.quat)};
  normalise(pose.quat);
  return pose;
}

void principal_inertia(const std::array<double, 6>& full, Array3& out_moments, Array4& out_quat) {
  double a[3][3] = {{full[0], full[3], full[4]}, {full[3], full[1], full[5]}, {full[4], full[5], full[2]}};
  double v[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};  // columns: axes
  for (int sweep = 0; sweep < 50; ++sweep) {
    double off = std::abs(a[0][1]) + std::abs(a[0][2]) + std::abs(a[1][2]);
    if (off <= 1e-17 * (std::abs(a[0][0]) + std::abs(a[1][1]) + std::abs(a[2][2]))) break;
    for (int p = 0; p < 2; ++p)
      for (int q = p + 1; q < 3; ++q) {
        if (a[p][q] == 0) continue;
        // the rotation in the plane p q that makes a[p][q] zero (Golub, Van Loan, 8.5)
        double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
        double c = 1 / std::sqrt(t * t + 1), s = t * c;
        for (int k = 0; k < 3; ++k) {
          double kp = a[k][p], kq = a[k][q];
          a[k][p] = c * kp - s * kq;
          a[k][q] = s * kp + c * kq;
        }
        for (int k = 0; k < 3; ++k) {
          double pk = a[p][k], qk = a[q][k];
          a[p][k] = c * pk - s * qk;
          a[q][k] = s * pk + c * qk;
          double vp = v[k][p], vq = v[k][q];
          v[k][p] = c * vp - s * vq;
          v[k][q] = s * vp + c * vq;
        }
      }
  }
  int order[3] = {0, 1, 2};
  std::stable_sort(order, order + 3, [&](int i, int j) { return a[i][i] > a[j][j]; });
  Array3 axes[3];
  for (std::size_t k = 0; k < 3; ++k) {
    out_moments[k] = a[order[k]][order[k]];
    for (std::size_t i = 0; i < 3; ++i) axes[k][i] = v[i][order[k]];
  }
  axes[2] = cross(axes[0].data(), axes[1].data());
  out_quat = from_axes(axes[0], axes[1], axes[2]);
}

}  // namespace nuri::scene::mjcf
