// Whether a picture would be the same as the last one: then it is not drawn again. On a software device that is most of a frame's time.
#pragma once
#include "tools/editor/desk.h"

namespace nuri::editor {

// Of all that the raster draws; never 0.
uint64_t digest(const Shot& shot, const raster::Style& style, uint64_t generation);

}  // namespace nuri::editor
