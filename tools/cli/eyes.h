// What commands say of a session's eyes: cost, work, and a hash of what they see.
#pragma once
#include "tools/cli/cli.h"
#include "tools/session/eyes.h"

namespace nuri::cli {

// Of all pictures as they lie in the tensors, by environment, eye and output: the same for every width, number of threads and place in a
// batch.
uint64_t picture_hash(session::Session& session, const session::Eyes& eyes);

// Steps until `substep` as advance() does, and looks at every control step, the present one included.
bool advance_looking(session::Session& session, session::Eyes& eyes, int64_t until, Progress* progress);

// Names, sizes, images, rays, seconds; costs per image and per environment's control step beside physics; the hash.
Json eyes_summary(session::Session& session, session::Eyes& eyes, double looks_per_environment);
void print_eyes(const Json& eyes, int environments);

}  // namespace nuri::cli
