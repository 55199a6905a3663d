// Tendons, springs given by their time constants, and equality constraints.
#include <algorithm>
#include <cmath>

#include "engine/model/compile_parts.h"
#include "engine/model/derive_initial.h"
#include "engine/model/model_tree.h"

namespace nuri::model {
using namespace scene;
using namespace shape;
namespace {

constexpr double smallest = 1e-15;

bool scalar(const Model& m, int joint) { return m.joint_type[joint] >= int(JointType::slide); }

bool empty_range(const Array2& r) { return !(r[0] < r[1]); }
}  // namespace

// Segments of a path, and the dofs that can change its length: those that move one end of a stretch of string and not the other.
static std::vector<int> compile_path(Compilation& c, const Tendon& t, const std::string& who) {
  Model& m = c.model;
  using Pass = Tendon::Pass;
  std::vector<int> dofs;
  const auto stretch = [&](int from, int to) {
    const std::vector<int> one = chain(m, from), two = chain(m, to);
    std::set_symmetric_difference(one.begin(), one.end(), two.begin(), two.end(), std::back_inserter(dofs));
  };
  double divisor = 1;
  for (size_t k = 0; k < t.path.size(); ++k) {
    const Tendon::Via& via = t.path[k];
    if (via.kind == Pass::pulley) {
      divisor = via.divisor;
      if (!(divisor > 0)) c.error("bad-tendon", who + ": a pulley's divisor must be positive", t.place);
    }
    if (via.kind == Pass::geom && (k == 0 || t.path[k - 1].kind != Pass::site)) c.error("bad-tendon", who + ": a geom of a path stands between two sites", t.place);
    if (via.kind != Pass::site || k + 1 == t.path.size() || t.path[k + 1].kind == Pass::pulley) continue;
    const bool wraps = t.path[k + 1].kind == Pass::geom;
    const size_t next = k + (wraps ? 2 : 1);
    if (next >= t.path.size() || t.path[next].kind != Pass::site) {
      c.error("bad-tendon", who + ": a geom of a path stands between two sites", t.place);
      continue;
    }
    const int geom = wraps ? t.path[k + 1].object : -1, from = m.site_body[via.object], to = m.site_body[t.path[next].object];
    if (wraps && m.geom_type[geom] != int(GeomType::sphere) && m.geom_type[geom] != int(GeomType::cylinder)) c.error("bad-tendon", who + ": a string goes around spheres and cylinders only", t.place);
    if (wraps && t.armature != 0) c.error("unsupported-armature", who + ": a tendon with armature cannot go around geoms", t.place, "give its armature to the joints, or lead it through sites");
    m.segment_site1.push_back(via.object);
    m.segment_site2.push_back(t.path[next].object);
    m.segment_geom.push_back(geom);
    m.segment_side.push_back(wraps ? t.path[k + 1].side : -1);
    m.segment_divisor.push_back(divisor);
    stretch(from, to);
    if (wraps) stretch(from, m.geom_body[geom]), stretch(m.geom_body[geom], to);
  }
  std::sort(dofs.begin(), dofs.end());
  dofs.erase(std::unique(dofs.begin(), dofs.end()), dofs.end());
  return dofs;
}

// springlength="-1": the length where joint springs rest.
static void rest_lengths(Compilation& c) {
  Model& m = c.model;
  Initial rest;
  std::vector<double> arms(m.term_count);
  for (size_t i = 0; i < c.scene.tendons.size(); ++i) {
    const Tendon& t = c.scene.tendons[i];
    if (t.path.empty() || t.springlength[0] != -1 || t.springlength[1] != -1) continue;
    if (rest.pos.empty()) rest = poses_at(m, m.qpos_spring);
    m.tendon_spring[2 * i] = m.tendon_spring[2 * i + 1] = tendon_length(m, rest, m.qpos_spring, int(i), arms);
  }
}

void compile_tendons(Compilation& c) {
  Model& m = c.model;
  m.term_adr.push_back(0);
  m.segment_adr.push_back(0);
  for (size_t i = 0; i < c.scene.tendons.size(); ++i) {
    const Tendon& t = c.scene.tendons[i];
    const std::string who = label("tendon", t.name, i);
    double rest = 0;
    if (t.joints.empty() == t.path.empty()) c.error("empty-tendon", who + " needs joints or a path", t.place);
    for (int dof : compile_path(c, t, who)) {
      m.term_dof.push_back(dof);
      m.term_qpos.push_back(-1);
      m.term_coef.push_back(0);
    }
    if (!t.path.empty() && int(m.segment_site1.size()) == m.segment_adr.back()) c.error("empty-tendon", who + " needs two sites", t.place);
    m.segment_adr.push_back(int(m.segment_site1.size()));
    for (const auto& term : t.joints) {
      if (!scalar(m, term.joint)) { c.error("bad-tendon", who + ": only hinges and slides can be in a tendon", t.place); continue; }
      const int q = m.joint_qpos[term.joint];
      m.term_dof.push_back(m.joint_dof[term.joint]);
      m.term_qpos.push_back(q);
      m.term_coef.push_back(term.coef);
      rest += term.coef * m.qpos_spring[q];
    }
    m.term_adr.push_back(int(m.term_dof.size()));
    m.tendon_name.push_back(t.name);
    m.tendon_limited.push_back(t.limited);
    append(m.tendon_range, t.range);
    m.tendon_margin.push_back(t.margin);
    m.tendon_stiffness.push_back(t.stiffness);
    m.tendon_damping.push_back(t.damping);
    append(m.tendon_stiffness_poly, t.stiffness_poly);
    append(m.tendon_damping_poly, t.damping_poly);
    if (t.stiffness_poly != Array2{0, 0} || t.damping_poly != Array2{0, 0}) m.flags |= flag_polynomial;
    m.tendon_frictionloss.push_back(t.frictionloss);
    const bool from_pose = t.springlength[0] == -1 && t.springlength[1] == -1;     // the length where joint springs rest
    append(m.tendon_spring, from_pose ? Array2{rest, rest} : t.springlength);
    m.tendon_plastic.push_back(plastic_count(t) ? m.plastic_count : -1);
    m.tendon_yield.push_back(t.springyield);
    m.plastic_count += int(plastic_count(t));
    append(m.tendon_solref, t.solreflimit);
    append(m.tendon_solimp, t.solimplimit);
    append(m.tendon_friction_solref, t.solreffriction);
    append(m.tendon_friction_solimp, t.solimpfriction);
    if (t.limited && empty_range(t.range)) c.error("bad-range", who + " is limited but its range is empty", t.place);
    if (t.springlength[0] > t.springlength[1]) c.error("bad-range", who + ": springlength must ascend", t.place);
    if (!(t.springyield >= 0)) c.error("bad-spring", who + ": springyield is a number >= 0", t.place);
    m.tendon_armature.push_back(t.armature);
    if (t.armature != 0) m.flags |= flag_tendon_armature;
    m.tendon_force_limited.push_back(t.actuatorfrclimited);
    append(m.tendon_force_range, t.actuatorfrcrange);
    if (t.actuatorfrclimited) m.flags |= flag_tendon_force;
    if (t.actuatorfrclimited && empty_range(t.actuatorfrcrange)) c.error("bad-range", who + " has an empty actuatorfrcrange", t.place);
  }
  m.tendon_count = int(c.scene.tendons.size());
  m.term_count = int(m.term_dof.size());
  m.segment_count = int(m.segment_site1.size());
  if (c.errors.empty() && m.segment_count) rest_lengths(c);
}

void compile_servos(Compilation& c) {
  Model& m = c.model;

  // joint springs given by time constant and damping ratio, from the joint's mean inertia
  for (size_t j = 0; j < c.scene.joints.size(); ++j) {
    const Array2& k = c.scene.joints[j].springdamper;
    if (!(k[0] > 0 && k[1] > 0)) continue;
    const int first = m.joint_dof[j], end = j + 1 < c.scene.joints.size() ? m.joint_dof[j + 1] : m.dof_count;
    double weight = 0;
    for (int i = first; i < end; ++i) weight += m.dof_invweight[i];
    const double inertia = (end - first) / std::max(smallest, weight);
    m.joint_stiffness[j] = inertia / std::max(smallest, k[0] * k[0] * k[1] * k[1]);
    for (int i = first; i < end; ++i) m.dof_damping[i] = 2 * inertia / std::max(smallest, k[0]);
    c.note("spring-from-springdamper", label("joint", c.scene.joints[j].name, j) + ": stiffness " + number(m.joint_stiffness[j]) + ", damping " + number(2 * inertia / std::max(smallest, k[0])) + ", from a time constant of " + number(k[0]) + " s and a damping ratio of " + number(k[1]), c.scene.joints[j].place);
  }
  damp_joints(c);
  for (double d : m.dof_damping) if (d != 0) m.flags |= flag_damping;
  damp_servos(c);
}

void compile_equalities(Compilation& c) {
  Model& m = c.model;
  const Scene& s = c.scene;
  m.equality_count = int(s.equalities.size());
  if (s.equalities.empty()) return;
  const Initial initial = initial_state(m);
  auto world = [&](int b, const Vec& p) { return add(initial.pos[b], rotate(initial.quat[b], p)); };
  auto local = [&](int b, const Vec& p) { return transposed_mul(matrix(initial.quat[b]), sub(p, initial.pos[b])); };
  for (size_t i = 0; i < s.equalities.size(); ++i) {
    const Equality& e = s.equalities[i];
    const std::string who = label("equality", e.name, i);
    std::array<double, 11> data{};
    int one = e.object1, two = e.object2;
    if (e.type == EqualityType::connect || e.type == EqualityType::weld) {
      const bool weld = e.type == EqualityType::weld;
      Vec anchor1, anchor2;
      Rot relative{1, 0, 0, 0};
      if (e.uses_sites) {
        const Site &a = s.sites[one], &b = s.sites[two];
        anchor1 = a.pos;
        anchor2 = b.pos;
        relative = mul(unit(a.quat), conjugate(unit(b.quat)));    // the sites' axes coincide
        one = a.body;
        two = b.body;
      } else {
        one = std::max(0, one);
        two = std::max(0, two);
        const auto& r = e.relpose;
        if (weld && (r[3] || r[4] || r[5] || r[6])) {
          anchor1 = {r[0], r[1], r[2]};
          anchor2 = e.anchor;
          relative = unit({r[3], r[4], r[5], r[6]});
        } else if (weld) {
          anchor1 = local(one, world(two, e.anchor));
          anchor2 = e.anchor;
          relative = mul(conjugate(initial.quat[one]), initial.quat[two]);
        } else {
          anchor1 = e.anchor;
          anchor2 = local(two, world(one, e.anchor));
        }
      }
      put(&data[0], weld ? anchor2 : anchor1);
      put(&data[3], weld ? anchor1 : anchor2);
      if (weld) put(&data[6], relative);
      if (weld) data[10] = e.torquescale;
      if (one == two) c.error("bad-equality", who + " joins a body with itself", e.place);
    } else {
      std::copy(e.polycoef.begin(), e.polycoef.end(), data.begin());
      if (one == two) c.error("bad-equality", who + " couples something with itself", e.place);
      if (e.type == EqualityType::joint && (!scalar(m, one) || (two >= 0 && !scalar(m, two)))) c.error("bad-equality", who + ": only hinges and slides can be coupled", e.place);
    }
    m.equality_name.push_back(e.name);
    m.equality_type.push_back(int(e.type));
    m.equality_object1.push_back(one);
    m.equality_object2.push_back(two);
    m.equality_active.push_back(e.active);
    append(m.equality_data, data);
    append(m.equality_solref, e.solref);
    append(m.equality_solimp, e.solimp);
  }
}

}  // namespace nuri::model
