#include "engine/model/model_tree.h"
#include "engine/model/dual_size.h"
#include "engine/model/model_flags.h"

#include <algorithm>

namespace nuri::model {
namespace {

// Joints of a body, their positions and dofs, and the chain of dofs above each.
void link_joints(Model& m) {
  m.qpos_count = m.dof_count = m.free_count = 0;
  for (auto* v : {&m.joint_qpos, &m.joint_dof, &m.joint_free, &m.body_joint_adr, &m.body_joint_num, &m.body_dof_adr, &m.body_dof_num, &m.body_last_dof,
                  &m.dof_body, &m.dof_joint, &m.dof_parent}) v->clear();
  int j = 0;
  for (int b = 0; b < m.body_count; ++b) {
    int last = b == 0 ? -1 : m.body_last_dof[m.body_parent[b]];
    m.body_joint_adr.push_back(j);
    m.body_dof_adr.push_back(m.dof_count);
    for (; j < m.joint_count && m.joint_body[j] == b; ++j) {
      const int type = m.joint_type[j];
      m.joint_qpos.push_back(m.qpos_count);
      m.joint_dof.push_back(m.dof_count);
      m.joint_free.push_back(type == 0 ? m.free_count++ : -1);
      m.qpos_count += joint_positions[type];
      for (int k = 0; k < joint_dofs[type]; ++k) {
        m.dof_body.push_back(b);
        m.dof_joint.push_back(j);
        m.dof_parent.push_back(last);
        last = m.dof_count++;
      }
    }
    m.body_joint_num.push_back(j - m.body_joint_adr[b]);
    m.body_dof_num.push_back(m.dof_count - m.body_dof_adr[b]);
    m.body_last_dof.push_back(last);
  }
}

// Items first..n-1 in groups, ascending within each; key -1: none.
void list_by(int n, int groups, int first, auto key, std::vector<int32_t>& adr, std::vector<int32_t>& out) {
  adr.assign(groups + 1, 0);
  for (int i = first; i < n; ++i) if (key(i) >= 0) ++adr[key(i) + 1];
  for (int g = 0; g < groups; ++g) adr[g + 1] += adr[g];
  std::vector<int32_t> next(adr.begin(), adr.end() - 1);
  out.assign(n, 0);
  for (int i = first; i < n; ++i) if (key(i) >= 0) out[next[key(i)]++] = i;
}

// Weld groups, links, trees, levels and children.
void link_bodies(Model& m) {
  const int n = m.body_count;
  for (auto* v : {&m.body_weld, &m.body_link, &m.link_parent, &m.body_root, &m.body_tree, &m.body_frame}) v->clear();
  std::vector<int> depth(n, 0), link_depth(n, 0);
  m.tree_count = m.level_count = m.link_count = m.link_level_count = 0;
  for (int b = 0; b < n; ++b) {
    const int parent = m.body_parent[b];
    depth[b] = b == 0 ? 0 : depth[parent] + 1;
    m.level_count = std::max(m.level_count, depth[b]);
    const bool joints = m.body_joint_num[b] > 0;
    // a mocap body is moved by hand: no link and no tree, but a weld group of its own
    m.body_weld.push_back(b == 0 || joints || m.body_mocap[b] >= 0 ? b : m.body_weld[parent]);
    m.body_link.push_back(b == 0 || joints ? b : m.body_link[parent]);
    m.link_parent.push_back(b == 0 ? 0 : m.body_link[parent]);
    link_depth[b] = link_depth[m.link_parent[b]] + (joints ? 1 : 0);
    m.link_count += joints ? 1 : 0;
    m.link_level_count = std::max(m.link_level_count, link_depth[b]);
    if (b == 0 || (!joints && m.body_tree[parent] < 0)) {      // static: its topmost ancestor under the world
      m.body_root.push_back(b == 0 || parent == 0 ? b : m.body_root[parent]);
      m.body_tree.push_back(-1);
    } else if (m.body_tree[parent] < 0) {                      // moves against something static: a new tree
      m.body_root.push_back(b);
      m.body_tree.push_back(m.tree_count++);
    } else {
      m.body_root.push_back(m.body_root[parent]);
      m.body_tree.push_back(m.body_tree[parent]);
    }
    m.body_frame.push_back(std::max(0, m.body_tree[b]));
  }
  list_by(n, n, 1, [&](int b) { return m.body_parent[b]; }, m.child_adr, m.child);
  list_by(n, m.level_count, 1, [&](int b) { return depth[b] - 1; }, m.level_adr, m.level_body);
  auto is_link = [&](int b) { return b > 0 && m.body_link[b] == b; };
  list_by(n, n, 0, [&](int b) { return m.body_link[b]; }, m.link_body_adr, m.link_body);
  list_by(n, n, 1, [&](int b) { return is_link(b) ? m.link_parent[b] : -1; }, m.link_child_adr, m.link_child);
  list_by(n, m.link_level_count, 1, [&](int b) { return is_link(b) ? link_depth[b] - 1 : -1; }, m.link_level_adr, m.link_level);
  list_by(n, m.tree_count, 0, [&](int b) { return m.body_tree[b]; }, m.tree_body_adr, m.tree_body);
}

// Ancestors and descendants of dofs, rows of the mass matrix.
void link_dofs(Model& m) {
  const int n = m.dof_count;
  m.bit_words = (n + 63) / 64;
  m.dof_bits.assign(size_t(2) * m.bit_words * n, 0);
  m.ancestor_adr.assign(1, 0);
  m.mass_adr.assign(1, 0);
  m.ancestor.clear();
  m.ancestor_run.clear();
  std::vector<int32_t> count(n + 1, 0);
  for (int i = 0; i < n; ++i) {
    const size_t first = m.ancestor.size();
    for (int a = m.dof_parent[i]; a >= 0; a = m.dof_parent[a]) m.ancestor.push_back(a);
    std::reverse(m.ancestor.begin() + first, m.ancestor.end());
    m.ancestor_run.resize(m.ancestor.size(), 1);
    for (size_t k = m.ancestor.size(); k-- > first + 1;) m.ancestor_run[k - 1] = m.ancestor[k - 1] + 1 == m.ancestor[k] ? m.ancestor_run[k] + 1 : 1;
    for (size_t k = first; k < m.ancestor.size(); ++k) {
      const int a = m.ancestor[k];
      ++count[a + 1];
      int32_t& word = m.dof_bits[size_t(2) * m.bit_words * i + a / 32];
      word = int32_t(uint32_t(word) | uint32_t(1) << (a % 32));
    }
    m.ancestor_adr.push_back(int32_t(m.ancestor.size()));
    m.mass_adr.push_back(int32_t(m.ancestor.size()) + i + 1);
  }
  auto depth = [&](int i) { return m.ancestor_adr[i + 1] - m.ancestor_adr[i]; };
  m.dof_level_count = 0;
  for (int i = 0; i < n; ++i) m.dof_level_count = std::max(m.dof_level_count, depth(i) + 1);
  list_by(n, m.dof_level_count, 0, depth, m.dof_level_adr, m.dof_level);
  m.ancestor_count = int32_t(m.ancestor.size());
  m.mass_count = m.ancestor_count + n;
  for (int i = 0; i < n; ++i) count[i + 1] += count[i];
  m.descendant_adr = count;
  m.descendant.assign(m.ancestor_count, 0);
  m.descendant_mass.assign(m.ancestor_count, 0);
  for (int i = 0; i < n; ++i) {
    for (int k = m.ancestor_adr[i]; k < m.ancestor_adr[i + 1]; ++k) {
      const int at = count[m.ancestor[k]]++;
      m.descendant[at] = i;
      m.descendant_mass[at] = m.mass_adr[i] + k - m.ancestor_adr[i];
    }
  }
}
}  // namespace

void link_tree(Model& model) {
  link_joints(model);
  link_bodies(model);
  link_dofs(model);
}

bool shorter_along_tree(const Model& m) {
  if (has_dual(m) || m.tree_count != 1 || (m.flags & (flag_tendon_armature | flag_sleep))) return false;   // the dual problem works on M's factor
  for (int r = 0; r < m.row_count; ++r) if (m.row_dof_adr[r + 1] - m.row_dof_adr[r] != 1) return false;
  // Matrix: composite stiffness times an axis (36), products with n axes above (6 each), elimination over n columns. Tree: inertia
  // times an axis (36), and 33 for what it takes from the inertia; 21 per link to hand the inertia on.
  long matrix = 0;
  for (int i = 0; i < m.dof_count; ++i) {
    const long n = m.ancestor_adr[i + 1] - m.ancestor_adr[i];
    matrix += 36 + 6 * n + n * (n + 1) / 2;
  }
  // A matrix's entries come with their indices, so they weigh 7/5 (instructions counted: an ant, 1.1 times the multiplications along
  // the tree, takes 9 % fewer that way; walker and cheetah, 1.4, as many; a hopper, 1.6, 3 % more).
  return 5 * (69L * m.dof_count + 21L * m.link_count) < 7 * matrix;
}

bool is_heap(const Model& m) {
  // A handful of things share a pack well. Measured on 200 pebbles, 120 parts and 22 humanoids.
  constexpr int handful = 16;
  if (m.flags & flag_sleep) return true;
  if (m.along_tree || has_dual(m) || m.solver != solver_newton) return false;
  std::vector<bool> coupled(m.tree_count, false);
  auto couple = [&](const int32_t* list, int count) {
    auto tree = [&](int k) { return m.body_tree[m.dof_body[list[k] < 0 ? -1 - list[k] : list[k]]]; };
    for (int k = 1; k < count; ++k) if (tree(k) != tree(0)) coupled[tree(k)] = coupled[tree(0)] = true;
  };
  for (int o = m.world_owner_count; o < m.owner_count; ++o) couple(m.owner_dof.data() + m.owner_dof_adr[o], m.owner_dof_adr[o + 1] - m.owner_dof_adr[o]);
  for (int r = 0; r < m.row_count; ++r) couple(m.row_dof.data() + m.row_dof_adr[r], m.row_dof_adr[r + 1] - m.row_dof_adr[r]);
  return std::count(coupled.begin(), coupled.end(), true) > handful;
}

}  // namespace nuri::model
