// The backend `bullet`: a second opinion. Every environment is a world of Bullet's (simulation.h); the pool's threads step them side by
// side.
//
// Bullet computes in double; rows hold its numbers in the World's precision. step(K) equals K times step(1), and neighbours, batch and
// threads do not show. Not promised, unlike for the other backends: that a state that was written, reset or restored goes on as it
// would have gone on untouched, because Bullet's contact points and start values are no part of the state and are then forgotten.
#pragma once
#include "engine/launch/pool.h"
#include "physics/backend.h"

namespace nuri {

Result<std::unique_ptr<Backend>> make_bullet_backend(std::vector<Members> members, const WorldOptions& options, Pool& pool);

}  // namespace nuri
