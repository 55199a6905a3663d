// Ui: draws Dear ImGui's triangles with Vulkan. Own, because the packaged renderer of Debian's Dear ImGui 1.86 wants a render pass and shows no
// picture but the font's; a viewport is a picture among widgets.
//
// An ImTextureID is a VkDescriptorSet with one image. Indices have 16 bits, so large lists come with vertex offsets. Each frame in flight has
// vertices of its own, grown when they do not suffice. Colours are sRGB values throughout: the target is a UNORM image, blending is as in any
// other user interface.
#pragma once
#include <map>
#include <span>
#include <vector>
#include "render/vulkan/device.h"

struct ImDrawData;

namespace nuri::raster {

class Ui {
 public:
  // For targets of this format. Throws vulkan::Failure. The ImGui context of the time stays current for the life of this.
  Ui(vulkan::Device& device, VkFormat format, int slots);
  ~Ui();
  Ui(const Ui&) = delete;
  Ui& operator=(const Ui&) = delete;

  void upload_fonts();                               // builds ImGui's atlas and takes it; again after fonts have changed
  // What ImGui::Image takes for a view in layout SHADER_READ_ONLY_OPTIMAL; kept until it is released. Release nothing that is being drawn.
  void* texture(VkImageView view);
  void release(void* texture);
  // What ImGui::Image takes for a picture that changes and has this number: RGBA, sRGB, enlarged in squares. `rgba` empty: as it was; else it is on the
  // device with the next draw(). Null: there is no such picture yet.
  void* moving(uint32_t number, uint32_t width, uint32_t height, std::span<const uint8_t> rgba);

  // Clears the target to a colour and draws over it. The target is in COLOR_ATTACHMENT_OPTIMAL and stays there.
  void draw(VkCommandBuffer commands, VkImageView target, uint32_t width, uint32_t height, const float (&background)[4], const ImDrawData& data, int slot);

 private:
  void make_pipeline(VkFormat format);
  void* texture(VkImageView view, VkSampler sampler);
  void send(VkCommandBuffer commands, int slot);     // moving pictures with new pixels

  vulkan::Device& device_;
  VkSampler sampler_ = VK_NULL_HANDLE, squares_ = VK_NULL_HANDLE;
  VkDescriptorSetLayout set_layout_ = VK_NULL_HANDLE;
  VkDescriptorPool pool_ = VK_NULL_HANDLE;
  VkPipelineLayout layout_ = VK_NULL_HANDLE;
  VkPipeline pipeline_ = VK_NULL_HANDLE;
  vulkan::Image font_;
  void* font_texture_ = nullptr;
  struct Moving { vulkan::Image image; void* texture = nullptr; bool drawn = false; std::vector<uint8_t> rgba; };   // rgba: to be sent
  std::map<uint32_t, Moving> moving_;
  struct Slot { vulkan::Buffer vertices, indices, pixels; };
  std::vector<Slot> slots_;
};

}  // namespace nuri::raster
