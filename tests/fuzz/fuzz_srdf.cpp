// Any bytes as the SRDF beside a URDF.
#include "engine/scene/urdf.h"
#include "tests/fuzz/markup.h"
#include "tests/fuzz/scene.h"

NURI_FUZZ(data, size) {
  nuri::scene::UrdfOptions options;
  options.paths.environment = false;
  options.srdf = nuri::fuzz::file("input.srdf", nuri::fuzz::text(data, size));
  return nuri::fuzz::judge(nuri::scene::read_urdf("robot.urdf", options));
}
