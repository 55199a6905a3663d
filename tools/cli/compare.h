// nuri compare: one scene in two engines, from the same states with the same controls, and where they part.
#pragma once
#include "tools/cli/cli.h"

namespace nuri::cli {

void add_compare(CLI::App& app, int& status);

}  // namespace nuri::cli
