// Any bytes as an MSH file.
#include "tests/fuzz/mesh.h"

NURI_FUZZ(data, size) { return nuri::fuzz::judge(nuri::shape::read_msh(nuri::fuzz::text(data, size))); }
