// The CPU backend: packs of environments over a pool of threads.
#pragma once
#include "engine/launch/pool.h"
#include "physics/backend.h"

namespace nuri {

// The pool is the World's: between steps its threads are free for others.
Result<std::unique_ptr<Backend>> make_cpu_backend(std::vector<Members> members, const WorldOptions& options, Pool& pool);

}  // namespace nuri
