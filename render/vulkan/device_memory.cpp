// Memory of a device: buffers, pictures, textures. Each has memory of its own: scenes have hundreds of them, devices allow 4096 and more.
#include <algorithm>
#include <cstring>
#include "render/vulkan/device.h"

namespace nuri::vulkan {
namespace {

VkImageAspectFlags aspect_of(VkFormat format) { return format == VK_FORMAT_D32_SFLOAT ? VK_IMAGE_ASPECT_DEPTH_BIT : VK_IMAGE_ASPECT_COLOR_BIT; }

}  // namespace

// Memory of the first kind of `wishes` that there is and that still has room.
VkDeviceMemory Device::allocate(const VkMemoryRequirements& needs, std::span<const VkMemoryPropertyFlags> wishes, const char* what) {
  VkResult result = VK_ERROR_OUT_OF_DEVICE_MEMORY;
  for (VkMemoryPropertyFlags wish : wishes)
    for (uint32_t type = 0; type < memory_.memoryTypeCount; ++type) {
      if (!(needs.memoryTypeBits >> type & 1) || (memory_.memoryTypes[type].propertyFlags & wish) != wish) continue;
      auto info = plain<VkMemoryAllocateInfo>(VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO);
      info.allocationSize = needs.size, info.memoryTypeIndex = type;
      VkDeviceMemory memory = VK_NULL_HANDLE;
      result = vkAllocateMemory(device_, &info, nullptr, &memory);
      if (result != VK_SUCCESS) continue;
      ++allocations_, allocated_ += needs.size;
      return memory;
    }
  check(result, (std::string(what) + " of " + std::to_string((needs.size >> 20) + 1) + " MiB").c_str());
  return VK_NULL_HANDLE;
}

void Device::forget(VkDeviceMemory memory, VkDeviceSize size) {
  if (memory) --allocations_, allocated_ -= size;
  vkFreeMemory(device_, memory, nullptr);
}

// A buffer of the size that it says, with memory; what was made before a failure stays for destroy().
void Device::make(Buffer& buffer, VkBufferUsageFlags usage, std::span<const VkMemoryPropertyFlags> wishes) {
  auto info = plain<VkBufferCreateInfo>(VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO);
  info.size = buffer.size, info.usage = usage;
  check(vkCreateBuffer(device_, &info, nullptr, &buffer.handle), "a buffer");
  VkMemoryRequirements needs;
  vkGetBufferMemoryRequirements(device_, buffer.handle, &needs);
  buffer.memory = allocate(needs, wishes, "a buffer"), buffer.taken = needs.size;
  check(vkBindBufferMemory(device_, buffer.handle, buffer.memory, 0), "a buffer's memory");
}

Buffer Device::buffer(VkDeviceSize size, VkBufferUsageFlags usage) {
  constexpr VkMemoryPropertyFlags visible = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  constexpr VkMemoryPropertyFlags read[] = {visible | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, visible};   // what comes back is read by the host: cached
  constexpr VkMemoryPropertyFlags write[] = {visible | VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, visible};
  Buffer buffer;
  buffer.size = std::max<VkDeviceSize>(size, 4);
  try {
    make(buffer, usage, usage == VK_BUFFER_USAGE_TRANSFER_DST_BIT ? read : write);
    check(vkMapMemory(device_, buffer.memory, 0, VK_WHOLE_SIZE, 0, &buffer.mapped), "a buffer's memory");
  } catch (...) {
    destroy(buffer);
    throw;
  }
  return buffer;
}

Buffer Device::uploaded(std::span<const std::byte> bytes, VkBufferUsageFlags usage) {
  constexpr VkMemoryPropertyFlags wishes[] = {VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0};
  Buffer staging = buffer(bytes.size(), VK_BUFFER_USAGE_TRANSFER_SRC_BIT), made;
  if (!bytes.empty()) std::memcpy(staging.mapped, bytes.data(), bytes.size());
  made.size = staging.size;
  try {
    make(made, usage | VK_BUFFER_USAGE_TRANSFER_DST_BIT, wishes);
    run([&](VkCommandBuffer commands) {
      VkBufferCopy all{0, 0, made.size};
      vkCmdCopyBuffer(commands, staging.handle, made.handle, 1, &all);
    });
  } catch (...) {
    destroy(staging), destroy(made);
    throw;
  }
  destroy(staging);
  return made;
}

Image Device::image(uint32_t width, uint32_t height, VkFormat format, VkImageUsageFlags usage, uint32_t samples, uint32_t levels,
                    uint32_t layers, bool cube) {
  constexpr VkMemoryPropertyFlags wishes[] = {VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0};
  Image image;
  image.format = format, image.width = width, image.height = height, image.levels = levels, image.layers = layers, image.samples = samples;
  auto info = plain<VkImageCreateInfo>(VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO);
  info.flags = cube ? VK_IMAGE_CREATE_CUBE_COMPATIBLE_BIT : 0;
  info.imageType = VK_IMAGE_TYPE_2D, info.format = format, info.extent = {width, height, 1};
  info.mipLevels = levels, info.arrayLayers = layers, info.samples = VkSampleCountFlagBits(samples);
  info.tiling = VK_IMAGE_TILING_OPTIMAL, info.usage = usage;
  auto view = plain<VkImageViewCreateInfo>(VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO);
  view.viewType = cube ? VK_IMAGE_VIEW_TYPE_CUBE : layers > 1 ? VK_IMAGE_VIEW_TYPE_2D_ARRAY : VK_IMAGE_VIEW_TYPE_2D;
  view.format = format, view.subresourceRange = {aspect_of(format), 0, levels, 0, layers};
  try {
    check(vkCreateImage(device_, &info, nullptr, &image.handle), "a picture");
    VkMemoryRequirements needs;
    vkGetImageMemoryRequirements(device_, image.handle, &needs);
    image.memory = allocate(needs, wishes, "a picture"), image.taken = needs.size;
    check(vkBindImageMemory(device_, image.handle, image.memory, 0), "a picture's memory");
    view.image = image.handle;
    check(vkCreateImageView(device_, &view, nullptr, &image.view), "a picture's view");
  } catch (...) {
    destroy(image);
    throw;
  }
  return image;
}

Image Device::texture(uint32_t width, uint32_t height, std::span<const uint8_t> rgba, bool srgb, uint32_t layers, bool cube) {
  if (!width || !height || rgba.size() != size_t(width) * height * layers * 4) throw Failure("a texture's bytes do not match its size");
  uint32_t levels = 1;
  while ((std::max(width, height) >> levels) > 0) ++levels;
  Buffer staging = buffer(rgba.size(), VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  std::memcpy(staging.mapped, rgba.data(), rgba.size());
  Image made;
  try {
    made = image(width, height, srgb ? VK_FORMAT_R8G8B8A8_SRGB : VK_FORMAT_R8G8B8A8_UNORM,
                 VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT, 1, levels, layers, cube);
    run([&](VkCommandBuffer commands) {
      transition(commands, made, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_GENERAL);
      VkBufferImageCopy all{};
      all.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, layers}, all.imageExtent = {width, height, 1};
      vkCmdCopyBufferToImage(commands, staging.handle, made.handle, VK_IMAGE_LAYOUT_GENERAL, 1, &all);
      for (uint32_t level = 1; level < levels; ++level) {   // each level is the former at half size
        transition(commands, made, VK_IMAGE_LAYOUT_GENERAL, VK_IMAGE_LAYOUT_GENERAL);
        auto corner = [&](uint32_t l) { return VkOffset3D{int32_t(std::max(width >> l, 1u)), int32_t(std::max(height >> l, 1u)), 1}; };
        VkImageBlit half{};
        half.srcSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, level - 1, 0, layers}, half.srcOffsets[1] = corner(level - 1);
        half.dstSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, level, 0, layers}, half.dstOffsets[1] = corner(level);
        vkCmdBlitImage(commands, made.handle, VK_IMAGE_LAYOUT_GENERAL, made.handle, VK_IMAGE_LAYOUT_GENERAL, 1, &half, VK_FILTER_LINEAR);
      }
      transition(commands, made, VK_IMAGE_LAYOUT_GENERAL, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL);
    });
  } catch (...) {
    destroy(staging), destroy(made);
    throw;
  }
  destroy(staging);
  return made;
}

void Device::destroy(Buffer& buffer) {
  vkDestroyBuffer(device_, buffer.handle, nullptr);
  forget(buffer.memory, buffer.taken);
  buffer = {};
}

void Device::destroy(Image& image) {
  vkDestroyImageView(device_, image.view, nullptr);
  vkDestroyImage(device_, image.handle, nullptr);
  forget(image.memory, image.taken);
  image = {};
}

void transition(VkCommandBuffer commands, const Image& image, VkImageLayout from, VkImageLayout to) {
  auto barrier = plain<VkImageMemoryBarrier2>(VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2);
  barrier.srcStageMask = barrier.dstStageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT;
  barrier.srcAccessMask = VK_ACCESS_2_MEMORY_WRITE_BIT;
  barrier.dstAccessMask = VK_ACCESS_2_MEMORY_READ_BIT | VK_ACCESS_2_MEMORY_WRITE_BIT;
  barrier.oldLayout = from, barrier.newLayout = to;
  barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
  barrier.image = image.handle;
  barrier.subresourceRange = {aspect_of(image.format), 0, VK_REMAINING_MIP_LEVELS, 0, VK_REMAINING_ARRAY_LAYERS};
  auto info = plain<VkDependencyInfo>(VK_STRUCTURE_TYPE_DEPENDENCY_INFO);
  info.imageMemoryBarrierCount = 1, info.pImageMemoryBarriers = &barrier;
  vkCmdPipelineBarrier2(commands, &info);
}

}  // namespace nuri::vulkan
