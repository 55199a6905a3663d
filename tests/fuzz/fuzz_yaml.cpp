// Any bytes as a scene file that places the robots beside it. A scene file may name models anywhere, because a person writes it;
// here it may not: without a backslash, and with a letter or digit before every slash, no path leads out of the present folder.
#include "engine/scene/yaml.h"
#include "tests/fuzz/scene.h"

NURI_FUZZ(data, size) {
  const std::string text = nuri::fuzz::text(data, size);
  for (std::size_t k = 0; k < text.size(); ++k)
    if (text[k] == '\\' || (text[k] == '/' && (k == 0 || !std::isalnum(static_cast<unsigned char>(text[k - 1]))))) return 0;
  auto scene = nuri::scene::read_yaml_text(text, "input.yaml", ".");
  if (!scene) return nuri::fuzz::refused(scene.errors());
  for (auto& variant : scene->variants) nuri::fuzz::judge(std::move(variant.scene));
  return 0;
}
