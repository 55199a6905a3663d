// The CPU backend: packs of environments over a pool of threads.
#pragma once
#include "physics/world.h"

namespace nuri {
Result<std::unique_ptr<World>> make_cpu_world(std::shared_ptr<const model::Model> model, const WorldOptions& options);
}  // namespace nuri
