#include "tools/editor/digest.h"
#include <cstddef>
#include <cstring>

namespace nuri::editor {

uint64_t digest(const Shot& shot, const raster::Style& style, uint64_t generation) {
  uint64_t value = 0xcbf29ce484222325;
  auto words = [&value](const void* data, size_t bytes) {   // whole words, without the gaps that structures may have
    const auto* at = static_cast<const unsigned char*>(data);
    for (size_t i = 0; i + 4 <= bytes; i += 4) {
      uint32_t word;
      std::memcpy(&word, at + i, 4);
      value = (value ^ word) * 0x100000001b3;
      value ^= value >> 29;
    }
  };
  const view::Frame& frame = shot.frame;
  words(&generation, sizeof generation);
  words(&shot.eye, sizeof shot.eye);
  words(frame.instances.data(), frame.instances.size() * sizeof(view::Instance));
  words(frame.clear.data(), frame.clear.size() * sizeof(uint32_t));
  for (const view::Line& line : frame.lines) words(&line, offsetof(view::Line, on_top));
  for (const view::Lamp& lamp : frame.lamps) {
    words(&lamp, offsetof(view::Lamp, directional));
    words(&lamp.attenuation, sizeof lamp - offsetof(view::Lamp, attenuation));
    const uint32_t kind = uint32_t(lamp.directional) | uint32_t(lamp.shadow) << 1;
    words(&kind, sizeof kind);
  }
  const uint32_t flags = uint32_t(style.dark) | uint32_t(style.grid) << 1 | uint32_t(style.shadows) << 2 | uint32_t(style.sky) << 3 | uint32_t(style.quick) << 4;
  words(&flags, sizeof flags);
  words(&style.exposure, sizeof style.exposure);
  return value | 1;
}

}  // namespace nuri::editor
