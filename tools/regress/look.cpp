#include "tools/regress/look.h"

#include <cmath>
#include "engine/model/model_flags.h"
#include "tools/session/kinematics.h"

namespace nuri::regress {

void Look::renew() {
  for (const int e : probed_) probes_[size_t(e)].reset();
  probed_.clear();
}

const Probe& Look::probe(int e) {
  std::optional<Probe>& probe = probes_[size_t(e)];
  if (!probe) probe = world().probe(e), probed_.push_back(e);
  return *probe;
}

Vec Look::position(int e, int body) {
  Vec out;
  for (int k = 0; k < 3; ++k) out[size_t(k)] = world().get(StateField::xpos, e, 3 * body + k);
  return out;
}

Rot Look::orientation(int e, int body) {
  Rot out;
  for (int k = 0; k < 4; ++k) out[size_t(k)] = world().get(StateField::xquat, e, 4 * body + k);
  return out;
}

Motion Look::motion(int e, int body) {
  const model::Model& m = world().model(e);
  const int joint = m.body_joint_adr[body];
  if (m.body_joint_num[body] == 1 && m.joint_type[joint] == int(scene::JointType::free)) {
    auto speed = [&](int k) { return world().get(StateField::qvel, e, m.joint_dof[joint] + k); };   // angular: body axes
    return {{speed(0), speed(1), speed(2)}, shape::rotate(orientation(e, body), {speed(3), speed(4), speed(5)})};
  }
  // cvel: of the body, seen at the centre of mass of its tree
  const Probe& p = probe(e);
  const std::vector<double>&cvel = p.fields.at("cvel").values, &com = p.fields.at("com").values, &xpos = p.fields.at("xpos").values;
  const Vec w = shape::vec(&cvel[6 * size_t(body)]), v = shape::vec(&cvel[6 * size_t(body) + 3]);
  return {shape::add(v, shape::cross(w, shape::sub(shape::vec(&xpos[3 * size_t(body)]), shape::vec(&com[3 * size_t(m.body_frame[body])])))),
          w};
}

double energy(World& world, int e, const Probe& probe) {
  const model::Model& m = world.model(e);
  auto own = [&](const char* field, const std::vector<double>& values, int item) {
    return world.overridden(field, e, item).value_or(values[size_t(item)]);
  };
  auto qpos = [&](int i) { return world.get(StateField::qpos, e, i); };
  auto qvel = [&](int i) { return world.get(StateField::qvel, e, i); };
  double sum = 0;

  // 1/2 v' M v: M is symmetric, rows hold what is left of the diagonal
  const std::vector<double>& mass = probe.fields.at("mass").values;
  for (int i = 0; i < m.dof_count; ++i) {
    const int first = m.mass_adr[i], above = m.ancestor_adr[i], n = m.ancestor_adr[i + 1] - above;
    double momentum = 0.5 * mass[size_t(first + n)] * qvel(i);
    for (int k = 0; k < n; ++k) momentum += mass[size_t(first + k)] * qvel(m.ancestor[above + k]);
    sum += momentum * qvel(i);
  }

  // -m g' x
  const std::vector<double>& com = probe.fields.at("xipos").values;
  const Vec gravity{own("gravity", m.gravity, 0), own("gravity", m.gravity, 1), own("gravity", m.gravity, 2)};
  for (int b = 1; b < m.body_count && (m.flags & model::flag_gravity); ++b)
    sum -= own("body_mass", m.body_mass, b) * shape::dot(gravity, shape::vec(&com[3 * size_t(b)]));
  if (!(m.flags & model::flag_spring)) return sum;

  // 1/2 k s^2, and 1/3 k1 s^3 + 1/4 k2 s^4
  const auto higher = [&](const char* name, const std::vector<double>& values, int i, double s) {
    return s * s * s * (own(name, values, 2 * i) / 3 + own(name, values, 2 * i + 1) * s / 4);
  };
  for (int j = 0; j < m.joint_count; ++j) {
    const double stiffness = own("joint_stiffness", m.joint_stiffness, j);
    const bool grows = own("joint_stiffness_poly", m.joint_stiffness_poly, 2 * j) != 0 || own("joint_stiffness_poly", m.joint_stiffness_poly, 2 * j + 1) != 0;
    if (stiffness == 0 && !grows) continue;
    const bool free = m.joint_type[j] == int(scene::JointType::free), ball = m.joint_type[j] == int(scene::JointType::ball);
    const int at = m.joint_qpos[j], single = free ? 3 : ball ? 0 : 1;
    const int plastic = m.joint_plastic[j];
    const auto rests = [&](int k) { return plastic < 0 ? own("qpos_spring", m.qpos_spring, k) : world.get(StateField::plastic, e, plastic + k - at); };
    const auto apart = [&](int k) { return qpos(k) - rests(k); };
    double squared = 0;
    for (int k = at; k < at + single; ++k) squared += std::pow(apart(k), 2);
    if (single > 0) sum += higher("joint_stiffness_poly", m.joint_stiffness_poly, j, single == 1 ? apart(at) : std::sqrt(squared));
    if (single != 1) {
      Rot now, rest;
      for (int k = 0; k < 4; ++k)
        now[size_t(k)] = qpos(at + single + k), rest[size_t(k)] = rests(at + single + k);
      const Vec turn = session::rotation_between(rest, shape::unit(now));
      squared += shape::dot(turn, turn);
      sum += higher("joint_stiffness_poly", m.joint_stiffness_poly, j, std::sqrt(shape::dot(turn, turn)));
    }
    sum += 0.5 * stiffness * squared;
  }
  const std::vector<double>& lengths = probe.fields.at("tendon_length").values;
  for (int t = 0; t < m.tendon_count; ++t) {
    const int plastic = m.tendon_plastic[t];
    const auto rests = [&](int k) { return plastic < 0 ? own("tendon_spring", m.tendon_spring, 2 * t + k) : world.get(StateField::plastic, e, plastic + k); };
    const double length = lengths[size_t(t)], low = rests(0), high = rests(1);
    const double stretch = length < low ? length - low : length > high ? length - high : 0;
    sum += 0.5 * own("tendon_stiffness", m.tendon_stiffness, t) * stretch * stretch + higher("tendon_stiffness_poly", m.tendon_stiffness_poly, t, stretch);
  }
  return sum;
}

}  // namespace nuri::regress
