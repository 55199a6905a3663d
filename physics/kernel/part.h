// What the solver works on at a time: everything an environment has, or one of its islands.
//
// An island is a set of trees that rows tie to each other and to no other tree: what happens in it does not depend on the others, so
// it has its own step lengths and its own end (as in MuJoCo, whose constraint islands these are). Only heaps have them, one
// environment per pack (model::is_heap); there most islands are done after a step or two, while the largest may need five. All other
// packs work on everything at once, because their environments' islands differ. islands.h finds them.
//
// Both kinds list the same things: dofs, links by level, contact slots (world first), catalog rows (two-sided and dry friction first).
#pragma once
#include "physics/kernel/pack.h"

NURI_KERNEL_BEGIN

template <class L> struct Everything {
  static constexpr bool is_island = false;
  const Pack<L>& p;
  NURI_VALUE explicit Everything(const Pack<L>& pack) : p(pack) {}
  NURI_VALUE int dofs() const { return p.model.dof_count; }
  NURI_VALUE int dof(int k) const { return k; }
  NURI_VALUE int levels() const { return p.model.link_level_count; }
  NURI_VALUE int level_begin(int level) const { return p.model.link_level_adr[level]; }
  NURI_VALUE int links() const { return p.model.link_count; }
  NURI_VALUE int link(int k) const { return p.model.link_level[k]; }
  NURI_VALUE int world_slots() const { return p.world_slots; }
  NURI_VALUE int slots() const { return p.slot_count; }
  NURI_VALUE int slot(int k) const { return k; }
  NURI_VALUE int listed() const { return p.listed_count; }
  NURI_VALUE int listed_row(int k) const { return k; }
  NURI_VALUE int sided() const { return p.equality_rows + p.friction_rows; }
};

// Numbers of an island in scratch `islands`: where its lists begin; they end where the next one's begin.
namespace island { enum Number : int { trees, dofs, links, levels, slots, own_slots, rows, listed, one_sided, size }; }
static_assert(island::size == 9);                                  // of each, in scratch_fields.inl

template <class L> struct Island {
  static constexpr bool is_island = true;
  const Pack<L>& p;
  const int* at;
  NURI_VALUE Island(const Pack<L>& pack, int index) : p(pack), at(pack.scratch.islands() + island::size * index) {}
  NURI_VALUE int begin(island::Number n) const { return at[n]; }
  NURI_VALUE int count(island::Number n) const { return at[island::size + n] - at[n]; }
  NURI_VALUE int trees() const { return count(island::trees); }
  NURI_VALUE int tree(int k) const { return p.scratch.island_tree()[at[island::trees] + k]; }
  NURI_VALUE int dofs() const { return count(island::dofs); }
  NURI_VALUE int dof(int k) const { return p.scratch.island_dof()[at[island::dofs] + k]; }
  NURI_VALUE int levels() const { return count(island::levels) - 1; }
  NURI_VALUE int level_begin(int level) const { return p.scratch.island_level()[at[island::levels] + level]; }
  NURI_VALUE int links() const { return count(island::links); }
  NURI_VALUE int link(int k) const { return p.scratch.island_link()[at[island::links] + k]; }
  NURI_VALUE int world_slots() const { return at[island::own_slots] - at[island::slots]; }
  NURI_VALUE int slots() const { return count(island::slots); }
  NURI_VALUE int slot(int k) const { return p.scratch.island_slot()[at[island::slots] + k]; }
  NURI_VALUE int listed() const { return count(island::listed); }
  NURI_VALUE int listed_row(int k) const { return p.scratch.island_row()[at[island::listed] + k]; }
  NURI_VALUE int sided() const { return at[island::one_sided] - at[island::listed]; }
  // rows of its contacts lie together
  NURI_VALUE int first_row() const { return at[island::rows]; }
  NURI_VALUE int rows() const { return count(island::rows); }
};

NURI_KERNEL_END
