// Bodies and joints: frames, mass properties, positions and dofs.
#include <algorithm>

#include "engine/model/compile_parts.h"
#include "engine/model/model_tree.h"
#include "engine/shape/inertia.h"

namespace nuri::model {
namespace {
using namespace scene;
using namespace shape;

constexpr double least_mass = 1e-15, least_part = 1e-14;   // kg; MuJoCo's mjMINVAL and mjEPS

// Mass and principal moments of a geom in its own frame.
MassPart part_of(Compilation& c, const Geom& g) {
  if (g.type == GeomType::mesh) return mesh_part(c, g);
  const int kind = int(g.type);
  const double mass = std::isnan(g.mass) ? g.density * extent(kind, g.size, g.shellinertia) : g.mass;
  return {g.pos, unit(g.quat), mass, moments(kind, g.size, mass, g.shellinertia)};
}

// Inertial frame, mass and moments of a body, by MJCF's rules: written down, or gathered from its geoms.
MassPart inertial_of(Compilation& c, size_t b, const std::vector<const Geom*>& geoms) {
  const Body& body = c.scene.bodies[b];
  const Compiler& k = c.scene.compiler;
  MassPart out{body.pos, unit(body.quat), 0, {0, 0, 0}};     // nothing known: the frame of the body, in its parent's numbers
  if (body.has_inertial) out = {body.inertial.pos, unit(body.inertial.quat), body.inertial.mass, body.inertial.diaginertia};
  if (k.inertiafromgeom == InertiaFromGeom::yes || (k.inertiafromgeom == InertiaFromGeom::automatic && !body.has_inertial)) {
    std::vector<MassPart> parts;
    for (const Geom* g : geoms) {
      if (g->group < k.inertiagrouprange[0] || g->group > k.inertiagrouprange[1]) continue;
      if (g->visual_only) continue;
      const MassPart part = part_of(c, *g);
      if (part.mass < 0) c.error("negative-mass", label("body", body.name, b) + " has a geom of negative mass", g->place);
      if (part.mass > least_part) parts.push_back(part);
    }
    if (!parts.empty()) {
      out = combine(parts);
      c.note("mass-from-geoms", label("body", body.name, b) + ": mass " + number(out.mass) + " kg, principal moments " + numbers(out.inertia) + " kg m^2, from its geoms", body.place);
    }
  }

  // lower bounds, then the triangle inequality of moments
  if (out.mass < k.boundmass && b > 0) {
    c.note("bounded-mass", label("body", body.name, b) + ": mass raised from " + number(out.mass) + " to " + number(k.boundmass) + " kg, by boundmass", body.place);
    out.mass = k.boundmass;
  }
  const Vec found = out.inertia;
  for (double& i : out.inertia) i = std::max(i, k.boundinertia);
  if (out.inertia != found)
    c.note("bounded-inertia", label("body", body.name, b) + ": principal moments raised from " + numbers(found) + " to " + numbers(out.inertia) + " kg m^2, by boundinertia", body.place);
  const Vec& i = out.inertia;
  if (out.mass < 0 || i[0] < 0 || i[1] < 0 || i[2] < 0) c.error("negative-mass", label("body", body.name, b) + " has negative mass or inertia", body.place);
  if (i[0] + i[1] < i[2] || i[0] + i[2] < i[1] || i[1] + i[2] < i[0]) {
    if (k.balanceinertia) {
      const double mean = (i[0] + i[1] + i[2]) / 3;
      c.note("balanced-inertia", label("body", body.name, b) + ": principal moments " + numbers(i) + " break A + B >= C; they become their mean, " + number(mean) + " kg m^2", body.place);
      out.inertia = {mean, mean, mean};
    } else {
      c.error("bad-inertia", label("body", body.name, b) + ": moments of inertia must satisfy A + B >= C", body.place, "correct them, or set balanceinertia");
    }
  }
  return out;
}

void joints(Compilation& c) {
  Model& m = c.model;
  const Scene& s = c.scene;
  m.joint_count = int(s.joints.size());
  for (size_t j = 0; j < s.joints.size(); ++j) {
    const Joint& joint = s.joints[j];
    const std::string who = label("joint", joint.name, j);
    const bool scalar = joint.type == JointType::slide || joint.type == JointType::hinge, limited = joint.limited && joint.type != JointType::free;
    m.joint_name.push_back(joint.name);
    m.joint_type.push_back(int(joint.type));
    m.joint_body.push_back(joint.body);
    m.joint_limited.push_back(limited);
    m.joint_force_limited.push_back(joint.actuatorfrclimited);
    m.joint_actuator_gravcomp.push_back(joint.actuatorgravcomp);
    if (joint.actuatorgravcomp && (m.flags & flag_gravcomp)) m.flags |= flag_actuator_gravcomp;
    append(m.joint_pos, joint.type == JointType::free ? Array3{0, 0, 0} : joint.pos);
    append(m.joint_axis, scalar ? joint.axis : Array3{0, 0, 1});
    m.joint_stiffness.push_back(joint.stiffness);
    append(m.joint_stiffness_poly, joint.stiffness_poly);
    if (joint.stiffness_poly != Array2{0, 0} || joint.damping_poly != Array2{0, 0}) m.flags |= flag_polynomial;
    if (joint.damping_poly != Array2{0, 0}) m.flags |= flag_damping;
    const int plastic = int(plastic_count(joint));
    m.joint_plastic.push_back(plastic ? m.plastic_count : -1);
    m.joint_yield.push_back(joint.springyield);
    m.plastic_count += plastic;
    append(m.joint_range, joint.range);
    m.joint_margin.push_back(joint.margin);
    append(m.joint_solref, joint.solreflimit);
    append(m.joint_solimp, joint.solimplimit);
    append(m.joint_force_range, joint.actuatorfrcrange);
    if (joint.body == 0) c.error("joint-on-world", who + " is on the world, which cannot move", joint.place);
    if (limited && !(joint.range[0] < joint.range[1])) c.error("bad-range", who + " is limited but its range is empty", joint.place);
    if (limited && joint.type == JointType::ball && joint.range[0] != 0) c.error("bad-range", who + ": the range of a ball joint starts at 0", joint.place);
    if (joint.actuatorfrclimited && !(joint.actuatorfrcrange[0] < joint.actuatorfrcrange[1])) c.error("bad-range", who + ": actuatorfrcrange is empty", joint.place);
    if (joint.type == JointType::free && s.bodies[joint.body].parent != 0) c.error("free-joint-below", who + ": a free joint needs a body directly under the world", joint.place);
    if (!(joint.springyield >= 0) || (joint.springyield > 0 && joint.type == JointType::free)) c.error("bad-spring", who + ": springyield is a number >= 0, of a free joint 0", joint.place);
    if (scalar && std::abs(dot(joint.axis, joint.axis) - 1) > 1e-6) c.error("bad-axis", who + ": the axis must be a unit vector", joint.place);

    // positions: where the joint frame was defined, and where its spring rests
    if (joint.type == JointType::free) {
      append(m.qpos0, s.bodies[joint.body].pos);
      append(m.qpos0, unit(s.bodies[joint.body].quat));
    } else if (joint.type == JointType::ball) {
      append(m.qpos0, Array4{1, 0, 0, 0});
    } else {
      m.qpos0.push_back(joint.ref);
    }
    m.qpos_spring.insert(m.qpos_spring.end(), m.qpos0.begin() + m.qpos_spring.size(), m.qpos0.end());
    if (scalar) m.qpos_spring.back() = joint.springref;
    for (int k = 0; k < joint_dofs[int(joint.type)]; ++k) {
      m.dof_armature.push_back(joint.armature);
      m.dof_damping.push_back(joint.damping);
      append(m.dof_damping_poly, joint.damping_poly);
      m.dof_frictionloss.push_back(joint.frictionloss);
      append(m.dof_solref, joint.solreffriction);
      append(m.dof_solimp, joint.solimpfriction);
    }
  }
}

// A moving body needs mass, its own or that of bodies fixed to it.
bool has_mass(const Model& m, int b) {
  const double* i = &m.body_inertia[3 * b];
  if (m.body_mass[b] >= least_mass && i[0] >= least_mass && i[1] >= least_mass && i[2] >= least_mass) return true;
  for (int k = m.child_adr[b]; k < m.child_adr[b + 1]; ++k) {
    if (m.body_joint_num[m.child[k]] == 0 && has_mass(m, m.child[k])) return true;
  }
  return false;
}

void check_motion(Compilation& c) {
  const Model& m = c.model;
  for (int b = 1; b < m.body_count; ++b) {
    const Body& body = c.scene.bodies[b];
    const std::string who = label("body", body.name, b);
    bool ball = false;
    for (int j = m.body_joint_adr[b]; j < m.body_joint_adr[b] + m.body_joint_num[b]; ++j) {
      const JointType type = JointType(m.joint_type[j]);
      if (ball && (type == JointType::ball || type == JointType::hinge)) c.error("joint-order", who + ": a ball joint cannot be followed by a rotation", body.place);
      ball |= type == JointType::ball;
      if (type == JointType::free && m.body_joint_num[b] > 1) c.error("joint-order", who + ": a free joint must be its body's only joint", body.place);
    }
    if (m.body_dof_num[b] > 6) c.error("joint-order", who + " has more than 6 degrees of freedom", body.place);
    if (m.body_dof_num[b] && !has_mass(m, b)) c.error("no-mass", who + " moves but has no mass or inertia", body.place, "give it a geom with mass, or an inertial");
    if (body.mocap && (m.body_dof_num[b] || body.parent != 0)) c.error("bad-mocap", who + ": a mocap body is fixed and directly under the world", body.place);
  }
}
}  // namespace

void compile_bodies(Compilation& c) {
  Model& m = c.model;
  const Scene& s = c.scene;
  std::vector<std::vector<const Geom*>> geoms(s.bodies.size());
  for (const Geom& g : s.geoms) geoms[g.body].push_back(&g);
  m.body_count = int(s.bodies.size());
  for (size_t b = 0; b < s.bodies.size(); ++b) {
    const Body& body = s.bodies[b];
    const MassPart mass = b == 0 ? MassPart{{0, 0, 0}, {1, 0, 0, 0}, 0, {0, 0, 0}} : inertial_of(c, b, geoms[b]);
    m.body_name.push_back(body.name);
    m.body_parent.push_back(body.parent);
    m.body_mocap.push_back(body.mocap ? m.mocap_count++ : -1);
    append(m.body_pos, b == 0 ? Array3{0, 0, 0} : body.pos);
    append(m.body_quat, b == 0 ? Array4{1, 0, 0, 0} : unit(body.quat));
    append(m.body_ipos, mass.pos);
    append(m.body_iquat, mass.quat);
    m.body_mass.push_back(mass.mass);
    append(m.body_inertia, mass.inertia);
    m.body_gravcomp.push_back(body.gravcomp);
    if (body.gravcomp != 0) m.flags |= flag_gravcomp;
    if (body.mocap) {
      append(m.mocap_pos0, body.pos);
      append(m.mocap_quat0, unit(body.quat));
    }
  }
  m.body_parent[0] = 0;
  joints(c);
  link_tree(m);
  check_motion(c);

  if (s.compiler.settotalmass > 0) {
    double total = 0;
    for (double mass : m.body_mass) total += mass;
    const double factor = std::max(least_mass, s.compiler.settotalmass / std::max(least_mass, total));
    for (double& mass : m.body_mass) mass *= factor;
    for (double& inertia : m.body_inertia) inertia *= factor;
    c.note("total-mass", "all masses scaled by " + number(factor) + ", from a total of " + number(total) + " to " + number(s.compiler.settotalmass) + " kg", s.bodies[0].place);
  }
}

// MuJoCo's sizes of what has none of its own: a mesh's half extents, a height field's box.
static Array3 size_of(const Compilation& c, const Geom& g) {
  if (g.type == GeomType::mesh) return c.meshes[size_t(g.mesh)].half;
  if (g.type != GeomType::hfield) return g.size;
  const Array4& s = c.scene.height_fields[size_t(g.height_field)].size;
  return {s[0], s[1], 0.25 * s[2] + 0.5 * s[3]};
}

// Geoms that the medium meets as ellipsoids, by body. Planes and height fields stand still.
static void compile_fluid(Compilation& c) {
  Model& m = c.model;
  std::vector<std::pair<int, int>> found;
  for (size_t i = 0; i < c.scene.geoms.size() && (m.flags & flag_fluid); ++i)
    if (const Geom& g = c.scene.geoms[i]; g.fluid_ellipsoid && g.type != GeomType::plane && g.type != GeomType::hfield) found.push_back({g.body, int(i)});
  if (found.empty()) return;
  std::sort(found.begin(), found.end());
  m.fluid_geom_count = int(found.size());
  m.fluid_geom_adr.assign(size_t(m.body_count) + 1, 0);
  for (const auto& [body, geom] : found) {
    m.fluid_geom.push_back(geom);
    append(m.fluid_coef, c.scene.geoms[size_t(geom)].fluidcoef);
    ++m.fluid_geom_adr[size_t(body) + 1];
  }
  for (int b = 0; b < m.body_count; ++b) m.fluid_geom_adr[size_t(b) + 1] += m.fluid_geom_adr[size_t(b)];
}

void compile_geoms(Compilation& c) {
  Model& m = c.model;
  m.geom_count = int(c.scene.geoms.size());
  for (size_t i = 0; i < c.scene.geoms.size(); ++i) {
    const Geom& g = c.scene.geoms[i];
    m.geom_name.push_back(g.name);
    m.geom_type.push_back(int(g.type));
    m.geom_body.push_back(g.body);
    m.geom_condim.push_back(g.condim);
    m.geom_priority.push_back(g.priority);
    const MassPart frame = frame_of(c, g);
    append(m.geom_pos, frame.pos);
    append(m.geom_quat, frame.quat);
    append(m.geom_size, size_of(c, g));
    append(m.geom_friction, g.friction);
    m.geom_solmix.push_back(g.solmix);
    append(m.geom_solref, g.solref);
    append(m.geom_solimp, g.solimp);
    m.geom_margin.push_back(g.margin);
    m.geom_gap.push_back(g.gap);
    m.geom_adhesion.push_back(g.adhesion);
    append(m.geom_surfacevel, g.surfacevel);
    if (g.surfacevel != std::array<double, 6>{}) m.flags |= flag_surfacevel;
    if (g.adhesion != 0) m.flags |= flag_adhesion;
    const std::string who = label("geom", g.name, i);
    if (g.condim != 1 && g.condim != 3 && g.condim != 4 && g.condim != 6) c.error("bad-condim", who + ": condim is 1, 3, 4 or 6", g.place);
    const int needed = g.type == GeomType::sphere ? 1 : g.type == GeomType::capsule || g.type == GeomType::cylinder ? 2 : g.type == GeomType::ellipsoid || g.type == GeomType::box ? 3 : 0;
    for (int k = 0; k < needed; ++k) if (!(g.size[k] > 0)) { c.error("bad-size", who + ": sizes must be positive", g.place); break; }
  }
  compile_fluid(c);
  m.geom_collides.assign(m.geom_count, 0);
  m.site_count = int(c.scene.sites.size());
  for (const Site& s : c.scene.sites) {
    m.site_name.push_back(s.name);
    m.site_body.push_back(s.body);
    m.site_type.push_back(int(s.type));
    append(m.site_pos, s.pos);
    append(m.site_quat, unit(s.quat));
    append(m.site_size, s.size);
  }
}

}  // namespace nuri::model
