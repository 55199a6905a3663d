// Computes where the fields of a pack's scratch lie, on the host, once per World and whenever the Room grows.
#pragma once
#include "engine/model/model.h"
#include "physics/kernel/scratch.h"

namespace nuri {

// Starting Room for a model: for so many contacts, or with 0 enough for ordinary situations (World grows it when an environment needs more).
Room first_room(const model::Model& model, int width, int contacts = 0);
// Room that no step of this model can outgrow.
Room hard_bound(const model::Model& model);
// Room with what `model` needs in its variable parts for at most these many pairs; grown by half at least.
Room grown(const Room& room, const Room& bound);

// real_bytes: of one Real (scalar size times width); rank_bytes: of one Int.
ScratchLayout lay_out(const model::Model& model, const Room& room, int real_bytes, int rank_bytes);

// The same with a place of its own for every field, for looking inside.
ScratchLayout lay_out_unshared(const model::Model& model, const Room& room, int real_bytes, int rank_bytes);

struct ScratchField { const char* name; int count; char kind; Stage first, last; uint32_t offset; };   // kind: r, n, k as in scratch_fields.inl
std::vector<ScratchField> scratch_fields(const model::Model& model, const ScratchLayout& layout);

}  // namespace nuri
