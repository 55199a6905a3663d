#include "tools/editor/screenshot.h"
#include <imgui/imgui.h>
#include <png.h>
#include <vector>

namespace nuri::editor {

Result<bool> write_screenshot(vulkan::Device& device, raster::Ui& ui, VkFormat format, uint32_t width, uint32_t height,
                              const float (&background)[4], int slot,
                              const std::string& path) {
  vulkan::Image image = device.image(width, height, format, VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT);
  vulkan::Buffer buffer = device.buffer(VkDeviceSize(width) * height * 4, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  device.run([&](VkCommandBuffer commands) {
    vulkan::transition(commands, image, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
    ui.draw(commands, image.view, width, height, background, *ImGui::GetDrawData(), slot);
    vulkan::transition(commands, image, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    VkBufferImageCopy copy{};
    copy.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
    copy.imageExtent = {width, height, 1};
    vkCmdCopyImageToBuffer(commands, image.handle, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, buffer.handle, 1, &copy);
  });
  const bool blue_first = format == VK_FORMAT_B8G8R8A8_UNORM;
  const auto* from = static_cast<const uint8_t*>(buffer.mapped);
  std::vector<uint8_t> rgb(size_t(width) * height * 3);
  for (size_t i = 0; i < size_t(width) * height; ++i)
    for (size_t c = 0; c < 3; ++c) rgb[3 * i + c] = from[4 * i + (blue_first ? 2 - c : c)];
  device.destroy(buffer);
  device.destroy(image);

  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = width;
  png.height = height;
  png.format = PNG_FORMAT_RGB;
  if (!png_image_write_to_file(&png, path.c_str(), 0, rgb.data(), 0, nullptr))
    return Diagnostic{Severity::error, "cannot-write", "cannot write " + path + ": " + png.message, {}, {}, {}, {}, {}};
  return true;
}

}  // namespace nuri::editor
