#include "engine/model/model_check.h"

#include <algorithm>
#include <cmath>

#include "engine/model/dual_size.h"
#include "engine/model/derive_history.h"
#include "engine/model/model_sensor.h"
#include "engine/model/model_tree.h"
#include "engine/model/pairs.h"
#include "engine/shape/bvh.h"

namespace nuri::model {
namespace {

using List = std::vector<int32_t>;

class Check {
 public:
  explicit Check(const Model& model) : m(model) {}

  std::string run() {
    if (tree() && options() && geoms() && fluid() && hulls() && fields() && pairs() && owners() && tendons() && plastic() && actuators() && equalities() && rows() && rays() && cameras() && sensors() && tracks()) return "";
    return fault_;
  }

 private:
  bool fail(const std::string& what) { fault_ = what; return false; }
  bool range(const char* name, const List& v, int64_t low, int64_t end) {
    for (int32_t x : v) if (x < low || x >= end) return fail(std::string(name) + " is out of range");
    return true;
  }
  bool addresses(const char* name, const List& adr, int64_t total) {
    if (adr.front() != 0 || adr.back() != total) return fail(std::string(name) + " does not span its list");
    for (size_t i = 1; i < adr.size(); ++i) if (adr[i] < adr[i - 1]) return fail(std::string(name) + " is not ascending");
    return true;
  }
  static bool condim(int dim) { return dim == 1 || dim == 3 || dim == 4 || dim == 6; }

  // Parents and joints are checked, everything that follows from them is made again and compared.
  bool tree() {
    if (m.body_count < 1 || m.body_parent[0] != 0) return fail("there is no world body");
    for (int b = 1; b < m.body_count; ++b) if (m.body_parent[b] < 0 || m.body_parent[b] >= b) return fail("body_parent is not above its body");
    if (!range("joint_type", m.joint_type, 0, 4) || !range("joint_body", m.joint_body, 1, m.body_count)) return false;
    int64_t dofs = 0, ancestors = 0;
    std::vector<int64_t> above(m.body_count, 0);               // dofs that move a body
    for (int b = 1, j = 0; b < m.body_count; ++b) {
      above[b] = above[m.body_parent[b]];
      for (; j < m.joint_count && m.joint_body[j] <= b; ++j) {
        if (m.joint_body[j] < b) return fail("joint_body is not ascending");
        if (m.joint_type[j] == 0 && m.body_parent[b] != 0) return fail("a free joint is not under the world");
        for (int k = 0; k < joint_dofs[m.joint_type[j]]; ++k, ++dofs) ancestors += above[b]++;
      }
    }
    if (dofs != m.dof_count || ancestors != m.ancestor_count) return fail("counts of dofs and ancestors disagree");
    Model made;
    made.body_count = m.body_count;
    made.joint_count = m.joint_count;
    made.body_parent = m.body_parent;
    made.body_mocap = m.body_mocap;
    made.joint_type = m.joint_type;
    made.joint_body = m.joint_body;
    link_tree(made);
    struct Table { const char* name; const List &ours, &theirs; };
#define NURI_TABLE(name) Table{#name, made.name, m.name}
    const Table tables[] = {NURI_TABLE(body_weld), NURI_TABLE(body_link), NURI_TABLE(link_parent), NURI_TABLE(link_body_adr), NURI_TABLE(link_body),
      NURI_TABLE(link_child_adr), NURI_TABLE(link_child), NURI_TABLE(link_level_adr), NURI_TABLE(link_level), NURI_TABLE(body_root), NURI_TABLE(body_tree), NURI_TABLE(body_frame), NURI_TABLE(body_joint_adr),
      NURI_TABLE(body_joint_num), NURI_TABLE(body_dof_adr), NURI_TABLE(body_dof_num), NURI_TABLE(body_last_dof), NURI_TABLE(child_adr), NURI_TABLE(child),
      NURI_TABLE(level_adr), NURI_TABLE(level_body), NURI_TABLE(tree_body_adr), NURI_TABLE(tree_body), NURI_TABLE(joint_qpos), NURI_TABLE(joint_dof),
      NURI_TABLE(joint_free), NURI_TABLE(dof_body), NURI_TABLE(dof_joint), NURI_TABLE(dof_parent), NURI_TABLE(ancestor_adr), NURI_TABLE(ancestor), NURI_TABLE(ancestor_run),
      NURI_TABLE(dof_level_adr), NURI_TABLE(dof_level), NURI_TABLE(descendant_adr), NURI_TABLE(descendant), NURI_TABLE(descendant_mass), NURI_TABLE(mass_adr), NURI_TABLE(dof_bits)};
#undef NURI_TABLE
    for (const Table& t : tables) if (t.ours != t.theirs) return fail(std::string(t.name) + " does not follow from the bodies and joints");
    if (made.qpos_count != m.qpos_count || made.free_count != m.free_count || made.mass_count != m.mass_count || made.tree_count != m.tree_count ||
        made.level_count != m.level_count || made.link_count != m.link_count || made.link_level_count != m.link_level_count || made.dof_level_count != m.dof_level_count || made.bit_words != m.bit_words) return fail("counts do not follow from the bodies and joints");
    int mocap = 0;
    for (int b = 0; b < m.body_count; ++b) {
      if (m.body_mocap[b] != -1 && (m.body_mocap[b] != mocap++ || m.body_joint_num[b] || b == 0 || m.body_parent[b])) return fail("body_mocap is out of order");
    }
    if (mocap != m.mocap_count) return fail("mocap_count is wrong");
    if (!range("tree_sleep", m.tree_sleep, 0, begins_asleep + 1)) return false;
    return range("joint_limited", m.joint_limited, 0, 2) && range("joint_actuator_gravcomp", m.joint_actuator_gravcomp, 0, 2) && range("joint_force_limited", m.joint_force_limited, 0, 2);
  }

  bool options() {
    if (m.integrator > 3 || m.solver > 2 || m.elliptic > 1) return fail("an option is out of range");
    if (!(m.timestep[0] > 0) || !std::isfinite(m.timestep[0])) return fail("the timestep is not positive");
    return true;
  }

  bool fluid() {
    if (!range("fluid_geom", m.fluid_geom, 0, m.geom_count)) return false;
    if (!m.fluid_geom_count) return true;
    if (!addresses("fluid_geom_adr", m.fluid_geom_adr, m.fluid_geom_count)) return false;
    for (int b = 0; b < m.body_count; ++b)
      for (int k = m.fluid_geom_adr[b]; k < m.fluid_geom_adr[b + 1]; ++k)
        if (m.geom_body[m.fluid_geom[k]] != b || (k > m.fluid_geom_adr[b] && m.fluid_geom[k] <= m.fluid_geom[k - 1])) return fail("fluid_geom is out of order");
    return true;
  }

  bool geoms() {
    for (int dim : m.geom_condim) if (!condim(dim)) return fail("geom_condim is not 1, 3, 4 or 6");
    return range("geom_type", m.geom_type, 0, geom_kinds) && range("geom_body", m.geom_body, 0, m.body_count) && range("geom_collides", m.geom_collides, 0, 3) &&
           range("site_type", m.site_type, 0, geom_kinds) && range("site_body", m.site_body, 0, m.body_count);
  }

  // Kernels walk hulls and grids without looking: every index must stay inside, every corner have its links.
  bool hulls() {
    if (!addresses("mesh_vertex_adr", m.mesh_vertex_adr, m.mesh_vertex_count) || !addresses("mesh_polygon_adr", m.mesh_polygon_adr, m.mesh_polygon_count) ||
        !addresses("polygon_corner_adr", m.polygon_corner_adr, m.mesh_corner_count) || !addresses("vertex_link_adr", m.vertex_link_adr, m.mesh_corner_count)) return false;
    for (int h = 0; h < m.mesh_count; ++h) {
      const int first = m.mesh_vertex_adr[h], corners = m.mesh_vertex_adr[h + 1] - first, polygon = m.mesh_polygon_adr[h], polygons = m.mesh_polygon_adr[h + 1] - polygon;
      if (corners < 4 || polygons < 4) return fail("a hull has fewer than 4 corners or polygons");
      if (!(m.mesh_thickness[h] > 0) || !std::isfinite(m.mesh_radius[h])) return fail("a hull is flat");
      for (int p = polygon; p < polygon + polygons; ++p) {
        if (m.polygon_corner_adr[p + 1] - m.polygon_corner_adr[p] < 3) return fail("a polygon has fewer than 3 corners");
        for (int k = m.polygon_corner_adr[p]; k < m.polygon_corner_adr[p + 1]; ++k)
          if (m.polygon_corner[k] < 0 || m.polygon_corner[k] >= corners) return fail("polygon_corner is out of range");
      }
      for (int v = first; v < first + corners; ++v) {
        if (m.vertex_link_adr[v + 1] - m.vertex_link_adr[v] < 3) return fail("a hull's corner has fewer than 3 links");
        for (int k = m.vertex_link_adr[v]; k < m.vertex_link_adr[v + 1]; ++k)
          if (m.vertex_link[k] < 0 || m.vertex_link[k] >= corners || m.vertex_link_polygon[k] < 0 || m.vertex_link_polygon[k] >= polygons) return fail("vertex_link is out of range");
      }
    }
    return true;
  }

  bool fields() {
    if (!addresses("height_field_adr", m.height_field_adr, m.elevation_count)) return false;
    for (int f = 0; f < m.height_field_count; ++f) {
      if (m.height_field_rows[f] < 2 || m.height_field_columns[f] < 2) return fail("a height field has fewer than 2 rows or columns");
      if (int64_t(m.height_field_rows[f]) * m.height_field_columns[f] != m.height_field_adr[f + 1] - m.height_field_adr[f]) return fail("a height field has not rows x columns elevations");
      for (int k = 0; k < 4; ++k) if (!(m.height_field_size[4 * f + k] > 0)) return fail("height_field_size is not positive");
    }
    for (int g = 0; g < m.geom_count; ++g) {
      const int count = m.geom_type[g] == geom_mesh ? m.mesh_count : m.geom_type[g] == geom_hfield ? m.height_field_count : 0;
      if (m.geom_shape[g] < -1 || m.geom_shape[g] >= count) return fail("geom_shape is out of range");
    }
    return true;
  }

  bool pairs() {
    if (!range("pair_geom1", m.pair_geom1, 0, m.geom_count) || !range("pair_geom2", m.pair_geom2, 0, m.geom_count) ||
        !range("pair_owner", m.pair_owner, 0, m.owner_count) || !range("pair_explicit", m.pair_explicit, -1, m.explicit_count) || !range("pair_gap", m.pair_gap, 0, 2) ||
        !range("owner_body1", m.owner_body1, 0, m.body_count) || !range("owner_body2", m.owner_body2, 0, m.body_count)) return false;
    int64_t hits = 0;
    for (int p = 0; p < m.pair_count; ++p) {
      const int a = m.pair_geom1[p], b = m.pair_geom2[p], o = m.pair_owner[p];
      if (m.pair_type1[p] != m.geom_type[a] || m.pair_type2[p] != m.geom_type[b] || m.pair_type1[p] > m.pair_type2[p]) return fail("pair types are not their geoms'");
      for (int g : {a, b}) if ((m.geom_type[g] == geom_mesh || m.geom_type[g] == geom_hfield) && m.geom_shape[g] < 0) return fail("a geom in a pair has no shape");
      const int most = pair_hits(m.pair_type1[p], m.pair_type2[p]);
      if (most == 0) return fail("a pair cannot collide");
      hits += most;
      if (o != (p ? m.pair_owner[p - 1] : 0) && (p == 0 || o != m.pair_owner[p - 1] + 1)) return fail("pair_owner is not ascending");
      if (m.pair_gap[p] && (m.owner_dim[o] != 1 || !(m.flags & flag_gap))) return fail("a pair in the gap has friction");
      if (m.owner_body1[o] != m.geom_body[a] || m.owner_body2[o] != m.geom_body[b]) return fail("an owner's bodies are not its geoms'");
    }
    if (hits != m.hit_count) return fail("hit_count is wrong");
    if (m.owner_count != (m.pair_count ? m.pair_owner.back() + 1 : 0)) return fail("an owner has no pair");
    return true;
  }

  bool owners() {
    if (m.world_owner_count > m.owner_count) return fail("world_owner_count is too great");
    if (!addresses("owner_dof_adr", m.owner_dof_adr, m.owner_dof_count)) return false;
    for (int o = 0; o < m.owner_count; ++o) {
      const bool still1 = m.body_tree[m.owner_body1[o]] < 0, still2 = m.body_tree[m.owner_body2[o]] < 0, world = o < m.world_owner_count;
      if (!condim(m.owner_dim[o])) return fail("owner_dim is not 1, 3, 4 or 6");
      if ((still1 && still2) || (still1 || still2) != world) return fail("an owner is in the wrong part of its list");
      if (m.owner_body[o] != (still1 ? m.owner_body2[o] : still2 ? m.owner_body1[o] : -1)) return fail("owner_body is not the body that moves");
      if (m.owner_link[o] != (world ? m.body_link[m.owner_body[o]] : 0)) return fail("owner_link is not the link that moves");
      if (world && o > 0 && m.owner_link[o] < m.owner_link[o - 1]) return fail("owner_link is not ascending");
      if (m.owner_sign[o] != (still1 ? 1 : still2 ? -1 : 0)) return fail("owner_sign is wrong");
      if (m.owner_key[o] < (o ? m.owner_key[o - 1] : m.row_count)) return fail("owner_key is not ascending");
      int last = -1;
      for (int k = m.owner_dof_adr[o]; k < m.owner_dof_adr[o + 1]; ++k) {
        const int x = m.owner_dof[k], dof = x < 0 ? -1 - x : x;
        if (dof <= last || dof >= m.dof_count) return fail("owner_dof is out of range");
        last = dof;
      }
    }
    return true;
  }

  bool tendons() {
    if (!addresses("term_adr", m.term_adr, m.term_count) || !range("term_dof", m.term_dof, 0, m.dof_count) || !range("term_qpos", m.term_qpos, -1, m.qpos_count) ||
        !range("tendon_limited", m.tendon_limited, 0, 2) || !range("tendon_force_limited", m.tendon_force_limited, 0, 2) || !addresses("segment_adr", m.segment_adr, m.segment_count) || !range("segment_site1", m.segment_site1, 0, m.site_count) ||
        !range("segment_site2", m.segment_site2, 0, m.site_count) || !range("segment_geom", m.segment_geom, -1, m.geom_count) || !range("segment_side", m.segment_side, -1, m.site_count)) return false;
    for (int t = 0; t < m.tendon_count; ++t) {
      const bool fixed = m.segment_adr[t] == m.segment_adr[t + 1];
      for (int k = m.term_adr[t]; k < m.term_adr[t + 1]; ++k) {
        if (fixed != (m.term_qpos[k] >= 0)) return fail("term_qpos is not of a fixed tendon");
        if (!fixed && k > m.term_adr[t] && m.term_dof[k] <= m.term_dof[k - 1]) return fail("term_dof is not ascending");
      }
    }
    for (int g : m.segment_geom)
      if (g >= 0 && m.geom_type[g] != int(scene::GeomType::sphere) && m.geom_type[g] != int(scene::GeomType::cylinder)) return fail("a tendon goes around neither sphere nor cylinder");
    return true;
  }

  // Springs that give way: what stands where in the state, joints first, without a gap.
  bool plastic() {
    int next = 0;
    const auto stands = [&](int at, int count) {
      if (at != -1 && at != next) return false;
      next += at == -1 ? 0 : count;
      return true;
    };
    for (int j = 0; j < m.joint_count; ++j) {
      const auto type = scene::JointType(m.joint_type[j]);
      if (m.joint_plastic[j] != -1 && type == scene::JointType::free) return fail("joint_plastic is of a free joint");
      if (!stands(m.joint_plastic[j], type == scene::JointType::ball ? 4 : 1)) return fail("joint_plastic is out of order");
    }
    for (int t = 0; t < m.tendon_count; ++t)
      if (!stands(m.tendon_plastic[t], 2)) return fail("tendon_plastic is out of order");
    return next == m.plastic_count || fail("plastic_count does not fit the springs that give way");
  }

  bool actuators() {
    using scene::Bias, scene::Dynamics, scene::Gain, scene::Transmission;
    if (!range("actuator_transmission", m.actuator_transmission, 0, int(Transmission::so3) + 1) || !range("actuator_dynamics", m.actuator_dynamics, 0, int(Dynamics::pid) + 1) ||
        !range("actuator_gain", m.actuator_gain, 0, int(Gain::pid) + 1) || !range("actuator_bias", m.actuator_bias, 0, int(Bias::so3) + 1) ||
        !range("actuator_limits", m.actuator_limits, 0, 2 * actuator_circle) || !range("actuator_inputs", m.actuator_inputs, 0, 2 * scene::actuator_input::quat) ||
        !range("actuator_states", m.actuator_states, 0, 2 * state_current) || !range("control_limited", m.control_limited, 0, 2) ||
        !range("moment_dof", m.moment_dof, 0, m.dof_count) || !addresses("actuator_control_adr", m.actuator_control_adr, m.control_count) ||
        !addresses("actuator_output_adr", m.actuator_output_adr, m.output_count) || !addresses("actuator_act_adr", m.actuator_act_adr, m.activation_count) ||
        !addresses("moment_adr", m.moment_adr, m.moment_count)) return false;
    for (int a = 0; a < m.actuator_count; ++a) if (!actuator(a)) return false;
    for (int o = 0; o < m.output_count; ++o)
      for (int k = m.moment_adr[o]; k < m.moment_adr[o + 1]; ++k) {
        if (m.moment_output[k] != o) return fail("moment_output is out of order");
        if (k > m.moment_adr[o] && m.moment_dof[k] <= m.moment_dof[k - 1]) return fail("moment_dof is not ascending");
      }
    return true;
  }

  // Kernels read the controls, outputs and activations that an actuator's types have, without looking how many there are.
  bool actuator(int a) {
    using scene::Bias, scene::Dynamics, scene::Gain, scene::Transmission;
    using namespace scene::actuator_input;
    const int control = m.actuator_control_adr[a], output = m.actuator_output_adr[a], states = m.actuator_states[a], inputs = m.actuator_inputs[a];
    const int controls = m.actuator_control_adr[a + 1] - control, outputs = m.actuator_output_adr[a + 1] - output, acts = m.actuator_act_adr[a + 1] - m.actuator_act_adr[a];
    const auto kind = Transmission(m.actuator_transmission[a]);
    const auto dynamics = Dynamics(m.actuator_dynamics[a]);
    const auto gain = Gain(m.actuator_gain[a]);
    const auto bias = Bias(m.actuator_bias[a]);
    const bool body = kind == Transmission::body, so3 = gain == Gain::so3, own_law = gain == Gain::pid || gain == Gain::dcmotor;
    const bool referred = m.actuator_reference[a] != -1, on_joint = kind <= Transmission::joint_in_parent || (kind == Transmission::so3 && !referred);
    const int targets = body ? m.body_count : kind == Transmission::tendon ? m.tendon_count : on_joint ? m.joint_count : m.site_count;
    if (m.actuator_target[a] < 0 || m.actuator_target[a] >= targets) return fail("actuator_target is out of range");
    if (referred && (kind < Transmission::site || m.actuator_reference[a] < 0 || m.actuator_reference[a] >= m.site_count)) return fail("actuator_reference is out of range");
    if (kind == Transmission::slidercrank && !referred) return fail("a slider-crank has no slider");
    if (kind == Transmission::so3 && on_joint && m.joint_type[m.actuator_target[a]] != 1) return fail("an orientation servo's joint is not a ball");
    if (so3 != (kind == Transmission::so3) || so3 != (bias == Bias::so3) || (gain == Gain::dcmotor) != (bias == Bias::dcmotor) ||
        (gain == Gain::dcmotor) != (dynamics == Dynamics::dcmotor) || (dynamics == Dynamics::pid && gain != Gain::pid) ||
        (gain == Gain::pid && ((dynamics != Dynamics::none && dynamics != Dynamics::pid) || bias != Bias::affine)) ||
        (so3 && dynamics != Dynamics::none && dynamics != Dynamics::integrator)) return fail("an actuator's types do not go together");
    const int listed = (inputs & pos ? 1 : 0) + (inputs & vel ? 1 : 0) + (inputs & ff ? 1 : 0) + (inputs & voltage ? 1 : 0);
    if (controls != (so3 ? inputs & quat ? 4 : 3 : own_law ? listed : 1)) return fail("actuator_control_adr does not fit the inputs");
    if (outputs != (so3 ? 3 : 1)) return fail("actuator_output_adr does not fit the transmission");
    int counted = 0;
    for (int bits = states; bits; bits &= bits - 1) ++counted;
    if (states && !(dynamics == Dynamics::dcmotor || (dynamics == Dynamics::pid && states <= (state_slew | state_integral)))) return fail("actuator_states is out of range");
    if (acts != (dynamics == Dynamics::none ? 0 : own_law ? counted : so3 ? 3 : 1)) return fail("actuator_act_adr does not fit the dynamics");
    for (int k = control; k < control + controls; ++k) if (m.control_actuator[k] != a) return fail("control_actuator is out of order");
    for (int o = output; o < output + outputs; ++o) {
      if (m.output_actuator[o] != a) return fail("output_actuator is out of order");
      const int moments = m.moment_adr[o + 1] - m.moment_adr[o];
      if (kind <= Transmission::tendon && moments) return fail("moments of an actuator on a joint or tendon are listed");
    }
    return true;
  }

  bool scalar(int joint) { return m.joint_type[joint] >= 2; }

  bool equalities() {
    if (!range("equality_type", m.equality_type, 0, 4) || !range("equality_active", m.equality_active, 0, 2)) return false;
    for (int e = 0; e < m.equality_count; ++e) {
      const int type = m.equality_type[e], one = m.equality_object1[e], two = m.equality_object2[e];
      const int count = type <= 1 ? m.body_count : type == 2 ? m.joint_count : m.tendon_count;
      if (one < 0 || one >= count || two < (type <= 1 ? 0 : -1) || two >= count) return fail("equality_object is out of range");
      if (type == 2 && (!scalar(one) || (two >= 0 && !scalar(two)))) return fail("an equality couples a joint that is not scalar");
    }
    return true;
  }

  bool rows() {
    if (!range("row_kind", m.row_kind, 0, row_tendon_limit + 1) || !addresses("row_dof_adr", m.row_dof_adr, m.row_dof_count)) return false;
    const int sources[] = {m.equality_count, m.equality_count, m.equality_count, m.equality_count, m.dof_count, m.tendon_count, m.joint_count, m.joint_count, m.tendon_count};
    for (int r = 0; r < m.row_count; ++r) {
      const int kind = m.row_kind[r], source = m.row_source[r], component = m.row_component[r], count = m.row_dof_adr[r + 1] - m.row_dof_adr[r];
      if (r && kind < m.row_kind[r - 1]) return fail("row_kind is not ascending");
      if (source < 0 || source >= sources[kind]) return fail("row_source is out of range");
      if (kind <= row_tendon_equality && m.equality_type[source] != kind) return fail("a row's kind is not its equality's");
      if ((kind == row_joint_limit && (!scalar(source) || count != 1)) || (kind == row_ball_limit && (m.joint_type[source] != 1 || count != 3))) return fail("a limit's joint is of another type");
      const bool limit = kind == row_joint_limit || kind == row_tendon_limit;
      const int end = kind == row_connect ? 3 : kind == row_weld ? 6 : limit ? 2 : 1;
      if (component < (limit ? -1 : 0) || component >= end || count == 0) return fail("row_component is out of range");
      int last = -1;
      for (int k = m.row_dof_adr[r]; k < m.row_dof_adr[r + 1]; ++k) {
        if (m.row_dof[k] <= last || m.row_dof[k] >= m.dof_count) return fail("row_dof is out of range");
        last = m.row_dof[k];
      }
    }
    if (dual_numbers(m, m.row_count) > most_dual) return fail("more rows than the dual problem has room for");
    if (m.along_tree != (shorter_along_tree(m) ? 1 : 0)) return fail("along_tree does not follow from tree and rows");
    if ((m.flags & flag_sleep) && (has_dual(m) || m.solver != solver_newton)) return fail("flag_sleep is not for this solver");
    if (m.heap != (is_heap(m) ? 1 : 0)) return fail("heap does not follow from trees, owners and rows");
    return true;
  }

  // Geoms that rays can meet, and trees of boxes that a walk cannot leave, loop in or find too deep.
  bool rays() {
    if (!range("seen_geom", m.seen_geom, 0, m.geom_count) || !addresses("ray_vertex_adr", m.ray_vertex_adr, m.ray_vertex_count) ||
        !addresses("ray_triangle_adr", m.ray_triangle_adr, m.ray_triangle_count) || !addresses("bvh_node_adr", m.bvh_node_adr, m.bvh_node_count) ||
        !addresses("height_field_adr", m.height_field_adr, m.elevation_count)) return false;
    for (int f = 0; f < m.height_field_count; ++f) {
      const int64_t rows = m.height_field_rows[f], columns = m.height_field_columns[f];
      if (rows < 2 || columns < 2 || rows * columns != m.height_field_adr[f + 1] - m.height_field_adr[f]) return fail("a height field has another size than its elevations");
    }
    for (int g : m.seen_geom) {
      const int end = m.geom_type[g] == geom_mesh ? m.mesh_count : m.geom_type[g] == geom_hfield ? m.height_field_count : 0;
      if (m.geom_shape[g] < -1 || m.geom_shape[g] >= end) return fail("geom_shape is out of range");
    }
    for (int mesh = 0; mesh < m.mesh_count; ++mesh) {
      const int vertices = m.ray_vertex_adr[mesh + 1] - m.ray_vertex_adr[mesh], triangles = m.ray_triangle_adr[mesh + 1] - m.ray_triangle_adr[mesh];
      const int first = m.bvh_node_adr[mesh], nodes = m.bvh_node_adr[mesh + 1] - first;
      for (int k = 3 * m.ray_triangle_adr[mesh]; k < 3 * m.ray_triangle_adr[mesh + 1]; ++k) if (m.ray_triangle[k] < 0 || m.ray_triangle[k] >= vertices) return fail("ray_triangle is out of range");
      std::vector<int> depth(size_t(nodes), 1);
      for (int n = 0; n < nodes; ++n) {
        const int at = m.bvh_node[2 * (first + n)], count = m.bvh_node[2 * (first + n) + 1];
        if (count < 0 || at < 0 || (count ? at > triangles - count : at <= n || at > nodes - 2)) return fail("bvh_node is out of range");
        if (count) continue;
        depth[size_t(at)] = depth[size_t(at) + 1] = depth[size_t(n)] + 1;
        if (depth[size_t(at)] > bvh_depth) return fail("a tree of boxes is too deep");
      }
    }
    return true;
  }

  bool cameras() {
    return range("camera_resolution", m.camera_resolution, 0, 65537) && range("camera_body", m.camera_body, 0, m.body_count) && range("camera_target", m.camera_target, -1, m.body_count) && range("camera_mode", m.camera_mode, 0, 5) &&
           range("camera_orthographic", m.camera_orthographic, 0, 2);
  }

  bool sensors() {
    using scene::ObjectType;
    if (!range("sensor_type", m.sensor_type, 0, int(scene::SensorType::user) + 1) || !range("sensor_object_type", m.sensor_object_type, 0, int(ObjectType::camera) + 1) ||
        !range("sensor_reference_type", m.sensor_reference_type, 0, int(ObjectType::camera) + 1) || !addresses("sensor_adr", m.sensor_adr, m.sensor_value_count)) return false;
    const int counts[] = {0, m.body_count, m.body_count, m.joint_count, m.geom_count, m.site_count, m.tendon_count, m.actuator_count, m.camera_count};
    for (int s = 0; s < m.sensor_count; ++s) {
      const int object = m.sensor_object_type[s], reference = m.sensor_reference_type[s];
      if (reference == int(ObjectType::joint)) return fail("a sensor's reference is a joint");
      if (object ? m.sensor_object[s] < 0 || m.sensor_object[s] >= counts[object] : m.sensor_object[s] != -1) return fail("sensor_object is out of range");
      if (reference ? m.sensor_reference[s] < 0 || m.sensor_reference[s] >= counts[reference] : m.sensor_reference[s] != -1) return fail("sensor_reference is out of range");
      const auto type = scene::SensorType(m.sensor_type[s]);
      const bool ranges = type == scene::SensorType::rangefinder, touches = type == scene::SensorType::contact;
      const int data = m.sensor_data[s], all = ranges ? scene::ray_data::all : touches ? scene::contact_data::all : 0, values = m.sensor_adr[s + 1] - m.sensor_adr[s];
      if ((data & ~all) || (all && data == 0)) return fail("sensor_data is out of range");
      if (m.sensor_reduce[s] < 0 || m.sensor_reduce[s] > (touches ? int(scene::ContactReduce::netforce) : 0)) return fail("sensor_reduce is out of range");
      const bool of_actuator = type >= scene::SensorType::actuatorpos && type <= scene::SensorType::actuatorfrc && object == int(ObjectType::actuator);
      const int one = of_actuator ? m.actuator_output_adr[m.sensor_object[s] + 1] - m.actuator_output_adr[m.sensor_object[s]] : sensor_values(type, data);
      const bool pixels = ranges && object == int(ObjectType::camera), many = touches || type == scene::SensorType::user;
      if (pixels && (m.camera_resolution[2 * m.sensor_object[s]] < 1 || m.camera_resolution[2 * m.sensor_object[s] + 1] < 1)) return fail("a rangefinder's camera has no pixels");
      const int64_t rays = pixels ? int64_t(m.camera_resolution[2 * m.sensor_object[s]]) * m.camera_resolution[2 * m.sensor_object[s] + 1] : 1;
      if (many ? values < one || values % one : values != one * rays) return fail("sensor_adr does not fit its sensors");
      if (!sensor_refers(type, ObjectType(reference))) return fail("a sensor refers to something it cannot sense");
      if (!sensor_suits(m, type, ObjectType(object), m.sensor_object[s])) return fail("a sensor is attached to something it cannot sense");
    }
    return true;
  }

  // Heads and slots of the history are computed from these.
  bool tracks() {
    if (!addresses("track_adr", m.track_adr, m.history_count) || !range("track_interpolation", m.track_interpolation, 0, 3)) return false;
    int track = 0;
    auto follows = [&](int stated, int control, int sensor, int values) {
      if (stated == -1) return true;
      if (stated != track || track >= m.track_count) return fail("tracks are out of order");
      if (m.track_control[track] != control || m.track_sensor[track] != sensor || m.track_values[track] != values) return fail("a track is not of its actuator or sensor");
      const int64_t samples = m.track_samples[track];
      if (samples < 1 || 2 + samples * values != m.track_adr[track + 1] - m.track_adr[track]) return fail("track_samples do not fill the track");
      ++track;
      return true;
    };
    for (int a = 0; a < m.actuator_count; ++a) if (!follows(m.actuator_track[a], m.actuator_control_adr[a], -1, m.actuator_control_adr[a + 1] - m.actuator_control_adr[a])) return false;
    for (int s = 0; s < m.sensor_count; ++s) if (!follows(m.sensor_track[s], -1, s, m.sensor_adr[s + 1] - m.sensor_adr[s])) return false;
    for (int t = 0; t < m.track_count; ++t) {
      if (!(m.track_lag[t] >= 0 && m.track_lag[t] <= most_lag)) return fail("track_lag is out of range");
      const double *const beat = &m.track_beat[3 * t], most[3] = {most_period, most_period * most_parts, most_parts};
      for (int k = 0; k < 3; ++k) if (!(beat[k] >= 0 && beat[k] <= most[k]) || beat[k] != std::floor(beat[k])) return fail("track_beat is out of range");
      if (beat[0] < beat[2] || (beat[0] > 0 && beat[2] < 1)) return fail("a track's period is below a step");
    }
    const bool clock = std::find(m.sensor_type.begin(), m.sensor_type.end(), int(scene::SensorType::clock)) != m.sensor_type.end();
    if (m.clock_count != (m.flags & flag_sensornoise ? 6 : clock ? 2 : 0)) return fail("clock_count does not follow from the sensors");
    return track == m.track_count || fail("track_count is wrong");
  }

  const Model& m;
  std::string fault_;
};
}  // namespace

std::string find_fault(const Model& model) { return Check(model).run(); }

}  // namespace nuri::model
