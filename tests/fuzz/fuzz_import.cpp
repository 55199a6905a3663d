// Any bytes as what the child process that runs Assimp on DAE and glTF sends back: a damaged file may have damaged the child, so
// its message is not to be trusted. (Assimp itself is a library of the system; tests/engine/shape/damaged_files_test.cpp feeds it.)
#include "engine/shape/mesh_import.cpp"   // its reader of messages is private
#include "tests/fuzz/mesh.h"

NURI_FUZZ(data, size) {
  nuri::Result<nuri::shape::Mesh> mesh{nuri::shape::Mesh{}};
  if (!nuri::shape::unpacked(nuri::fuzz::text(data, size), mesh)) return 0;
  if (!mesh) return 0;   // what the child calls its error is its own
  return nuri::fuzz::judge(std::move(mesh));
}
