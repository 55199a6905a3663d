// Any bytes as an STL file, binary or text.
#include "tests/fuzz/mesh.h"

NURI_FUZZ(data, size) { return nuri::fuzz::judge(nuri::shape::read_stl(nuri::fuzz::text(data, size))); }
