// Where bodies are: of the initial state, by forward kinematics, and as places.
#include "render/view/place.h"

namespace nuri::view {

using model::Model;
using rigid::Rot;
using rigid::Vec;

namespace { enum { joint_free, joint_ball }; }      // numbers of Model::joint_type; slides and hinges begin where they are 0

Poses initial_poses(const Model& m) {
  Poses out;
  std::vector<Vec> position(size_t(m.body_count), Vec{0, 0, 0});
  std::vector<Rot> rotation(size_t(m.body_count), Rot{1, 0, 0, 0});
  for (size_t b = 1; b < size_t(m.body_count); ++b) {
    const auto parent = size_t(m.body_parent[b]);
    Vec t = rigid::add(position[parent], rigid::rotate(rotation[parent], rigid::vec(&m.body_pos[3 * b])));
    Rot q = rigid::mul(rotation[parent], rigid::unit(rigid::rot(&m.body_quat[4 * b])));
    if (m.body_mocap[b] >= 0) {
      const auto mocap = size_t(m.body_mocap[b]);
      t = rigid::vec(&m.mocap_pos0[3 * mocap]), q = rigid::rot(&m.mocap_quat0[4 * mocap]);
    }
    for (int j = m.body_joint_adr[b]; j < m.body_joint_adr[b] + m.body_joint_num[b]; ++j) {
      const double* q0 = &m.qpos0[size_t(m.joint_qpos[j])];
      if (m.joint_type[j] == joint_free) {
        t = rigid::vec(q0), q = rigid::rot(q0 + 3);
      } else if (m.joint_type[j] == joint_ball) {  // turns about its anchor
        const Vec anchor = rigid::vec(&m.joint_pos[3 * size_t(j)]), before = rigid::rotate(q, anchor);
        q = rigid::mul(q, rigid::unit(rigid::rot(q0)));
        t = rigid::add(t, rigid::sub(before, rigid::rotate(q, anchor)));
      }
    }
    position[b] = t, rotation[b] = rigid::unit(q);
  }
  for (const Vec& t : position) out.position.insert(out.position.end(), t.begin(), t.end());
  for (const Rot& q : rotation) out.rotation.insert(out.rotation.end(), q.begin(), q.end());
  return out;
}

std::vector<Place> body_places(const Model& m, const Poses& poses) {
  std::vector<Place> out(size_t(m.body_count));
  for (size_t b = 0; b < out.size(); ++b) out[b] = body_place(poses, b);
  return out;
}

Vec3f centre_of_mass(const Model& m, const std::vector<Place>& bodies, int body) {
  std::vector<char> below(bodies.size());
  rigid::Vec sum{0, 0, 0};
  double mass = 0;
  for (size_t b = size_t(body); b < bodies.size(); ++b) {
    below[b] = b == size_t(body) || (b > 0 && below[size_t(m.body_parent[b])]);
    if (!below[b]) continue;
    const Vec3f at_centre = at(bodies[b], narrow(&m.body_ipos[3 * b]));
    for (size_t k = 0; k < 3; ++k) sum[k] += m.body_mass[b] * double(at_centre[k]);
    mass += m.body_mass[b];
  }
  return mass > 0 ? narrow(rigid::scale(sum, 1 / mass)) : origin(bodies[size_t(body)]);
}

Place along(const Vec3f& position, const Vec3f& axis) {
  const Vec3f z = unit(axis, {0, 0, 1}), other = std::abs(z[0]) < 0.7f ? Vec3f{1, 0, 0} : Vec3f{0, 1, 0};
  const Vec3f y = unit(cross(z, other), {0, 1, 0}), x = cross(y, z);
  return {{x[0], y[0], z[0], position[0], x[1], y[1], z[1], position[1], x[2], y[2], z[2], position[2]}};
}

}  // namespace nuri::view
