// Any bytes as MJCF, compiled and stepped a hundred times.
#include "engine/model/compile.h"
#include "engine/scene/mjcf.h"
#include "tests/fuzz/markup.h"
#include "tests/fuzz/step.h"

NURI_FUZZ(data, size) {
  const auto scene = nuri::scene::read_mjcf_text(nuri::fuzz::text(data, size), "input.xml");
  if (!scene) return 0;
  auto model = nuri::model::compile(*scene);
  if (model) nuri::fuzz::step(std::move(*model));
  return 0;
}
