#include "engine/model/derive_rows.h"

#include <algorithm>
#include <cmath>

#include "engine/model/impedance.h"
#include "engine/model/pairs.h"

namespace nuri::model {
namespace {

constexpr double smallest = 1e-15, smallest_friction = 1e-5;   // MuJoCo's mjMINVAL, mjMINMU

struct Contact { double friction[5], solref[2], solreffriction[2], solimp[5], margin, gap, adhesion; };

// Two geoms' contact parameters. Higher priority decides; equals mix solref and solimp by solmix (direct solrefs: the
// smaller), take the greater friction, and their adhesions add up. Margins and gaps add up in any case.
Contact mix(const Model& m, int a, int b) {
  Contact c{};
  const double *ra = &m.geom_solref[2 * a], *rb = &m.geom_solref[2 * b], *ia = &m.geom_solimp[5 * a], *ib = &m.geom_solimp[5 * b];
  const double *fa = &m.geom_friction[3 * a], *fb = &m.geom_friction[3 * b];
  double friction[3], share;
  if (m.geom_priority[a] != m.geom_priority[b]) {
    share = m.geom_priority[a] > m.geom_priority[b] ? 1 : 0;
    for (int k = 0; k < 3; ++k) friction[k] = share == 1 ? fa[k] : fb[k];
    for (int k = 0; k < 2; ++k) c.solref[k] = share == 1 ? ra[k] : rb[k];
    for (int k = 0; k < 5; ++k) c.solimp[k] = share == 1 ? ia[k] : ib[k];
    c.adhesion = m.geom_adhesion[share == 1 ? a : b];
  } else {
    const double x = m.geom_solmix[a], y = m.geom_solmix[b];
    share = x >= smallest && y >= smallest ? x / (x + y) : x < smallest && y < smallest ? 0.5 : x < smallest ? 0 : 1;
    const bool standard = ra[0] > 0 && rb[0] > 0;
    for (int k = 0; k < 3; ++k) friction[k] = std::max(fa[k], fb[k]);
    for (int k = 0; k < 2; ++k) c.solref[k] = standard ? share * ra[k] + (1 - share) * rb[k] : std::min(ra[k], rb[k]);
    for (int k = 0; k < 5; ++k) c.solimp[k] = share * ia[k] + (1 - share) * ib[k];
    c.adhesion = m.geom_adhesion[a] + m.geom_adhesion[b];
  }
  const int spread[5] = {0, 0, 1, 2, 2};
  for (int k = 0; k < 5; ++k) c.friction[k] = friction[spread[k]];
  c.margin = m.geom_margin[a] + m.geom_margin[b];
  c.gap = m.geom_gap[a] + m.geom_gap[b];
  return c;
}

// An explicit pair's own numbers; NaN leaves the mixed one.
void override_by(const Model& m, int e, Contact& c) {
  auto take = [](const double* from, double* to, int n) { for (int k = 0; k < n; ++k) if (!std::isnan(from[k])) to[k] = from[k]; };
  take(&m.explicit_friction[5 * e], c.friction, 5);
  take(&m.explicit_solref[2 * e], c.solref, 2);
  take(&m.explicit_solreffriction[2 * e], c.solreffriction, 2);
  take(&m.explicit_solimp[5 * e], c.solimp, 5);
  take(&m.explicit_margin[e], &c.margin, 1);
  take(&m.explicit_gap[e], &c.gap, 1);
  take(&m.explicit_adhesion[e], &c.adhesion, 1);
}
}  // namespace

void derive_pairs(Model& m) {
  const bool refsafe = m.flags & flag_refsafe;
  const double h = m.timestep[0], ratio = std::max(smallest, m.impratio[0]);
  for (int p = 0; p < m.pair_count; ++p) {
    const int a = m.pair_geom1[p], b = m.pair_geom2[p], dim = m.owner_dim[m.pair_owner[p]];
    Contact c = mix(m, a, b);
    if (m.pair_explicit[p] >= 0) override_by(m, m.pair_explicit[p], c);
    for (double& f : c.friction) f = std::max(smallest_friction, f);
    std::copy(c.friction, c.friction + 5, &m.pair_friction[5 * p]);

    // MuJoCo 3.17: rows exist below the margin. A gap never moves a force; in it, contacts matter to adhesion only.
    m.pair_include[p] = c.margin;
    m.pair_adhesion[p] = c.adhesion;
    if (m.pair_gap[p]) c.margin += c.gap;
    m.pair_margin[p] = c.margin;
    // A hair more than the bounds: a broad phase that rounding makes tighter than the narrow phase would let neighbours, for
    // whom a pair is tried, show in the bits.
    m.pair_reach[p] = (m.geom_bound[a] + m.geom_bound[b] + c.margin) * (1 + 1e-5) + 1e-7;
    impedance(c.solref, c.solimp, h, refsafe, &m.pair_impedance[9 * p]);

    // friction rows of an elliptic cone have no stiffness: K = 0, B from solreffriction if there is one
    const double* ref = c.solreffriction;
    if ((ref[0] == 0 && ref[1] == 0) || (ref[0] > 0) != (ref[1] > 0)) ref = c.solref;
    double friction[impedance_size];
    impedance(ref, c.solimp, h, refsafe, friction);
    m.pair_friction_kb[2 * p] = 0;
    m.pair_friction_kb[2 * p + 1] = friction[imp_b_damp];

    // R of the first row = invweight (1 - imp) / imp. All edges of a pyramid share 2 mu^2 R0 with mu^2 = f^2 / impratio and
    // R0 of the first edge, whose Jacobian is the normal's plus f times a tangent's.
    const double f = c.friction[0], mu = f * std::sqrt(1 / ratio);
    const double translation = m.body_invweight[2 * m.geom_body[a]] + m.body_invweight[2 * m.geom_body[b]];
    m.pair_mu[p] = mu;
    m.pair_invweight[p] = dim == 1 || m.elliptic ? translation : 2 * mu * mu * (translation + f * f * translation);
  }
}

void derive_rows(Model& m) {
  const bool refsafe = m.flags & flag_refsafe;
  const double h = m.timestep[0];
  auto body = [&](int b, int part) { return m.body_invweight[2 * b + part]; };
  auto joint = [&](int j) { return m.dof_invweight[m.joint_dof[j]]; };
  for (int r = 0; r < m.row_count; ++r) {
    const int s = m.row_source[r], kind = m.row_kind[r];
    const double *solref = nullptr, *solimp = nullptr;
    double weight = 0;
    switch (kind) {
      case row_connect: case row_weld: case row_joint_equality: case row_tendon_equality: {
        const int one = m.equality_object1[s], two = m.equality_object2[s];
        solref = &m.equality_solref[2 * s];
        solimp = &m.equality_solimp[5 * s];
        if (kind <= row_weld) weight = body(one, m.row_component[r] > 2) + body(two, m.row_component[r] > 2);
        else if (kind == row_joint_equality) weight = two >= 0 ? joint(one) + joint(two) : joint(one);
        else weight = two >= 0 ? m.tendon_invweight[one] + m.tendon_invweight[two] : m.tendon_invweight[one];
        break;
      }
      case row_dof_friction: solref = &m.dof_solref[2 * s]; solimp = &m.dof_solimp[5 * s]; weight = m.dof_invweight[s]; break;
      case row_tendon_friction: solref = &m.tendon_friction_solref[2 * s]; solimp = &m.tendon_friction_solimp[5 * s]; weight = m.tendon_invweight[s]; break;
      case row_joint_limit: case row_ball_limit: solref = &m.joint_solref[2 * s]; solimp = &m.joint_solimp[5 * s]; weight = joint(s); break;
      default: solref = &m.tendon_solref[2 * s]; solimp = &m.tendon_solimp[5 * s]; weight = m.tendon_invweight[s];
    }
    double* out = &m.row_impedance[9 * r];
    impedance(solref, solimp, h, refsafe, out);
    if (kind == row_dof_friction || kind == row_tendon_friction) out[imp_k] = 0;   // dry friction has no position to return to
    m.row_invweight[r] = weight;
  }
}

}  // namespace nuri::model
