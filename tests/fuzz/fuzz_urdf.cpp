// Any bytes as a URDF file whose packages can only be the present folder and what it holds.
#include "engine/scene/urdf.h"
#include "tests/fuzz/markup.h"
#include "tests/fuzz/scene.h"

NURI_FUZZ(data, size) {
  static const std::string here = std::filesystem::canonical(".").string();
  nuri::scene::UrdfOptions options;
  options.paths = {{{"package", here}}, {here}, false};
  options.actuators = nuri::scene::UrdfActuators::position;
  options.stiffness = 10, options.damping = 1;
  return nuri::fuzz::judge(nuri::scene::parse_urdf(nuri::fuzz::text(data, size), "input.urdf", options, here));
}
