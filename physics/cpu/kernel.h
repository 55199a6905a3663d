// A compiled kernel: one number type, one width, one instruction set. kernel.cpp is compiled once for each; the World
// picks one at run time. Plain pointers only, so that nothing compiled for one instruction set leaks into another.
#pragma once
#include <stdint.h>
#include "physics/contact_record.h"
#include "physics/kernel/pair_sweep.h"
#include "physics/kernel/scratch.h"

namespace nuri {

// A model in one precision, and the numbers that environments own. Fields in the order of model_fields.inl.
struct RawModel {
#define NURI_COUNT(name, doc) int name;
#define NURI_INDEX(name, count, doc) const int* name;
#define NURI_REAL(name, count, unit, doc) const void* name;
#define NURI_DERIVED(name, count, unit, doc) const void* name;
#include "engine/model/model_fields.inl"
};
struct RawOverride { int field; int count; const void* values; };   // field: index among the real fields; values [environment][count]

// Work of one pack, added up by the kernel.
struct PackCounters {
  uint64_t steps, packs, slots, rows, rounds, evaluations, factorizations, near_pairs;
  double contact_sum, row_sum, iteration_sum;                       // whole numbers

  PackCounters& operator+=(const PackCounters& o) {
    steps += o.steps, packs += o.packs, slots += o.slots, rows += o.rows, rounds += o.rounds, evaluations += o.evaluations;
    factorizations += o.factorizations, near_pairs += o.near_pairs;
    contact_sum += o.contact_sum, row_sum += o.row_sum, iteration_sum += o.iteration_sum;
    return *this;
  }
};

struct PackJob {
  const RawModel* model;
  const RawOverride* overrides;
  int override_count;
  const ScratchLayout* layout;
  const PairSweep* sweep;              // null: every pair is tested
  char* arena;                         // layout.bytes + room for overrides, 64-byte aligned
  const int* environments;             // `width` indices; the last real one is repeated to fill a pack
  int live;                            // how many of them are real
  void* const* state;                  // per StateField: base of [environment][columns]
  const int* columns;
  uint64_t* step_count;
  uint32_t* fault;
  int32_t* contact_count;
  uint64_t* signature;                 // two words per environment: what it touches, for packing alike
  int substeps;
  bool integrate;                      // false: forward only
  uint64_t* cycles;                    // per stage, or null
  PackCounters* counters;
};

// Receives what a probe finds, array by array. Function pointers, not containers: see above.
struct ProbeSink {
  void* context;
  void (*field)(void* context, const char* stage, const char* name, const double* values, int count);
  void (*contact)(void* context, const ContactRecord& contact);
  void (*row)(void* context, int kind, int id, double D, double aref, double jar, double force, const double* J, int dofs);
  void (*iterations)(void* context, double count);
};
struct ProbeJob {
  PackJob pack;
  int lane;                            // which environment of the pack is wanted
  const ContactRecord* injected;       // null: own collision
  int injected_count;
  const PackCounts* counts;            // not null: the arena already holds what the stages of a forward pass left, and these their counts
  double iterations;                   // of the solver, then
  ProbeSink sink;
};

struct CpuKernel {
  const char* isa;
  int width, scalar_bytes, rank_bytes;
  bool (*step)(const PackJob&);        // false: out of room, nothing was committed
  bool (*probe)(const ProbeJob&);
};

}  // namespace nuri
