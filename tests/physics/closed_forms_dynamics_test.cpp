// The equations of motion against a second way to compute them: mass matrix and bias by body Jacobians, forward dynamics by
// inverse dynamics with contacts, the discrete inverse, Jacobians by finite differences (T11, T12, T13, T15 of docs/verification.md).
#include <algorithm>
#include "engine/core/random.h"
#include "tests/physics/closed_forms_bodies.h"

using namespace nuri;
using namespace nuri::closed_forms;

namespace {

double draw(uint64_t stream, int i) { return 2 * uniform(3, stream, 0, 0, uint32_t(i)) - 1; }

// A random state: joints within 1 rad and 0.3 m, speeds within 2.
void scatter(Twins& w, uint64_t stream) {
  const model::Model& m = w.model();
  for (int j = 0; j < m.joint_count; ++j) {
    const int a = m.joint_qpos[j], type = m.joint_type[j];
    if (type >= 2) w.set(StateField::qpos, a, (type == 2 ? 0.3 : 1.0) * draw(stream, a));
    if (type == 0) for (int k = 0; k < 3; ++k) w.set(StateField::qpos, a + k, m.qpos0[size_t(a + k)] + 0.3 * draw(stream, a + k));
    if (type < 2) {
      const int q = a + (type == 0 ? 3 : 0);
      double x[4], sum = 0;
      for (int k = 0; k < 4; ++k) x[k] = draw(stream, q + k) + (k == 0), sum += x[k] * x[k];
      for (int k = 0; k < 4; ++k) w.set(StateField::qpos, q + k, x[k] / std::sqrt(sum));
    }
  }
  for (int i = 0; i < m.dof_count; ++i) w.set(StateField::qvel, i, 2 * draw(stream + 1000, i));
}

// Lower Cholesky factor exists.
bool positive(std::vector<double> M, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    for (size_t k = 0; k < j; ++k) M[j * n + j] -= M[j * n + k] * M[j * n + k];
    if (!(M[j * n + j] > 0)) return false;
    M[j * n + j] = std::sqrt(M[j * n + j]);
    for (size_t i = j + 1; i < n; ++i) {
      for (size_t k = 0; k < j; ++k) M[i * n + j] -= M[i * n + k] * M[j * n + k];
      M[i * n + j] /= M[j * n + j];
    }
  }
  return true;
}

// Constraint forces from accelerations, by the definition of MuJoCo's convex problem (documentation, Computation, "Constraint
// model" and "Reduced primal problem"): f = -grad s(J a - aref).
std::vector<double> row_forces(const model::Model& m, const Probe& p, const std::vector<double>& acc) {
  std::vector<double> f(p.rows.size());
  const auto residual = [&](size_t i) {
    double sum = -p.rows[i].aref;
    for (size_t d = 0; d < acc.size(); ++d) sum += p.rows[i].J[d] * acc[d];
    return sum;
  };
  for (size_t i = 0; i < p.rows.size(); ++i) {
    const RowRecord& row = p.rows[i];
    const double r = residual(i);
    if (row.kind >= 0) {                                           // the scenes here have limits only: one-sided springs
      f[i] = r < 0 ? -row.D * r : 0;
      continue;
    }
    const ContactRecord& c = p.contacts[size_t(row.id)];
    if (!m.elliptic || c.dim == 1) {
      f[i] = r < 0 ? -row.D * r : 0;
      continue;
    }
    // elliptic: N = mu r0, T = |(friction_k r_k)|: free above the dual cone, quadratic in the polar one, distance to the cone between
    const double mu = c.friction[0] / std::sqrt(m.impratio[0]);
    double u[6] = {mu * r}, squares = 0;
    for (int k = 1; k < c.dim; ++k) u[k] = c.friction[k - 1] * residual(i + size_t(k)), squares += u[k] * u[k];
    const double N = u[0], T = std::sqrt(squares);
    if (mu * N + T <= 0 || T <= 0 && N < 0)
      for (int k = 0; k < c.dim; ++k) f[i + size_t(k)] = -p.rows[i + size_t(k)].D * residual(i + size_t(k));
    else if (N < mu * T) {
      const double Dm = row.D / (mu * mu * (1 + mu * mu)), gap = N - mu * T;
      f[i] = -Dm * gap * mu;
      for (int k = 1; k < c.dim; ++k) f[i + size_t(k)] = Dm * gap * mu * u[k] / T * c.friction[k - 1];
    }
    i += size_t(c.dim) - 1;
  }
  return f;
}

// Inverse dynamics at the engine's own acceleration, minus the forces that were applied; relative to the largest term.
double inverse_error(const model::Model& m, const Probe& p, const std::vector<double>& acc, const std::vector<double>& applied) {
  const auto field = [&](const char* name) -> const std::vector<double>& { return p.fields.at(name).values; };
  const std::vector<double> f = row_forces(m, p, acc);
  std::vector<double> left = times(full_mass(m, p), acc), right(acc.size());
  for (size_t i = 0; i < acc.size(); ++i) {
    left[i] += field("bias")[i];
    right[i] = field("passive")[i] + field("actuation")[i] + applied[i];
    for (size_t r = 0; r < f.size(); ++r) right[i] += p.rows[r].J[i] * f[r];
  }
  return worst(left, right) / std::fmax(1, std::fmax(largest(left), largest(right)));
}

// A hand of three fingers over a floor with a ball and a box in it: contacts among moving bodies, limits, motors.
std::string hand(const std::string& option, const std::string& joint = "damping='0.05'") {
  std::string fingers, motors;
  for (int i = 0; i < 3; ++i) {
    const std::string n = std::to_string(i), angle = std::to_string(120 * i);
    fingers += "<body euler='0 0 " + angle + "'><body pos='0.12 0 0.02'><joint name='a" + n + "' axis='0 1 0' range='-10 10'/><geom type='capsule' size='0.02' fromto='0 0 0 0.02 0 0.1'/><body pos='0.02 0 0.1'><joint name='b" + n +
               "' axis='0 1 0' range='-15 15'/><geom type='capsule' size='0.02' fromto='0 0 0 -0.04 0 0.08'/></body></body></body>";
    motors += "<motor joint='a" + n + "' gear='5'/><motor joint='b" + n + "' gear='2'/>";
  }
  return "<mujoco><option timestep='0.002' tolerance='0' ls_tolerance='1e-10' " + option + "/><default><joint armature='0.002' " + joint +
         "/><geom density='800' friction='0.8 0.01 0.001'/></default><worldbody><geom type='plane' size='1 1 1'/><body pos='0 0 0.03'><freejoint/><geom type='cylinder' size='0.13 0.02'/>" + fingers +
         "</body><body pos='0.01 0.02 0.13'><freejoint/><geom type='sphere' size='0.05' condim='4'/></body><body pos='-0.03 0.01 0.25'><freejoint/><geom type='sphere' size='0.04' condim='6'/></body></worldbody><actuator>" + motors + "</actuator></mujoco>";
}
void drive(Twins& w, uint64_t step) {
  for (int i = 0; i < w.model().control_count; ++i) w.set(StateField::ctrl, i, draw(50 + step / 10, i));
}

// Force and torque sensors at joint `arm` against Newton-Euler summed over the bodies beyond it, at the engine's own acceleration;
// relative to their largest. The sensors give what the body feels from its parent, in the site's frame.
double reaction_error(const model::Model& m, const Probe& p, const Bodies& b) {
  const std::vector<double>& acc = p.fields.at("acc").values;
  const std::vector<double>& sensed = p.fields.at("sensors").values;
  const int arm = m.site_body[0];
  const V3 g{m.gravity[0], m.gravity[1], m.gravity[2]}, local{m.site_pos[0], m.site_pos[1], m.site_pos[2]};
  V3 site = at(b.xpos, arm), force{}, torque{};
  for (int k = 0; k < 3; ++k) site = site + local[size_t(k)] * column(b.xmat, arm, k);
  for (int body = arm; body < m.body_count; ++body) {
    int up = body;
    while (up > arm) up = m.body_parent[up];
    if (up != arm) continue;
    const size_t i = size_t(body);
    V3 a = b.a[i], alpha = b.alpha[i];
    for (size_t d = 0; d < acc.size(); ++d) a = a + acc[d] * b.Jt[i][d], alpha = alpha + acc[d] * b.Jr[i][d];
    const V3 f = m.body_mass[i] * (a - g);
    force = force + f;
    torque = torque + b.inertia[i] * alpha + cross(b.w[i], b.inertia[i] * b.w[i]) + cross(at(b.xipos, body) - site, f);
  }
  V3 error_f{}, error_t{};
  for (int k = 0; k < 3; ++k) {                                    // the site is turned as its body
    error_f[size_t(k)] = sensed[size_t(k)] - dot(force, column(b.xmat, arm, k));
    error_t[size_t(k)] = sensed[size_t(3 + k)] - dot(torque, column(b.xmat, arm, k));
  }
  return std::fmax(norm(error_f) / norm(force), norm(error_t) / std::fmax(norm(torque), 0.1 * norm(force)));
}

}  // namespace

TEST_CASE("T11 mass matrix and bias: composite bodies against body Jacobians, kinetic energy, force sensors") {
  for (const Precision p : both_precisions)
    for (const bool floating : {true, false}) {
      Twins w(tree(floating, ""), p);
      const model::Model& m = w.model();
      const size_t n = size_t(m.dof_count);
      double mass = 0, bias = 0, energy = 0, forward = 0, reaction = 0, control = 1e9;
      for (int state = 0; state < 100; ++state) {
        scatter(w, uint64_t(state));
        const Probe probe = w.probe();
        const Bodies reference(m, probe, velocities(w));
        std::vector<double> M = full_mass(m, probe), M2 = reference.mass(), c = probe.fields.at("bias").values, Mv = times(M, reference.qd);
        mass = std::fmax(mass, worst(M, M2) / largest(M2));
        bias = std::fmax(bias, worst(c, reference.bias()) / largest(c));
        double kinetic = 0;
        for (size_t i = 0; i < n; ++i) kinetic += reference.qd[i] * (Mv[i] - m.dof_armature[i] * reference.qd[i]) / 2;
        energy = std::fmax(energy, std::fabs(kinetic / reference.kinetic() - 1));
        REQUIRE(positive(M, n));
        // forward dynamics: M acc + bias = 0
        std::vector<double> load = times(M2, probe.fields.at("acc").values);
        const double scale = std::fmax(largest(load), largest(c));
        for (double& x : load) x = -x;
        forward = std::fmax(forward, worst(load, c) / scale);
        reaction = std::fmax(reaction, reaction_error(m, probe, reference));
        M2[0] *= 1 + 1e-3;
        control = std::fmin(control, worst(M, M2) / largest(M2));
      }
      w.step(20);
      CHECK(w.alike());
      const std::string kind = floating ? ", floating" : ", held";
      judge("T11 M" + kind, p, mass, 3 * w.epsilon());              // measured 1.0, 0.8 epsilon
      judge("T11 bias" + kind, p, bias, 15 * w.epsilon());          // 6.0, 2.9
      judge("T11 v'Mv / 2" + kind, p, energy, 9 * w.epsilon());     // 3.0, 1.0
      judge("T11 M acc + bias" + kind, p, forward, 60 * w.epsilon());   // 12.9, 21.6
      judge("T24 joint reaction" + kind, p, reaction, 500 * w.epsilon());   // 195, 178
      rejects("M wrong by 1e-3 in one entry", control, 60 * w.epsilon());
    }
}

TEST_CASE("T12 forward dynamics is the inverse of inverse dynamics, with contacts and limits") {
  struct Case { const char *name, *option; double level[2]; };
  const Case cases[] = {
      {"Newton, pyramid", "iterations='200'", {8e-14, 3e-5}},                            // measured 2.8e-14, 1.0e-5
      {"Newton, elliptic", "cone='elliptic' impratio='2' iterations='200'", {8e-14, 3e-5}},   // 1.4e-14, 1.0e-5
      {"PGS, pyramid", "solver='PGS' iterations='2000'", {1e-12, 3e-4}},                 // 2.5e-13, 1.1e-4
      {"PGS, elliptic", "solver='PGS' cone='elliptic' iterations='2000'", {8e-9, 3e-4}},      // 2.5e-9, 8.6e-5
  };
  for (const Precision p : both_precisions)
    for (const Case& c : cases) {
      Twins w(hand(c.option), p);
      const model::Model& m = w.model();
      double error = 0, control = 1e9;
      size_t contacts = 0, limits = 0;
      for (uint64_t step = 0; step < 70; step += 10) {
        drive(w, step);
        w.step(10);
        drive(w, step + 10);
        const Probe probe = w.probe();
        std::vector<double> acc = probe.fields.at("acc").values, none(acc.size());
        error = std::fmax(error, inverse_error(m, probe, acc, none));
        contacts += probe.contacts.size();
        for (const RowRecord& r : probe.rows) limits += r.kind >= 0;
        std::vector<double> off = acc;
        for (double& x : off) x *= 1.1;
        control = std::fmin(control, inverse_error(m, probe, off, none));
      }
      CHECK(contacts > 10);
      CHECK(limits > 0);
      CHECK(w.alike());
      judge(std::string("T12 ") + c.name, p, error, c.level[p == Precision::f32]);
      rejects("accelerations wrong by a tenth", control, c.level[p == Precision::f32]);
    }
}

TEST_CASE("T13 discrete inverse dynamics: (v' - v) / h, with the implicit damping accounted for") {
  for (const Precision p : both_precisions)
    for (const char* integrator : {"Euler", "implicitfast"}) {
      Twins w(hand(std::string("iterations='200' integrator='") + integrator + "'", "damping='30'"), p);
      const model::Model& m = w.model();
      double error = 0, control = 0;
      for (uint64_t step = 0; step < 70; step += 10) {
        drive(w, step);
        w.step(10);
        drive(w, step + 10);
        const Probe probe = w.probe();
        const std::vector<double> before = velocities(w);
        w.step(1);
        // M a = (M + h damping) (v' - v) / h
        std::vector<double> rate = velocities(w), none(rate.size());
        for (size_t i = 0; i < rate.size(); ++i) rate[i] = (rate[i] - before[i]) / w.timestep();
        const std::vector<double> M = full_mass(m, probe);
        const std::vector<double>& smooth = probe.fields.at("smooth").values;
        std::vector<double> force = times(M, rate), total = smooth, explicit_force = force;
        const std::vector<double>& constraint = probe.fields.at("constraint").values;
        for (size_t i = 0; i < rate.size(); ++i) force[i] += w.timestep() * m.dof_damping[i] * rate[i], total[i] += constraint[i];
        error = std::fmax(error, worst(force, total));            // N, N m
        control = std::fmax(control, worst(explicit_force, total));
      }
      CHECK(w.alike());
      // rounding of v' - v is amplified by 1 / h
      judge(std::string("T13 ") + integrator + ", N, N m", p, error, p == Precision::f64 ? 1e-9 : 1e-2);   // measured 1.1e-14, 9.7e-6
      rejects("damping taken as explicit", control, 1);
    }
}

TEST_CASE("T15 Jacobians against finite differences of poses, every kind of joint; contact normals against distances") {
  for (const Precision p : both_precisions) {
    const double step = p == Precision::f64 ? 1e-5 : 1e-2, level = p == Precision::f64 ? 1e-7 : 1e-3;   // central differences: step^2 + epsilon / step
    Twins w(tree(true, ""), p, 0);
    const model::Model& m = w.model();
    double error = 0, control = 0;
    for (int state = 0; state < 3; ++state) {
      scatter(w, uint64_t(200 + state));
      const Probe middle = w.probe();
      const std::vector<double>& cdof = middle.fields.at("cdof").values;
      for (int d = 0; d < m.dof_count; ++d) {
        const int j = m.dof_joint[d], k = d - m.joint_dof[j], type = m.joint_type[j], adr = m.joint_qpos[j];
        Probe end[2];
        for (const int side : {0, 1}) {
          const double by = side ? step : -step;
          if (type >= 2 || type == 0 && k < 3) {
            const double q = w.position(adr + k);
            w.set(StateField::qpos, adr + k, q + by);
            end[side] = w.probe();
            w.set(StateField::qpos, adr + k, q);
          } else {                                                 // q (cos(by / 2), sin(by / 2) e_k): a turn about a body axis
            const int a = adr + (type == 0 ? 3 : 0), e = type == 0 ? k - 3 : k;
            double q[4];
            for (int i = 0; i < 4; ++i) q[i] = w.position(a + i);
            const double s = std::sin(by / 2), c = std::cos(by / 2), t[3] = {s * (e == 0), s * (e == 1), s * (e == 2)};
            const double r[4] = {q[0] * c - q[1] * t[0] - q[2] * t[1] - q[3] * t[2], q[0] * t[0] + q[1] * c + q[2] * t[2] - q[3] * t[1],
                                 q[0] * t[1] - q[1] * t[2] + q[2] * c + q[3] * t[0], q[0] * t[2] + q[1] * t[1] - q[2] * t[0] + q[3] * c};
            for (int i = 0; i < 4; ++i) w.set(StateField::qpos, a + i, r[i]);
            end[side] = w.probe();
            for (int i = 0; i < 4; ++i) w.set(StateField::qpos, a + i, q[i]);
          }
        }
        for (int b = 1; b < m.body_count; ++b) {
          bool moves = false;
          for (int i = m.body_last_dof[b]; i >= 0; i = m.dof_parent[i]) moves |= i == d;
          const V3 turn = moves ? at(cdof, 2 * d) : V3{}, shift = moves ? at(cdof, 2 * d + 1) : V3{};
          const auto difference = [&](const char* field, int i) { return 0.5 / step * (at(end[1].fields.at(field).values, i) - at(end[0].fields.at(field).values, i)); };
          const V3 com = at(middle.fields.at("com").values, 0), arm = at(middle.fields.at("xipos").values, b) - com;
          error = std::fmax(error, norm(shift + cross(turn, arm) - difference("xipos", b)));
          control = std::fmax(control, norm(shift + cross(turn, 1.001 * arm) - difference("xipos", b)));
          for (int axis = 0; axis < 3; ++axis) {                   // d/dt of a body axis = w x axis
            const auto x = [&](const Probe& probe) { return column(probe.fields.at("xmat").values, b, axis); };
            error = std::fmax(error, norm(cross(turn, x(middle)) - 0.5 / step * (x(end[1]) - x(end[0]))));
          }
        }
      }
    }
    judge("T15 cdof", p, error, level);
    if (p == Precision::f64) rejects("lever arms wrong by 1e-3", control, level);
  }
  // the normal row of a frictionless contact is the gradient of its distance
  Twins w("<mujoco><worldbody><geom type='plane' size='1 1 1' euler='5 8 0' condim='1'/><body pos='0 0 0.2'><joint type='slide' axis='0 0 1'/><joint axis='0 1 0' pos='0.1 0 0'/><joint axis='1 0.3 0'/>"
          "<geom type='capsule' size='0.05' fromto='-0.2 0 -0.17 0.2 0.02 -0.21' condim='1'/><body pos='0.3 0 0'><joint type='hinge' axis='0 1 0.5'/><geom type='sphere' size='0.1' pos='0.1 0 -0.2' condim='1'/></body></body></worldbody></mujoco>",
          Precision::f64, 0);
  const Probe middle = w.probe();
  REQUIRE(middle.contacts.size() == 3);
  double error = 0;
  for (int d = 0; d < w.model().dof_count; ++d) {
    Probe end[2];
    for (const int side : {0, 1}) {
      const double q = w.position(d);
      w.set(StateField::qpos, d, q + (side ? 1e-5 : -1e-5));
      end[side] = w.probe();
      w.set(StateField::qpos, d, q);
    }
    for (const RowRecord& r : middle.rows) {
      const size_t c = size_t(r.id);
      error = std::fmax(error, std::fabs(r.J[size_t(d)] - (end[1].contacts[c].dist - end[0].contacts[c].dist) / 2e-5));
    }
  }
  judge("T15 contact normal", Precision::f64, error, 1e-7);
}
