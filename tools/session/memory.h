// How much memory a world may plan for.
#pragma once
#include <optional>
#include "physics/bucket.h"
#include "tools/session/load.h"

namespace nuri::session {

constexpr double memory_share = 0.6;             // of the free memory

// Bytes that this process may still take: of the machine, and of its control group, if that is limited.
double free_memory();
// Why a world of so many environments is not made; the hint names a number that would fit.
std::optional<Diagnostic> refuse_memory(const Loaded& loaded, const WorldOptions& options);

}  // namespace nuri::session
