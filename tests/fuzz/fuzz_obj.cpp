// Any bytes as an OBJ file.
#include "tests/fuzz/mesh.h"

NURI_FUZZ(data, size) { return nuri::fuzz::judge(nuri::shape::read_obj(nuri::fuzz::text(data, size))); }
