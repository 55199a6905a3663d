#include "physics/bullet/left_out.h"
#include <algorithm>
#include "engine/model/model_flags.h"
#include "engine/model/pairs.h"
#include "engine/scene/scene.h"

namespace nuri {
namespace {

constexpr size_t most_names = 8;

std::string named(const std::vector<std::string>& names, int i, const char* kind) {
  const std::string& name = names[size_t(i)];
  return name.empty() ? std::string(kind) + " " + std::to_string(i) : "'" + name + "'";
}

// "margins of geoms: 'a', 'b' and 3 more"; nothing if nobody is meant.
class Lines {
 public:
  template <class F> void each(const char* what, int count, const std::vector<std::string>& names, const char* kind, F is) {
    std::string text;
    size_t found = 0;
    for (int i = 0; i < count; ++i)
      if (is(i) && found++ < most_names) text += (text.empty() ? "" : ", ") + named(names, i, kind);
    if (found > most_names) text += " and " + std::to_string(found - most_names) + " more";
    if (found > 0) lines.push_back(std::string(what) + ": " + text);
  }
  std::vector<std::string> lines;
};

}  // namespace

bool unknown_to_bullet(const model::Model& m, int s) {
  using scene::SensorType;
  switch (SensorType(m.sensor_type[size_t(s)])) {
    case SensorType::touch:
    case SensorType::accelerometer:
    case SensorType::force:
    case SensorType::torque:
    case SensorType::framelinacc:
    case SensorType::frameangacc:
    case SensorType::jointlimitfrc:
    case SensorType::tendonlimitfrc:
    case SensorType::contact: return true;
    default: return false;
  }
}

std::vector<std::string> left_out_by_bullet(const model::Model& m) {
  Lines out;
  std::vector<char> wide(size_t(m.geom_count)), uneven(size_t(m.geom_count)), sticky(size_t(m.geom_count));
  for (int p = 0; p < m.pair_count; ++p)
    for (const int g : {m.pair_geom1[size_t(p)], m.pair_geom2[size_t(p)]}) {
      const double* const f = m.pair_friction.data() + 5 * p;
      const int dim = m.owner_dim[size_t(m.pair_owner[size_t(p)])];
      wide[size_t(g)] |= m.pair_margin[size_t(p)] != 0;
      sticky[size_t(g)] |= m.pair_adhesion[size_t(p)] != 0;
      uneven[size_t(g)] |= (dim > 1 && f[0] != f[1]) || (dim > 4 && f[3] != f[4]);
    }
  auto moves = [&](int g) { return m.body_tree[size_t(m.geom_body[size_t(g)])] >= 0; };
  out.each("margins and gaps of contacts", m.geom_count, m.geom_name, "geom", [&](int g) { return wide[size_t(g)] != 0; });
  out.each("adhesion of contacts", m.geom_count, m.geom_name, "geom", [&](int g) { return sticky[size_t(g)] != 0; });
  out.each("friction that differs by direction (the first number counts for both)", m.geom_count, m.geom_name, "geom",
           [&](int g) { return uneven[size_t(g)] != 0; });
  out.each("moving surfaces of bodies that move", m.geom_count, m.geom_name, "geom", [&](int g) {
    const double* const v = m.geom_surfacevel.data() + 6 * g;
    return moves(g) && std::any_of(v, v + 6, [](double x) { return x != 0; });
  });
  out.each("what is solid under a height field (the surface counts alone)", m.geom_count, m.geom_name, "geom",
           [&](int g) { return m.geom_type[size_t(g)] == model::geom_hfield && m.geom_collides[size_t(g)]; });
  out.each("actuators that pull a body towards what it touches", m.actuator_count, m.actuator_name, "actuator",
           [&](int a) {
             return m.actuator_transmission[size_t(a)] == int(scene::Transmission::body) &&
                    !(m.actuator_limits[size_t(a)] & model::actuator_disabled);
           });
  out.each("what dampers of joints grow by with the speed", m.joint_count, m.joint_name, "joint", [&](int j) {
    for (int d = 0; d < m.dof_count; ++d)
      if (m.dof_joint[size_t(d)] == j && (m.dof_damping_poly[size_t(2 * d)] != 0 || m.dof_damping_poly[size_t(2 * d + 1)] != 0)) return true;
    return false;
  });
  out.each("yielding of springs (they stay where they rest)", m.joint_count, m.joint_name, "joint", [&](int j) { return m.joint_plastic[size_t(j)] >= 0; });
  out.each("yielding of springs (they stay where they rest)", m.tendon_count, m.tendon_name, "tendon", [&](int t) { return m.tendon_plastic[size_t(t)] >= 0; });
  out.each("armature of tendons", m.tendon_count, m.tendon_name, "tendon", [&](int t) { return m.tendon_armature[size_t(t)] != 0; });
  out.each("delays of actuators (controls act at once)", m.actuator_count, m.actuator_name, "actuator", [&](int a) {
    const int track = m.actuator_track[size_t(a)];
    return track >= 0 && m.track_lag[size_t(track)] > 0;
  });
  out.each("delays and intervals of sensors (they show what is)", m.sensor_count, m.sensor_name, "sensor", [&](int s) {
    const int track = m.sensor_track[size_t(s)];
    return track >= 0 && (m.track_lag[size_t(track)] > 0 || m.track_beat[size_t(3 * track)] > 0);
  });
  if (m.flags & model::flag_sensornoise) out.lines.push_back("noise of sensors");
  if (m.noslip_iterations > 0) out.lines.push_back("noslip iterations");
  if (m.flags & model::flag_sleep) out.lines.push_back("sleep");
  auto trees_of = [&](int row) {
    std::vector<int> trees;
    for (int k = m.row_dof_adr[size_t(row)]; k < m.row_dof_adr[size_t(row) + 1]; ++k)
      trees.push_back(m.body_tree[size_t(m.dof_body[size_t(m.row_dof[size_t(k)])])]);
    std::sort(trees.begin(), trees.end());
    return std::unique(trees.begin(), trees.end()) - trees.begin();
  };
  auto over_many = [&](int source, bool tendon) {
    for (int r = 0; r < m.row_count; ++r) {
      const int kind = m.row_kind[size_t(r)];
      const bool of_tendon = kind == model::row_tendon_friction || kind == model::row_tendon_limit,
                 of_equality = kind <= model::row_tendon_equality;
      if (m.row_source[size_t(r)] == source && (tendon ? of_tendon : of_equality) && trees_of(r) > 2) return true;
    }
    return false;
  };
  out.each("limits and dry friction of tendons over more than two trees", m.tendon_count, m.tendon_name, "tendon",
           [&](int t) { return over_many(t, true); });
  out.each("equalities over more than two trees", m.equality_count, m.equality_name, "equality",
           [&](int e) { return over_many(e, false); });
  out.each("sensors of forces, accelerations and contacts (their values are NaN)", m.sensor_count, m.sensor_name, "sensor",
           [&](int s) { return unknown_to_bullet(m, s); });
  return out.lines;
}

}  // namespace nuri
