// Every size of group and of block on every model, for longer.
#include "tests/physics/kernel/compare.h"

using namespace nuri;
using namespace nuri::bits_test;

TEST_CASE("groups and blocks of every size step environments to the bits of the CPU backend") {
  for (const NamedModel& named : models())
    if (chosen(named)) compare_groups(named, {8, 16, 32, 64, 128, 256}, 10, 4);
}
