// A second, slow way to the dynamics of a tree, for tests: Jacobians of every body's centre of mass, column by column from
// joint anchors and axes, and Newton-Euler per body. Shares the poses of World::probe with the engine and nothing else.
//
//   v = Jt qd, w = Jr qd;  a = Jt qdd + (d/dt Jt) qd;  M = sum m Jt'Jt + Jr' I Jr + armature
//   bias = sum Jt' m (a0 - g) + Jr' (I alpha0 + w x I w),  a0, alpha0 at qdd = 0          world axes, SI
#pragma once
#include <array>
#include <vector>
#include "tests/physics/scene_text.h"

namespace nuri::closed_forms {

using V3 = std::array<double, 3>;
inline V3 operator+(V3 a, V3 b) { return {a[0] + b[0], a[1] + b[1], a[2] + b[2]}; }
inline V3 operator-(V3 a, V3 b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
inline V3 operator*(double s, V3 a) { return {s * a[0], s * a[1], s * a[2]}; }
inline V3 cross(V3 a, V3 b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }
inline double dot(V3 a, V3 b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
inline double norm(V3 a) { return std::sqrt(dot(a, a)); }
inline V3 at(const std::vector<double>& x, int i) { return {x[size_t(3 * i)], x[size_t(3 * i + 1)], x[size_t(3 * i + 2)]}; }
using M3 = std::array<V3, 3>;                                      // rows
inline V3 operator*(const M3& m, V3 v) { return {dot(m[0], v), dot(m[1], v), dot(m[2], v)}; }
inline V3 column(const std::vector<double>& xmat, int body, int k) { return {xmat[size_t(9 * body + k)], xmat[size_t(9 * body + 3 + k)], xmat[size_t(9 * body + 6 + k)]}; }

inline double worst(const std::vector<double>& a, const std::vector<double>& b) {
  double out = a.size() == b.size() ? 0 : std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) out = std::isfinite(a[i] - b[i]) ? std::fmax(out, std::fabs(a[i] - b[i])) : std::numeric_limits<double>::infinity();
  return out;
}
inline double largest(const std::vector<double>& a) { return worst(a, std::vector<double>(a.size(), 0.0)); }

// Full symmetric matrix from the engine's rows: a dof's ancestors ascending, then itself.
inline std::vector<double> full_mass(const model::Model& m, const Probe& probe) {
  const size_t n = size_t(m.dof_count);
  std::vector<double> M(n * n);
  for (int i = 0; i < m.dof_count; ++i) {
    int k = m.mass_adr[i];
    for (int a = m.ancestor_adr[i]; a <= m.ancestor_adr[i + 1]; ++a, ++k) {
      const int j = a < m.ancestor_adr[i + 1] ? m.ancestor[a] : i;
      M[size_t(i) * n + size_t(j)] = M[size_t(j) * n + size_t(i)] = probe.fields.at("mass").values[size_t(k)];
    }
  }
  return M;
}
inline std::vector<double> times(const std::vector<double>& M, const std::vector<double>& x) {
  std::vector<double> y(x.size());
  for (size_t i = 0; i < x.size(); ++i) for (size_t j = 0; j < x.size(); ++j) y[i] += M[i * x.size() + j] * x[j];
  return y;
}

struct Bodies {
  const model::Model& m;
  size_t n;
  std::vector<double> qd, xpos, xipos, xmat, anchor, axis;
  std::vector<std::vector<V3>> Jt, Jr;                             // [body][dof]: velocity of the centre of mass, angular velocity
  std::vector<V3> v, w, a, alpha;                                  // per body; a and alpha at qdd = 0
  std::vector<M3> inertia;                                         // about the centre of mass

  Bodies(const model::Model& model, const Probe& p, std::vector<double> velocity) : m(model), n(size_t(m.dof_count)), qd(std::move(velocity)) {
    const auto field = [&](const char* name) { return p.fields.at(name).values; };
    xpos = field("xpos"), xipos = field("xipos"), xmat = field("xmat"), anchor = field("anchor"), axis = field("axis");
    Jt.assign(size_t(m.body_count), std::vector<V3>(n)), Jr = Jt;
    v.assign(size_t(m.body_count), {}), w = a = alpha = v;
    inertia.resize(size_t(m.body_count));
    for (int b = 1; b < m.body_count; ++b) {
      add_body(b);
      const double* const I = &m.body_inertia6[size_t(6 * b)];     // xx yy zz xy xz yz, body axes
      const M3 local{V3{I[0], I[3], I[4]}, V3{I[3], I[1], I[5]}, V3{I[4], I[5], I[2]}};
      for (int r = 0; r < 3; ++r)
        for (int c = 0; c < 3; ++c)
          for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j) inertia[size_t(b)][size_t(r)][size_t(c)] += xmat[size_t(9 * b + 3 * r + i)] * local[size_t(i)][size_t(j)] * xmat[size_t(9 * b + 3 * c + j)];
    }
  }

  // Axis of a dof in the world; `linear`: it moves along it.
  V3 axis_of(int dof, bool& linear) const {
    const int j = m.dof_joint[dof], k = dof - m.joint_dof[j], type = m.joint_type[j];
    linear = type == 2 || type == 0 && k < 3;
    if (type >= 2) return at(axis, j);
    if (linear) return {double(k == 0), double(k == 1), double(k == 2)};
    return column(xmat, m.dof_body[dof], type == 0 ? k - 3 : k);
  }

  void add_body(int b) {
    std::vector<int> chain;
    for (int d = m.body_last_dof[b]; d >= 0; d = m.dof_parent[d]) chain.insert(chain.begin(), d);
    const V3 c = at(xipos, b);
    struct Point { V3 v, w; };
    // velocity of a point carried by the first `count` dofs of the chain
    const auto carried = [&](V3 point, size_t count) {
      Point out{};
      for (size_t i = 0; i < count; ++i) {
        bool linear;
        const V3 s = axis_of(chain[i], linear);
        const double rate = qd[size_t(chain[i])];
        if (linear) out.v = out.v + rate * s;
        else out.v = out.v + rate * cross(s, point - at(anchor, m.dof_joint[chain[i]])), out.w = out.w + rate * s;
      }
      return out;
    };
    const Point whole = carried(c, chain.size());
    v[size_t(b)] = whole.v, w[size_t(b)] = whole.w;
    for (size_t i = 0; i < chain.size(); ++i) {
      const int d = chain[i], j = m.dof_joint[d], type = m.joint_type[j];
      bool linear;
      const V3 s = axis_of(d, linear), p = at(anchor, j);
      size_t before = 0, through = 0;                              // dofs of the chain before joint j, and with it
      for (const int other : chain) before += other < m.joint_dof[j], through += m.dof_joint[other] <= j;
      // a hinge's or slide's axis turns with what carries it; those of ball and free joints with the body itself
      const V3 turning = type >= 2 ? carried(p, before).w : type == 0 && linear ? V3{} : carried(p, through).w;
      const V3 s_dot = cross(turning, s);
      const double rate = qd[size_t(d)];
      if (linear) {
        Jt[size_t(b)][size_t(d)] = s;
        a[size_t(b)] = a[size_t(b)] + rate * s_dot;
      } else {
        V3 p_dot = carried(p, before).v;
        if (type == 0) for (int k = 0; k < 3; ++k) p_dot[size_t(k)] += qd[size_t(m.joint_dof[j] + k)];
        Jr[size_t(b)][size_t(d)] = s;
        Jt[size_t(b)][size_t(d)] = cross(s, c - p);
        alpha[size_t(b)] = alpha[size_t(b)] + rate * s_dot;
        a[size_t(b)] = a[size_t(b)] + rate * (cross(s_dot, c - p) + cross(s, whole.v - p_dot));
      }
    }
  }

  std::vector<double> mass() const {
    std::vector<double> M(n * n);
    for (size_t b = 1; b < Jt.size(); ++b)
      for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j) M[i * n + j] += m.body_mass[b] * dot(Jt[b][i], Jt[b][j]) + dot(Jr[b][i], inertia[b] * Jr[b][j]);
    for (size_t i = 0; i < n; ++i) M[i * n + i] += m.dof_armature[i];
    return M;
  }
  std::vector<double> bias() const {
    const V3 g{m.gravity[0], m.gravity[1], m.gravity[2]};
    std::vector<double> out(n);
    for (size_t b = 1; b < Jt.size(); ++b) {
      const V3 force = m.body_mass[b] * (a[b] - g), torque = inertia[b] * alpha[b] + cross(w[b], inertia[b] * w[b]);
      for (size_t i = 0; i < n; ++i) out[i] += dot(Jt[b][i], force) + dot(Jr[b][i], torque);
    }
    return out;
  }
  double total_mass() const {
    double out = 0;
    for (size_t b = 1; b < Jt.size(); ++b) out += m.body_mass[b];
    return out;
  }
  double kinetic() const {
    double out = 0;
    for (size_t b = 1; b < Jt.size(); ++b) out += (m.body_mass[b] * dot(v[b], v[b]) + dot(w[b], inertia[b] * w[b])) / 2;
    return out;
  }
  V3 momentum() const {
    V3 out{};
    for (size_t b = 1; b < Jt.size(); ++b) out = out + m.body_mass[b] * v[b];
    return out;
  }
  V3 angular_momentum() const {                                    // about the world's origin
    V3 out{};
    for (size_t b = 1; b < Jt.size(); ++b) out = out + m.body_mass[b] * cross(at(xipos, int(b)), v[b]) + inertia[b] * w[b];
    return out;
  }
};

inline std::vector<double> velocities(const Twins& w) {
  std::vector<double> out(size_t(w.model().dof_count));
  for (int i = 0; i < w.model().dof_count; ++i) out[size_t(i)] = w.velocity(i);
  return out;
}
inline Bodies bodies(Twins& w) { return Bodies(w.model(), w.probe(), velocities(w)); }

// Ten bodies with every kind of joint, floating or held. Sites `s` with a force and a torque sensor at joint `arm`.
inline std::string tree(bool floating, const std::string& option) {
  const std::string root = floating ? "<freejoint/>" : "<joint type='ball'/>";
  return "<mujoco><option " + option + "/><default><geom contype='0' conaffinity='0' density='800'/></default><worldbody><body pos='0.1 0.2 1'>" + root +
         R"(<geom type='box' size='0.15 0.1 0.05' pos='0.02 0.01 0' euler='10 20 30'/>
    <body pos='0.15 0 0.05' euler='0 20 0'><joint name='arm' axis='0.2 1 0' pos='0.01 0 0' armature='0.01'/><geom type='capsule' size='0.03' fromto='0 0 0 0.2 0 0.05'/><site name='s' pos='0.01 0 0'/>
      <body pos='0.2 0 0.05'><joint axis='1 0 0'/><joint axis='0 1 0.3' pos='0 0.02 0'/><geom type='capsule' size='0.03' fromto='0 0 0 0.15 0.1 0'/>
        <body pos='0.15 0.1 0'><joint type='ball' pos='0 0 0.02'/><geom type='ellipsoid' size='0.05 0.07 0.09' pos='0.05 0 0.02'/></body></body></body>
    <body pos='-0.15 0.05 0'><joint type='slide' axis='-1 0.5 0.2'/><geom type='cylinder' size='0.04 0.08' euler='40 0 10'/>
      <body pos='-0.1 0 0' euler='0 0 50'><joint type='slide' axis='0 0 1'/><joint axis='0 0 1'/><geom type='box' size='0.05 0.06 0.07' pos='0 0.03 0.02'/></body></body>
    <body pos='0 -0.1 0.02'><joint axis='1 0 0' pos='0 0 0.01'/><geom type='capsule' size='0.025' fromto='0 0 0 0 -0.2 0'/>
      <body pos='0 -0.2 0'><joint axis='1 0 0'/><geom type='capsule' size='0.025' fromto='0 0 0 0 -0.15 -0.1'/>
        <body pos='0 -0.15 -0.1'><geom type='sphere' size='0.05'/><body pos='0 -0.05 0'><joint axis='0 0 1'/><geom type='box' size='0.02 0.08 0.03' pos='0.03 0 0'/></body></body></body></body>
  </body></worldbody><sensor><force site='s'/><torque site='s'/></sensor></mujoco>)";
}

}  // namespace nuri::closed_forms
