// Candidate pairs of geoms and the owners of their contacts.
#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "engine/model/compile_parts.h"
#include "engine/model/derive_initial.h"
#include "engine/model/pairs.h"

namespace nuri::model {
namespace {
using namespace scene;

constexpr size_t most_pairs = 4'000'000, most_looked = 1'000'000'000;   // 3 GB; some ten seconds of looking at what may not touch

struct Candidate { int geom1, geom2, explicit_index, body1, body2, dim; bool gap; };

// Bodies that MuJoCo never lets touch: of one weld group, or a weld group and the one it hangs from. The world is no
// parent in this sense, or nothing could stand on the floor it is bolted to.
bool filtered(const Model& m, const Flags& flags, int b1, int b2) {
  const int w1 = m.body_weld[b1], w2 = m.body_weld[b2];
  if (w1 == w2) return true;
  const int p1 = m.body_weld[m.body_parent[w1]], p2 = m.body_weld[m.body_parent[w2]];
  return flags.filterparent && w1 != 0 && w2 != 0 && (w1 == p2 || w2 == p1);
}

class Pairs {
 public:
  explicit Pairs(Compilation& c) : c_(c), geoms_(c.scene.bodies.size()) {
    for (size_t g = 0; g < c.scene.geoms.size(); ++g) geoms_[c.scene.geoms[g].body].push_back(int(g));
    for (const Actuator& a : c.scene.actuators) if (a.transmission == Transmission::body) sticky_.insert(a.target);
    for (const Exclude& e : c.scene.excludes) excluded_.insert(std::minmax(e.body1, e.body2));
  }

  // In MuJoCo's order: by bodies; within two bodies explicit pairs, then geoms as they stand.
  std::vector<Candidate> collect() {
    std::map<std::pair<int, int>, std::vector<int>> explicit_pairs;
    for (size_t e = 0; e < c_.scene.pairs.size(); ++e) {
      const Pair& p = c_.scene.pairs[e];
      explicit_pairs[std::minmax(c_.scene.geoms[p.geom1].body, c_.scene.geoms[p.geom2].body)].push_back(int(e));
    }
    // bodies with geoms; what stands still has nothing to do with one another
    std::vector<int> bodies, moving;
    for (size_t b = 0; b < geoms_.size(); ++b) {
      if (!geoms_[b].empty()) bodies.push_back(int(b));
      if (!geoms_[b].empty() && c_.model.body_tree[b] >= 0) moving.push_back(int(b));
    }
    for (int b1 : bodies) {
      const std::vector<int>& others = c_.model.body_tree[b1] < 0 ? moving : bodies;
      for (auto other = std::lower_bound(others.begin(), others.end(), b1); other != others.end(); ++other) {
        const int b2 = *other;
        if (too_many(1)) return {};
        const auto found = explicit_pairs.empty() ? explicit_pairs.end() : explicit_pairs.find({b1, b2});
        std::set<std::pair<int, int>> taken;
        if (found != explicit_pairs.end()) {
          for (int e : found->second) {
            const Pair& p = c_.scene.pairs[e];
            if (!taken.insert(std::minmax(p.geom1, p.geom2)).second) {
              c_.note("pair-repeated", label("pair", p.name, e) + " repeats an earlier pair and is left out", p.place);
              continue;
            }
            const bool turned = c_.scene.geoms[p.geom1].body > c_.scene.geoms[p.geom2].body;
            offer(turned ? p.geom2 : p.geom1, turned ? p.geom1 : p.geom2, e, p.place);
          }
        }
        if (filtered(c_.model, c_.scene.option.flags, b1, b2) || excluded_.count({b1, b2})) continue;
        for (int g1 : geoms_[b1]) {
          if (too_many(geoms_[b2].size())) return {};
          for (int g2 : geoms_[b2]) {
            const Geom &x = c_.scene.geoms[g1], &y = c_.scene.geoms[g2];
            if (((x.contype & y.conaffinity) || (y.contype & x.conaffinity)) && !x.visual_only && !y.visual_only && !taken.count(std::minmax(g1, g2))) offer(g1, g2, -1, y.place);
          }
        }
      }
    }
    return std::move(out_);
  }

 private:
  // The table grows with the square of what can touch: an error instead of no memory, or of minutes.
  bool too_many(size_t looked) {
    if ((looked_ += looked) <= most_looked && out_.size() <= most_pairs) return false;
    c_.error("too-many-pairs", "more than " + std::to_string(most_pairs) + " pairs of geoms could touch, or too many have to be looked at", {},
             "let fewer of them touch: contype, conaffinity, exclude");
    return true;
  }

  void offer(int g1, int g2, int e, const Place& place) {
    const auto& geoms = c_.scene.geoms;
    if (geoms[g1].type > geoms[g2].type) std::swap(g1, g2);
    const Geom &x = geoms[g1], &y = geoms[g2];
    const int type1 = int(x.type), type2 = int(y.type);
    const Model& m = c_.model;
    const bool still = m.body_weld[x.body] == m.body_weld[y.body] || (m.body_tree[x.body] < 0 && m.body_tree[y.body] < 0);
    if (still || pair_is_void(type1, type2)) return;
    int dim = e >= 0 ? c_.scene.pairs[e].condim : x.priority != y.priority ? (x.priority > y.priority ? x.condim : y.condim) : std::max(x.condim, y.condim);
    if (dim != 1 && dim != 3 && dim != 4 && dim != 6) c_.error("bad-condim", "a pair's condim is 1, 3, 4 or 6", place);
    out_.push_back({g1, g2, e, x.body, y.body, dim, false});
    // Contacts in the gap matter to adhesion: that of the contacts makes them frictionless rows, that of an actuator counts
    // them. A second candidate of the same geoms stands for them, so that their slots have an owner of their own.
    const bool mixed = x.priority == y.priority;
    const double gap = e >= 0 ? c_.scene.pairs[e].gap : x.gap + y.gap;
    const double adhesion = e >= 0 ? c_.scene.pairs[e].adhesion : mixed ? x.adhesion + y.adhesion : x.priority > y.priority ? x.adhesion : y.adhesion;
    if (adhesion != 0) c_.model.flags |= flag_adhesion;
    if (!(gap > 0) || (adhesion == 0 && !sticky_.count(x.body) && !sticky_.count(y.body))) return;
    c_.model.flags |= flag_gap;
    out_.push_back({g1, g2, e, x.body, y.body, 1, true});
  }

  Compilation& c_;
  std::vector<std::vector<int>> geoms_;
  std::set<std::pair<int, int>> excluded_;
  std::set<int> sticky_;                       // bodies that an adhesion actuator pulls
  std::vector<Candidate> out_;
  size_t looked_ = 0;
};

// Sort key of an owner: those that touch the static world first, by the link and then the body that moves.
std::array<int, 6> owner_key(const Model& m, const Candidate& p) {
  const bool still1 = m.body_tree[p.body1] < 0, still2 = m.body_tree[p.body2] < 0;
  if (still1) return {0, m.body_link[p.body2], p.body2, p.body1, p.dim, 0};
  if (still2) return {0, m.body_link[p.body1], p.body1, p.body2, p.dim, 1};
  return {1, 0, p.body1, p.body2, p.dim, 0};
}

// Dofs that move one body against the other; those of body 1 are written -1 - dof.
void relative_dofs(const Model& m, int body1, int body2, std::vector<int32_t>& out) {
  const std::vector<int> one = chain(m, body1), two = chain(m, body2);
  size_t i = 0, k = 0;
  while (i < one.size() || k < two.size()) {
    if (i < one.size() && k < two.size() && one[i] == two[k]) { ++i; ++k; continue; }
    if (k == two.size() || (i < one.size() && one[i] < two[k])) out.push_back(-1 - one[i++]);
    else out.push_back(two[k++]);
  }
}

void explicit_numbers(Compilation& c) {
  Model& m = c.model;
  const Option& o = c.scene.option;
  auto put = [&](const Array5& friction, const Array2& solref, const Array2& solreffriction, const Array5& solimp, double margin, double gap, double adhesion) {
    append(m.explicit_friction, friction);
    append(m.explicit_solref, solref);
    append(m.explicit_solreffriction, solreffriction);
    append(m.explicit_solimp, solimp);
    m.explicit_margin.push_back(margin);
    m.explicit_gap.push_back(gap);
    m.explicit_adhesion.push_back(adhesion);
    ++m.explicit_count;
  };
  // contact override: one set of numbers for every pair; gap and adhesion stay the geoms' or the explicit pair's
  const double unset = std::numeric_limits<double>::quiet_NaN();
  auto put_override = [&](double gap, double adhesion) { put(o.o_friction, o.o_solref, o.o_solref, o.o_solimp, o.o_margin, gap, adhesion); };
  if (o.flags.override_contact) put_override(unset, unset);
  for (const Pair& p : c.scene.pairs) {
    if (o.flags.override_contact) put_override(p.gap, p.adhesion);
    else put(p.friction, p.solref, p.solreffriction, p.solimp, p.margin, p.gap, p.adhesion);
  }
}
}  // namespace

void compile_pairs(Compilation& c) {
  Model& m = c.model;
  const bool off = !(m.flags & flag_constraint) || !(m.flags & flag_contact);
  std::vector<Candidate> pairs;
  if (!off) pairs = Pairs(c).collect();
  std::stable_sort(pairs.begin(), pairs.end(), [&](const Candidate& a, const Candidate& b) { return owner_key(m, a) < owner_key(m, b); });
  explicit_numbers(c);

  std::vector<int> owner_hits;
  for (size_t p = 0; p < pairs.size(); ++p) {
    const Candidate& a = pairs[p];
    if (p == 0 || owner_key(m, a) != owner_key(m, pairs[p - 1])) {
      const bool still1 = m.body_tree[a.body1] < 0, still2 = m.body_tree[a.body2] < 0;
      m.owner_body1.push_back(a.body1);
      m.owner_body2.push_back(a.body2);
      m.owner_dim.push_back(a.dim);
      m.owner_body.push_back(still1 ? a.body2 : still2 ? a.body1 : -1);
      m.owner_link.push_back(still1 || still2 ? m.body_link[m.owner_body.back()] : 0);
      m.owner_sign.push_back(still1 ? 1 : still2 ? -1 : 0);
      m.owner_dof_adr.push_back(int(m.owner_dof.size()));
      if (!still1 && !still2) relative_dofs(m, a.body1, a.body2, m.owner_dof);
      else m.world_owner_count = int(m.owner_body.size());
      owner_hits.push_back(0);
    }
    const int type1 = m.geom_type[a.geom1], type2 = m.geom_type[a.geom2], hits = pair_hits(type1, type2);
    m.pair_geom1.push_back(a.geom1);
    m.pair_geom2.push_back(a.geom2);
    m.pair_type1.push_back(type1);
    m.pair_type2.push_back(type2);
    m.pair_owner.push_back(int(m.owner_dim.size()) - 1);
    m.pair_explicit.push_back(c.scene.option.flags.override_contact ? a.explicit_index + 1 : a.explicit_index);
    m.pair_gap.push_back(a.gap);
    for (int g : {a.geom1, a.geom2}) m.geom_collides[g] = std::max(m.geom_collides[g], needs_axes(m.geom_type[g], type1, type2) ? 2 : 1);
    m.hit_count += hits;
    owner_hits.back() += hits;
  }
  m.pair_count = int(pairs.size());
  m.owner_count = int(m.owner_dim.size());
  m.owner_dof_adr.push_back(int(m.owner_dof.size()));
  m.owner_dof_count = int(m.owner_dof.size());

  // sum keys: every row an owner can have gets its own (compile_rows adds the catalog below them)
  int key = 0;
  for (int o = 0; o < m.owner_count; ++o) {
    const int dim = m.owner_dim[o];
    m.owner_key.push_back(key);
    key += owner_hits[o] * (dim == 1 ? 1 : m.elliptic ? dim : 2 * (dim - 1));
  }
}

}  // namespace nuri::model
