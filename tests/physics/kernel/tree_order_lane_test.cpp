// Islands of a heap against a plain search of its graph; their order of elimination against a plain least-degree search on sets, and
// their factors against dense elimination.
#include "physics/kernel/islands.h"
#include "physics/kernel/tree_order.h"
#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include "physics/cpu/kernel.h"
#include "physics/scratch_layout.h"
#include "tests/physics/bit_models.h"
#include "tests/physics/kernel/bare_pack.h"

NURI_KERNEL_BEGIN

namespace {
using Lane = BarePack::Lane;
using R = BarePack::Real;

// 40 trees of one, two and six dofs, all of which may touch each other.
std::shared_ptr<const model::Model> marbles() {
  std::string bodies;
  for (int i = 0; i < 40; ++i)
    bodies += "<body pos='" + std::to_string(0.3 * i) + " 0 1'>" + (i % 5 == 2 ? "<joint axis='0 1 0'/>" : i % 7 == 3 ? "<joint axis='0 1 0'/><joint axis='1 0 0'/>" : "<freejoint/>") + "<geom size='0.1'/></body>";
  return bits_test::compiled({"marbles", "<mujoco><worldbody>" + bodies + "</worldbody></mujoco>"});
}

// Of the trees that are `left`, next is the one with the fewest dofs among its neighbours; of equals, the higher. First to go first.
std::vector<int> least_degree(std::vector<std::set<int>> beside, const std::vector<int>& size, std::set<int> left) {
  std::vector<int> order;
  while (!left.empty()) {
    int best = -1, least = 0;
    for (int t : left) {
      int degree = 0;
      for (int u : beside[t]) degree += size[u];
      if (best < 0 || degree <= least) {
        best = t;
        least = degree;
      }
    }
    for (int a : beside[best]) {
      beside[a].erase(best);
      for (int b : beside[best]) if (a != b) beside[a].insert(b);
    }
    left.erase(best);
    order.push_back(best);
  }
  return order;
}

// Sets of trees that contacts tie to each other, by their lowest.
std::vector<std::set<int>> groups(const std::vector<std::set<int>>& beside) {
  std::vector<std::set<int>> out;
  std::set<int> seen;
  for (int t = 0; t < int(beside.size()); ++t) {
    if (beside[t].empty() || seen.count(t)) continue;
    std::set<int> found;
    std::vector<int> next{t};
    while (!next.empty()) {
      const int at = next.back();
      next.pop_back();
      if (!found.insert(at).second) continue;
      next.insert(next.end(), beside[at].begin(), beside[at].end());
    }
    seen.insert(found.begin(), found.end());
    out.push_back(found);
  }
  return out;
}
}  // namespace

TEST_CASE("a heap's islands are its groups of trees; each goes by least degree, and its factor solves what the dense matrix solves") {
  const auto model = marbles();
  const model::Model& m = *model;
  REQUIRE(m.heap == 1);
  REQUIRE(m.world_owner_count == 0);
  BarePack bare(m);
  std::mt19937 random(7);
  std::uniform_real_distribution<double> number(-1, 1);
  const int trees = m.tree_count;
  std::vector<int> size(trees, 0);
  for (int i = 0; i < m.dof_count; ++i) ++size[m.body_tree[m.dof_body[i]]];
  for (int contacts : {1, 20, 60, 150}) {
    CAPTURE(contacts);
    Pack<Lane> p = bare.pack();
    std::set<int> owners;
    while (int(owners.size()) < contacts) owners.insert(int(random() % unsigned(m.owner_count)));
    std::vector<std::set<int>> beside(trees);
    for (int o : owners) {
      p.scratch.slot_owner()[p.slot_count++] = o;
      const int a = m.body_tree[m.owner_body1[o]], b = m.body_tree[m.owner_body2[o]];
      beside[a].insert(b);
      beside[b].insert(a);
    }
    find_islands(p);
    p.islands = p.scratch.counts()[6];
    const std::vector<std::set<int>> expected_islands = groups(beside);
    REQUIRE(p.islands == int(expected_islands.size()));
    int slots = 0, alone = trees;
    for (int index = 0; index < p.islands; ++index) {
      const std::set<int>& expected_trees = expected_islands[index];
      const Island<Lane> island(p, index);
      std::vector<int> found;
      for (int k = 0; k < island.trees(); ++k) found.push_back(island.tree(k));
      REQUIRE(found == std::vector<int>(expected_trees.begin(), expected_trees.end()));
      slots += island.slots();
      alone -= island.trees();
      CHECK(island.world_slots() == 0);
      for (int k = 0; k < island.slots(); ++k) {
        CHECK((k == 0 || island.slot(k - 1) < island.slot(k)));
        CHECK(expected_trees.count(m.body_tree[m.owner_body1[p.scratch.slot_owner()[island.slot(k)]]]));
      }
      // links above come before links below
      std::set<int> passed{0};
      REQUIRE(island.level_begin(island.levels()) == island.links());
      for (int level = 0; level < island.levels(); ++level) {
        for (int k = island.level_begin(level); k < island.level_begin(level + 1); ++k) CHECK(passed.count(m.link_parent[island.link(k)]));
        for (int k = island.level_begin(level); k < island.level_begin(level + 1); ++k) passed.insert(island.link(k));
      }

      const Pattern pattern = order_trees(p, island);
      REQUIRE(!p.no_room);
      // positions: the first to go has the last ones, dofs of a tree in their own order
      const int n = island.dofs();
      std::vector<int> dofs, expected(n, -1), position(n, -1);
      for (int k = 0; k < n; ++k) {
        dofs.push_back(island.dof(k));
        position[k] = p.scratch.position()[dofs[k]];
      }
      CHECK(std::is_sorted(dofs.begin(), dofs.end()));
      auto tree_of = [&](int k) { return m.body_tree[m.dof_body[dofs[k]]]; };
      int last = n;
      for (int t : least_degree(beside, size, expected_trees)) {
        last -= size[t];
        for (int k = 0, next = last; k < n; ++k) if (tree_of(k) == t) expected[k] = next++;
      }
      REQUIRE(position == expected);

      // a matrix with an entry wherever two dofs share a tree or a contact, its diagonal large enough to be positive
      std::vector<double> dense(size_t(n) * n, 0.0), b(n);
      R* const lower = p.scratch.lower();
      REQUIRE(pattern.dof_count == n);
      for (int k = 0; k < n; ++k) {
        for (int c = pattern.adr[k]; c < pattern.end[k]; ++c) {
          CHECK((c == pattern.adr[k] || pattern.column[c - 1] < pattern.column[c]));
          CHECK(pattern.column[c] < k);
          lower[triangle(k) + pattern.column[c]] = R(0);
        }
      }
      for (int i = 0; i < n; ++i) {
        b[i] = number(random);
        for (int j = 0; j <= i; ++j) {
          if (tree_of(i) != tree_of(j) && !beside[tree_of(i)].count(tree_of(j))) continue;
          const double a = i == j ? 400 : number(random);
          dense[size_t(i) * n + j] = dense[size_t(j) * n + i] = a;
          lower[triangle(std::max(position[i], position[j])) + std::min(position[i], position[j])] = R(a);
        }
      }
      factorize(p, pattern);
      std::vector<R> solved(n);
      for (int i = 0; i < n; ++i) solved[position[i]] = R(b[i]);
      solve_factored(p, pattern, solved.data());
      double worst = 0;
      for (int i = 0; i < n; ++i) {
        double sum = -b[i];
        for (int j = 0; j < n; ++j) sum += dense[size_t(i) * n + j] * solved[position[j]].v;
        worst = std::max(worst, std::abs(sum));
      }
      CHECK(worst < 1e-13);
    }
    CHECK(slots == contacts);
    CHECK(Island<Lane>(p, p.islands).trees() == alone);
    CHECK(Island<Lane>(p, p.islands).slots() == 0);
  }
}

TEST_CASE("an island's pattern without room for it says so") {
  const auto model = marbles();
  Room room = hard_bound(*model);
  room.columns = 6;                                                // enough for one tree
  BarePack bare(*model, room);
  Pack<Lane> p = bare.pack();
  p.scratch.slot_owner()[p.slot_count++] = 0;
  find_islands(p);
  order_trees(p, Island<Lane>(p, 0));
  CHECK(p.no_room);
  CHECK(grown(room, hard_bound(*model)).columns > room.columns);
}

NURI_KERNEL_END
