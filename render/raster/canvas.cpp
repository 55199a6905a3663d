// A canvas: what one view is drawn into, and how it is read back.
#include <algorithm>
#include <cstring>
#include <limits>
#include "render/raster/drawing.h"

namespace nuri::raster {

using vulkan::check;
using vulkan::plain;

namespace {

constexpr VkImageUsageFlags colour = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT, depth_only = VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT;
constexpr VkImageUsageFlags sampled = VK_IMAGE_USAGE_SAMPLED_BIT, copied = VK_IMAGE_USAGE_TRANSFER_SRC_BIT;

}  // namespace

Canvas::Canvas(Drawing& drawing, uint32_t w, uint32_t h) : device(drawing.device_), samples(drawing.samples_), drawn_(drawing.drawn_) {
  width = std::clamp(w, 1u, device.largest_image()), height = std::clamp(h, 1u, device.largest_image());
  uint32_t half_width = (width + 1) / 2, half_height = (height + 1) / 2;
  VkDevice d = device.handle();
  try {
    light = device.image(width, height, light_format, colour | sampled, samples);
    depth = device.image(width, height, depth_format, depth_only, samples);
    near_depth = device.image(width, height, depth_format, depth_only | sampled);
    open_raw = device.image(half_width, half_height, open_format, colour | sampled);
    open = device.image(half_width, half_height, open_format, colour | sampled);
    if (samples > 1) mask_samples = device.image(width, height, mask_format, colour, samples);
    mask = device.image(width, height, mask_format, colour | sampled);
    shown = device.image(width, height, picture_format, colour | sampled | copied);
    view = shown.view;
    numbers = device.buffer(sizeof(shared::ViewData), VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT);
    instances = device.buffer(sizeof(view::Instance), VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
    lines = device.buffer(sizeof(shared::LineData), VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
    letters = device.buffer(sizeof(shared::LetterData), VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
    VkDescriptorPoolSize sizes[] = {{VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, 1}, {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 3},
                                    {VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 7}};
    auto info = plain<VkDescriptorPoolCreateInfo>(VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO);
    info.maxSets = 1, info.poolSizeCount = 3, info.pPoolSizes = sizes;
    check(vkCreateDescriptorPool(d, &info, nullptr, &pool), "a picture's set");
    auto allocate = plain<VkDescriptorSetAllocateInfo>(VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO);
    allocate.descriptorPool = pool, allocate.descriptorSetCount = 1, allocate.pSetLayouts = &drawing.canvas_layout_;
    check(vkAllocateDescriptorSets(d, &allocate, &set), "a picture's set");
    bind(0, numbers), bind(1, instances), bind(2, lines), bind(9, letters);
    const vulkan::Image* images[] = {&drawing.shadow_, &open, &near_depth, &open_raw, &light, &mask};
    for (uint32_t k = 0; k < 6; ++k) bind(3 + k, *images[k], drawing.nearest_);
    bind(10, drawing.font_, drawing.nearest_);
    if (device.nanoseconds_per_tick() > 0) {
      auto query = plain<VkQueryPoolCreateInfo>(VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO);
      query.queryType = VK_QUERY_TYPE_TIMESTAMP, query.queryCount = uint32_t(Lap::count);
      check(vkCreateQueryPool(d, &query, nullptr, &laps), "timestamps");
    }
    // may be looked at, and asked for times, before anything is drawn
    device.run([&](VkCommandBuffer commands) {
      if (laps) vkCmdResetQueryPool(commands, laps, 0, uint32_t(Lap::count));
      for (vulkan::Image* image : {&shown, &mask}) transition(commands, *image, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL);
    });
  } catch (...) {
    release();
    throw;
  }
}

Canvas::~Canvas() {
  std::erase(*drawn_, this);
  release();
}

void Canvas::release() {
  vkDeviceWaitIdle(device.handle());
  for (vulkan::Image* image : {&light, &depth, &near_depth, &open_raw, &open, &mask_samples, &mask, &shown, &quick_light, &quick_depth, &names, &names_depth})
    device.destroy(*image);
  for (vulkan::Buffer* buffer : {&numbers, &instances, &lines, &letters}) device.destroy(*buffer);
  vkDestroyDescriptorPool(device.handle(), pool, nullptr);
  vkDestroyQueryPool(device.handle(), laps, nullptr);
}

void Canvas::bind(uint32_t binding, const vulkan::Image& image, VkSampler sampler) {
  VkDescriptorImageInfo what{sampler, image.view, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL};
  auto write = plain<VkWriteDescriptorSet>(VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET);
  write.dstSet = set, write.dstBinding = binding, write.descriptorCount = 1;
  write.descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, write.pImageInfo = &what;
  vkUpdateDescriptorSets(device.handle(), 1, &write, 0, nullptr);
}

void Canvas::bind(uint32_t binding, const vulkan::Buffer& buffer) {
  VkDescriptorBufferInfo what{buffer.handle, 0, VK_WHOLE_SIZE};
  auto write = plain<VkWriteDescriptorSet>(VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET);
  write.dstSet = set, write.dstBinding = binding, write.descriptorCount = 1;
  write.descriptorType = binding == 0 ? VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, write.pBufferInfo = &what;
  vkUpdateDescriptorSets(device.handle(), 1, &write, 0, nullptr);
}

// Room for `bytes`, with a half more, so that a growing scene seldom asks again. The former draw into this canvas has finished.
void Canvas::grow(vulkan::Buffer& buffer, size_t bytes, size_t most) {
  if (bytes <= buffer.size) return;
  vulkan::Buffer larger = device.buffer(std::min(bytes + bytes / 2, most), VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  device.destroy(buffer);
  buffer = larger;
  bind(&buffer == &instances ? 1 : &buffer == &lines ? 2 : 9, buffer);
}

void Canvas::name_images() {
  if (names.handle) return;
  names = device.image(width, height, name_format, colour | copied);
  names_depth = device.image(width, height, depth_format, depth_only | copied);
}

// The former draw into this canvas has finished: what is bound may change.
void Canvas::set_quick(bool wanted, VkSampler sampler) {
  if (wanted && samples > 1 && !quick_light.handle) {
    quick_light = device.image(width, height, light_format, colour | sampled);
    quick_depth = device.image(width, height, depth_format, depth_only);
  }
  if (quick == wanted) return;
  quick = wanted;
  bind(7, light_now(), sampler);
}

std::unique_ptr<Picture> Drawing::picture(uint32_t width, uint32_t height) { return std::make_unique<Canvas>(*this, width, height); }

Pixels Drawing::read(Picture& picture, bool ids) {
  auto& canvas = static_cast<Canvas&>(picture);
  Pixels pixels;
  pixels.width = canvas.width, pixels.height = canvas.height;
  const size_t count = size_t(canvas.width) * canvas.height;
  ids = ids && canvas.named;
  // Names, then colours, then depths, one after the other in one buffer: each begins at a multiple of its own size.
  const size_t colours_at = ids ? 8 * count : 0;
  vulkan::Buffer buffer = device_.buffer(count * (ids ? 16 : 4), VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  try {
    device_.run([&](VkCommandBuffer commands) {
      auto copy = [&](const vulkan::Image& image, VkImageLayout rest, VkDeviceSize offset, VkImageAspectFlags aspect) {
        transition(commands, image, rest, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
        VkBufferImageCopy all{};
        all.bufferOffset = offset, all.imageSubresource = {aspect, 0, 0, 1}, all.imageExtent = {canvas.width, canvas.height, 1};
        vkCmdCopyImageToBuffer(commands, image.handle, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, buffer.handle, 1, &all);
        transition(commands, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, rest);
      };
      copy(canvas.shown, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL, colours_at, VK_IMAGE_ASPECT_COLOR_BIT);
      if (ids) copy(canvas.names, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL, 0, VK_IMAGE_ASPECT_COLOR_BIT);
      if (ids) copy(canvas.names_depth, VK_IMAGE_LAYOUT_DEPTH_STENCIL_ATTACHMENT_OPTIMAL, 12 * count, VK_IMAGE_ASPECT_DEPTH_BIT);
    });
  } catch (...) {
    device_.destroy(buffer);
    throw;
  }
  auto* bytes = static_cast<const uint8_t*>(buffer.mapped);
  pixels.rgba.assign(bytes + colours_at, bytes + colours_at + 4 * count);
  if (ids) {
    pixels.id.resize(count), pixels.environment.resize(count), pixels.depth.resize(count);
    for (size_t k = 0; k < count; ++k) {
      uint32_t name[2];
      float depth;
      std::memcpy(name, bytes + 8 * k, sizeof name), std::memcpy(&depth, bytes + 12 * count + 4 * k, sizeof depth);
      pixels.id[k] = name[0], pixels.environment[k] = name[1];
      pixels.depth[k] = depth > 0 ? view::metres(depth, canvas.eye) : std::numeric_limits<float>::infinity();
    }
  }
  device_.destroy(buffer);
  return pixels;
}

}  // namespace nuri::raster
