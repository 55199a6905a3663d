#include "render/raster/ui.h"
#include <imgui/imgui.h>
#include <algorithm>
#include <cmath>
#include <cstring>

namespace nuri::raster {
namespace {

using vulkan::check;

const uint32_t vertex_words[] = {
#include "shaders/ui.vert.inc"
};
const uint32_t fragment_words[] = {
#include "shaders/ui.frag.inc"
};

constexpr uint32_t most_textures = 1024;   // fonts, viewports, pictures of cameras
struct Push { float scale[2], shift[2]; };

}  // namespace

Ui::Ui(vulkan::Device& device, VkFormat format, int slots) : device_(device), slots_(slots) {
  auto sampler = vulkan::plain<VkSamplerCreateInfo>(VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO);
  sampler.magFilter = sampler.minFilter = VK_FILTER_LINEAR;
  sampler.addressModeU = sampler.addressModeV = sampler.addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE;
  check(vkCreateSampler(device.handle(), &sampler, nullptr, &sampler_), "sampler");   // maxLod 0: letters are never taken from smaller levels
  sampler.magFilter = VK_FILTER_NEAREST;
  check(vkCreateSampler(device.handle(), &sampler, nullptr, &squares_), "sampler");

  const VkDescriptorSetLayoutBinding binding{0, VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 1, VK_SHADER_STAGE_FRAGMENT_BIT, nullptr};
  const VkDescriptorSetLayoutCreateInfo set{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, nullptr, 0, 1, &binding};
  check(vkCreateDescriptorSetLayout(device.handle(), &set, nullptr, &set_layout_), "descriptor layout");
  const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, most_textures};
  const VkDescriptorPoolCreateInfo pool{VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, nullptr, VK_DESCRIPTOR_POOL_CREATE_FREE_DESCRIPTOR_SET_BIT, most_textures, 1, &size};
  check(vkCreateDescriptorPool(device.handle(), &pool, nullptr, &pool_), "descriptor pool");
  const VkPushConstantRange push{VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof(Push)};
  const VkPipelineLayoutCreateInfo layout{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, nullptr, 0, 1, &set_layout_, 1, &push};
  check(vkCreatePipelineLayout(device.handle(), &layout, nullptr, &layout_), "pipeline layout");
  make_pipeline(format);

  ImGuiIO& io = ImGui::GetIO();
  io.BackendRendererName = "nuri";
  io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
}

Ui::~Ui() {
  vkDeviceWaitIdle(device_.handle());
  for (Slot& slot : slots_) {
    device_.destroy(slot.vertices);
    device_.destroy(slot.indices);
    device_.destroy(slot.pixels);
  }
  for (auto& [number, one] : moving_) device_.destroy(one.image);
  device_.destroy(font_);
  vkDestroyPipeline(device_.handle(), pipeline_, nullptr);
  vkDestroyPipelineLayout(device_.handle(), layout_, nullptr);
  vkDestroyDescriptorPool(device_.handle(), pool_, nullptr);
  vkDestroyDescriptorSetLayout(device_.handle(), set_layout_, nullptr);
  vkDestroySampler(device_.handle(), squares_, nullptr);
  vkDestroySampler(device_.handle(), sampler_, nullptr);
}

void Ui::make_pipeline(VkFormat format) {
  const VkShaderModule vertex = device_.shader(vertex_words), fragment = device_.shader(fragment_words);
  VkPipelineShaderStageCreateInfo stages[2]{};
  for (int i = 0; i < 2; ++i) {
    stages[i].sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
    stages[i].stage = i == 0 ? VK_SHADER_STAGE_VERTEX_BIT : VK_SHADER_STAGE_FRAGMENT_BIT;
    stages[i].module = i == 0 ? vertex : fragment;
    stages[i].pName = "main";
  }
  const VkVertexInputBindingDescription stride{0, sizeof(ImDrawVert), VK_VERTEX_INPUT_RATE_VERTEX};
  const VkVertexInputAttributeDescription attributes[]{{0, 0, VK_FORMAT_R32G32_SFLOAT, offsetof(ImDrawVert, pos)},
                                                       {1, 0, VK_FORMAT_R32G32_SFLOAT, offsetof(ImDrawVert, uv)},
                                                       {2, 0, VK_FORMAT_R8G8B8A8_UNORM, offsetof(ImDrawVert, col)}};
  auto input = vulkan::plain<VkPipelineVertexInputStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO);
  input.vertexBindingDescriptionCount = 1;
  input.pVertexBindingDescriptions = &stride;
  input.vertexAttributeDescriptionCount = 3;
  input.pVertexAttributeDescriptions = attributes;
  auto assembly = vulkan::plain<VkPipelineInputAssemblyStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO);
  assembly.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST;
  auto viewport = vulkan::plain<VkPipelineViewportStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO);
  viewport.viewportCount = viewport.scissorCount = 1;
  auto rasterization = vulkan::plain<VkPipelineRasterizationStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO);
  rasterization.polygonMode = VK_POLYGON_MODE_FILL;
  rasterization.cullMode = VK_CULL_MODE_NONE;
  rasterization.lineWidth = 1;
  auto samples = vulkan::plain<VkPipelineMultisampleStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO);
  samples.rasterizationSamples = VK_SAMPLE_COUNT_1_BIT;
  const auto depth = vulkan::plain<VkPipelineDepthStencilStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_DEPTH_STENCIL_STATE_CREATE_INFO);
  VkPipelineColorBlendAttachmentState blend{};
  blend.blendEnable = VK_TRUE;
  blend.srcColorBlendFactor = VK_BLEND_FACTOR_SRC_ALPHA;
  blend.dstColorBlendFactor = blend.dstAlphaBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA;
  blend.srcAlphaBlendFactor = VK_BLEND_FACTOR_ONE;
  blend.colorWriteMask = VK_COLOR_COMPONENT_R_BIT | VK_COLOR_COMPONENT_G_BIT | VK_COLOR_COMPONENT_B_BIT | VK_COLOR_COMPONENT_A_BIT;
  auto blending = vulkan::plain<VkPipelineColorBlendStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO);
  blending.attachmentCount = 1;
  blending.pAttachments = &blend;
  const VkDynamicState changing[]{VK_DYNAMIC_STATE_VIEWPORT, VK_DYNAMIC_STATE_SCISSOR};
  auto dynamic = vulkan::plain<VkPipelineDynamicStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_DYNAMIC_STATE_CREATE_INFO);
  dynamic.dynamicStateCount = 2;
  dynamic.pDynamicStates = changing;
  auto rendering = vulkan::plain<VkPipelineRenderingCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO);
  rendering.colorAttachmentCount = 1;
  rendering.pColorAttachmentFormats = &format;

  auto info = vulkan::plain<VkGraphicsPipelineCreateInfo>(VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO);
  info.pNext = &rendering;
  info.stageCount = 2;
  info.pStages = stages;
  info.pVertexInputState = &input;
  info.pInputAssemblyState = &assembly;
  info.pViewportState = &viewport;
  info.pRasterizationState = &rasterization;
  info.pMultisampleState = &samples;
  info.pDepthStencilState = &depth;
  info.pColorBlendState = &blending;
  info.pDynamicState = &dynamic;
  info.layout = layout_;
  const VkResult result = vkCreateGraphicsPipelines(device_.handle(), VK_NULL_HANDLE, 1, &info, nullptr, &pipeline_);
  vkDestroyShaderModule(device_.handle(), vertex, nullptr);
  vkDestroyShaderModule(device_.handle(), fragment, nullptr);
  check(result, "pipeline of the user interface");
}

void Ui::upload_fonts() {
  device_.wait_idle();
  if (font_texture_) release(font_texture_);
  device_.destroy(font_);
  ImFontAtlas& fonts = *ImGui::GetIO().Fonts;
  unsigned char* pixels = nullptr;
  int width = 0, height = 0;
  fonts.GetTexDataAsRGBA32(&pixels, &width, &height);
  font_ = device_.texture(uint32_t(width), uint32_t(height), {pixels, size_t(width) * size_t(height) * 4}, false);
  font_texture_ = texture(font_.view);
  fonts.SetTexID(font_texture_);
}

void* Ui::texture(VkImageView view) { return texture(view, sampler_); }

void* Ui::texture(VkImageView view, VkSampler sampler) {
  const VkDescriptorSetAllocateInfo allocate{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, nullptr, pool_, 1, &set_layout_};
  VkDescriptorSet set = VK_NULL_HANDLE;
  check(vkAllocateDescriptorSets(device_.handle(), &allocate, &set), "a texture of the user interface");
  const VkDescriptorImageInfo image{sampler, view, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL};
  auto write = vulkan::plain<VkWriteDescriptorSet>(VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET);
  write.dstSet = set;
  write.descriptorCount = 1;
  write.descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;
  write.pImageInfo = &image;
  vkUpdateDescriptorSets(device_.handle(), 1, &write, 0, nullptr);
  return reinterpret_cast<void*>(set);
}

void Ui::release(void* texture) {
  const VkDescriptorSet set = reinterpret_cast<VkDescriptorSet>(texture);
  vkFreeDescriptorSets(device_.handle(), pool_, 1, &set);
}

void* Ui::moving(uint32_t number, uint32_t width, uint32_t height, std::span<const uint8_t> rgba) {
  Moving& one = moving_[number];
  if (rgba.empty()) return one.texture;
  if (one.image.width != width || one.image.height != height) {
    device_.wait_idle();                             // frames under way may show it
    if (one.texture) release(one.texture);
    device_.destroy(one.image);
    one.image = device_.image(width, height, VK_FORMAT_R8G8B8A8_UNORM, VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT);
    one.texture = texture(one.image.view, squares_);
    one.drawn = false;
  }
  one.rgba.assign(rgba.begin(), rgba.end());
  return one.texture;
}

void Ui::send(VkCommandBuffer commands, int slot) {
  size_t bytes = 0;
  for (const auto& [number, one] : moving_) bytes += one.rgba.size();
  if (bytes == 0) return;
  vulkan::Buffer& buffer = slots_[slot].pixels;      // what this slot sent last time has arrived
  if (buffer.size < bytes) {
    device_.destroy(buffer);
    buffer = device_.buffer(bytes, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  }
  VkDeviceSize at = 0;
  for (auto& [number, one] : moving_) {
    if (one.rgba.empty()) continue;
    std::memcpy(static_cast<uint8_t*>(buffer.mapped) + at, one.rgba.data(), one.rgba.size());
    VkBufferImageCopy copy{};
    copy.bufferOffset = at;
    copy.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
    copy.imageExtent = {one.image.width, one.image.height, 1};
    vulkan::transition(commands, one.image, one.drawn ? VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL : VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    vkCmdCopyBufferToImage(commands, buffer.handle, one.image.handle, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &copy);
    vulkan::transition(commands, one.image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL);
    at += one.rgba.size();
    one.drawn = true;
    one.rgba.clear();
  }
}

void Ui::draw(VkCommandBuffer commands, VkImageView target, uint32_t width, uint32_t height, const float (&background)[4], const ImDrawData& data, int slot) {
  send(commands, slot);
  // all lists behind each other in one buffer
  Slot& own = slots_[slot];
  auto room = [&](vulkan::Buffer& buffer, size_t bytes, VkBufferUsageFlags usage) {
    if (buffer.size >= bytes && buffer.size > 0) return;
    device_.destroy(buffer);                         // what this slot drew last time has finished
    buffer = device_.buffer(std::max<size_t>(bytes + bytes / 2, 1 << 16), usage);
  };
  room(own.vertices, size_t(data.TotalVtxCount) * sizeof(ImDrawVert), VK_BUFFER_USAGE_VERTEX_BUFFER_BIT);
  room(own.indices, size_t(data.TotalIdxCount) * sizeof(ImDrawIdx), VK_BUFFER_USAGE_INDEX_BUFFER_BIT);
  auto* vertex = static_cast<ImDrawVert*>(own.vertices.mapped);
  auto* index = static_cast<ImDrawIdx*>(own.indices.mapped);
  for (int i = 0; i < data.CmdListsCount; ++i) {
    const ImDrawList& list = *data.CmdLists[i];
    vertex = std::copy(list.VtxBuffer.begin(), list.VtxBuffer.end(), vertex);
    index = std::copy(list.IdxBuffer.begin(), list.IdxBuffer.end(), index);
  }

  auto colour = vulkan::plain<VkRenderingAttachmentInfo>(VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO);
  colour.imageView = target;
  colour.imageLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
  colour.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR;
  colour.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
  std::memcpy(colour.clearValue.color.float32, background, sizeof background);
  auto rendering = vulkan::plain<VkRenderingInfo>(VK_STRUCTURE_TYPE_RENDERING_INFO);
  rendering.renderArea = {{0, 0}, {width, height}};
  rendering.layerCount = 1;
  rendering.colorAttachmentCount = 1;
  rendering.pColorAttachments = &colour;
  vkCmdBeginRendering(commands, &rendering);
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline_);
  const VkDeviceSize zero = 0;
  vkCmdBindVertexBuffers(commands, 0, 1, &own.vertices.handle, &zero);
  vkCmdBindIndexBuffer(commands, own.indices.handle, 0, sizeof(ImDrawIdx) == 2 ? VK_INDEX_TYPE_UINT16 : VK_INDEX_TYPE_UINT32);
  const VkViewport viewport{0, 0, float(width), float(height), 0, 1};
  vkCmdSetViewport(commands, 0, 1, &viewport);
  const ImVec2 shown = data.DisplaySize, at = data.DisplayPos, density = data.FramebufferScale;
  const Push push{{2 / shown.x, 2 / shown.y}, {-1 - at.x * 2 / shown.x, -1 - at.y * 2 / shown.y}};
  vkCmdPushConstants(commands, layout_, VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof push, &push);

  // each command with its picture, within its rectangle
  int vertices = 0;
  uint32_t indices = 0;
  VkDescriptorSet bound = VK_NULL_HANDLE;
  for (int i = 0; i < data.CmdListsCount; ++i) {
    const ImDrawList& list = *data.CmdLists[i];
    for (const ImDrawCmd& command : list.CmdBuffer) {
      if (command.UserCallback || command.ElemCount == 0) continue;   // callbacks change states of other renderers; this one has none to change
      const float left = std::clamp((command.ClipRect.x - at.x) * density.x, 0.0f, float(width)), right = std::clamp((command.ClipRect.z - at.x) * density.x, 0.0f, float(width));
      const float top = std::clamp((command.ClipRect.y - at.y) * density.y, 0.0f, float(height)), bottom = std::clamp((command.ClipRect.w - at.y) * density.y, 0.0f, float(height));
      if (right <= left || bottom <= top) continue;
      const VkRect2D scissor{{int32_t(left), int32_t(top)}, {uint32_t(right) - uint32_t(left), uint32_t(bottom) - uint32_t(top)}};
      vkCmdSetScissor(commands, 0, 1, &scissor);
      const VkDescriptorSet set = reinterpret_cast<VkDescriptorSet>(command.GetTexID());
      if (set != bound) vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, layout_, 0, 1, &set, 0, nullptr);
      bound = set;
      vkCmdDrawIndexed(commands, command.ElemCount, 1, indices + command.IdxOffset, vertices + int(command.VtxOffset), 0);
    }
    vertices += list.VtxBuffer.Size;
    indices += uint32_t(list.IdxBuffer.Size);
  }
  vkCmdEndRendering(commands);
}

}  // namespace nuri::raster
