// nuri rollout: given states, given controls, timed. The counterpart of mujoco.rollout, so that two engines can be timed on
// the same work; `nuri bench` draws its own states and controls instead.
#pragma once
#include "tools/cli/cli.h"

namespace nuri::cli {

void add_rollout(CLI::App& app, int& status);

}  // namespace nuri::cli
