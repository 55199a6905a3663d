// The whole window as a PNG, drawn once more by the same pass into a picture of its own: what a display shows cannot be read back
// everywhere.
#pragma once
#include <string>
#include "render/raster/ui.h"

namespace nuri::editor {

// Of what ImGui::Render made last. `slot`: one of the pass's whose last frame has finished.
Result<bool> write_screenshot(vulkan::Device& device, raster::Ui& ui, VkFormat format, uint32_t width, uint32_t height,
                              const float (&background)[4], int slot,
                              const std::string& path);

}  // namespace nuri::editor
