// Any bytes as an MJCF file that may include, attach and name what lies beside it.
#include "engine/scene/mjcf.h"
#include "tests/fuzz/markup.h"
#include "tests/fuzz/scene.h"

NURI_FUZZ(data, size) { return nuri::fuzz::judge(nuri::scene::read_mjcf(nuri::fuzz::file("input.xml", nuri::fuzz::text(data, size)))); }
