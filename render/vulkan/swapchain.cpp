#include "render/vulkan/swapchain.h"
#include <algorithm>

namespace nuri::vulkan {
namespace {

// 8 bits per colour without conversion; a device that shows anything at all has one of the two.
VkSurfaceFormatKHR choose(VkPhysicalDevice physical, VkSurfaceKHR surface) {
  uint32_t count = 0;
  check(vkGetPhysicalDeviceSurfaceFormatsKHR(physical, surface, &count, nullptr), "formats of the window");
  std::vector<VkSurfaceFormatKHR> formats(count);
  check(vkGetPhysicalDeviceSurfaceFormatsKHR(physical, surface, &count, formats.data()), "formats of the window");
  for (const VkSurfaceFormatKHR& format : formats)
    if ((format.format == VK_FORMAT_B8G8R8A8_UNORM || format.format == VK_FORMAT_R8G8B8A8_UNORM) && format.colorSpace == VK_COLOR_SPACE_SRGB_NONLINEAR_KHR)
      return format;
  throw Failure("the display has no 8-bit UNORM format");
}

}  // namespace

Swapchain::Swapchain(Device& device, VkSurfaceKHR surface) : device_(device), surface_(surface) {
  VkBool32 shows = VK_FALSE;
  check(vkGetPhysicalDeviceSurfaceSupportKHR(device.physical(), device.family(), surface, &shows), "presentation");
  if (!shows) throw Failure(device.name() + " cannot show pictures on this display");
  format_ = choose(device.physical(), surface);

  const VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr, VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT, device.family()};
  check(vkCreateCommandPool(device.handle(), &pool, nullptr, &pool_), "command pool");
  for (Slot& slot : slots_) {
    const VkCommandBufferAllocateInfo commands{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, nullptr, pool_, VK_COMMAND_BUFFER_LEVEL_PRIMARY, 1};
    check(vkAllocateCommandBuffers(device.handle(), &commands, &slot.commands), "command buffer");
    const VkFenceCreateInfo fence{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, nullptr, VK_FENCE_CREATE_SIGNALED_BIT};
    check(vkCreateFence(device.handle(), &fence, nullptr, &slot.done), "fence");
    const VkSemaphoreCreateInfo semaphore{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, nullptr, 0};
    check(vkCreateSemaphore(device.handle(), &semaphore, nullptr, &slot.ready), "semaphore");
  }
}

Swapchain::~Swapchain() {
  vkDeviceWaitIdle(device_.handle());
  forget_pictures();
  for (const Slot& slot : slots_) {
    vkDestroyFence(device_.handle(), slot.done, nullptr);
    vkDestroySemaphore(device_.handle(), slot.ready, nullptr);
  }
  vkDestroyCommandPool(device_.handle(), pool_, nullptr);
  vkDestroySwapchainKHR(device_.handle(), swapchain_, nullptr);
  vkDestroySurfaceKHR(device_.instance(), surface_, nullptr);
}

void Swapchain::forget_pictures() {
  for (const Image& picture : pictures_) vkDestroyImageView(device_.handle(), picture.view, nullptr);
  for (VkSemaphore semaphore : drawn_) vkDestroySemaphore(device_.handle(), semaphore, nullptr);
  pictures_.clear();
  drawn_.clear();
}

void Swapchain::make(uint32_t width, uint32_t height) {
  device_.wait_idle();
  forget_pictures();
  VkSurfaceCapabilitiesKHR can{};
  check(vkGetPhysicalDeviceSurfaceCapabilitiesKHR(device_.physical(), surface_, &can), "the window's size");
  asked_width_ = width;
  asked_height_ = height;
  extent_ = can.currentExtent;
  if (extent_.width == UINT32_MAX)   // the window takes the size of what is shown in it
    extent_ = {std::clamp(width, can.minImageExtent.width, can.maxImageExtent.width), std::clamp(height, can.minImageExtent.height, can.maxImageExtent.height)};
  stale_ = extent_.width == 0 || extent_.height == 0;
  if (stale_) return;

  auto info = plain<VkSwapchainCreateInfoKHR>(VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR);
  info.surface = surface_;
  info.minImageCount = can.maxImageCount ? std::min(can.minImageCount + 1, can.maxImageCount) : can.minImageCount + 1;
  info.imageFormat = format_.format;
  info.imageColorSpace = format_.colorSpace;
  info.imageExtent = extent_;
  info.imageArrayLayers = 1;
  info.imageUsage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT;
  info.imageSharingMode = VK_SHARING_MODE_EXCLUSIVE;
  info.preTransform = can.currentTransform;
  info.compositeAlpha = can.supportedCompositeAlpha & VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR ? VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR : VK_COMPOSITE_ALPHA_INHERIT_BIT_KHR;
  info.presentMode = VK_PRESENT_MODE_FIFO_KHR;
  info.clipped = VK_TRUE;
  info.oldSwapchain = swapchain_;
  VkSwapchainKHR made = VK_NULL_HANDLE;
  check(vkCreateSwapchainKHR(device_.handle(), &info, nullptr, &made), "swapchain");
  vkDestroySwapchainKHR(device_.handle(), swapchain_, nullptr);
  swapchain_ = made;

  uint32_t count = 0;
  check(vkGetSwapchainImagesKHR(device_.handle(), swapchain_, &count, nullptr), "pictures of the window");
  std::vector<VkImage> handles(count);
  check(vkGetSwapchainImagesKHR(device_.handle(), swapchain_, &count, handles.data()), "pictures of the window");
  for (VkImage handle : handles) {
    Image& picture = pictures_.emplace_back();
    picture.handle = handle;
    picture.format = format_.format;
    picture.width = extent_.width;
    picture.height = extent_.height;
    auto view = plain<VkImageViewCreateInfo>(VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO);
    view.image = handle;
    view.viewType = VK_IMAGE_VIEW_TYPE_2D;
    view.format = format_.format;
    view.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    check(vkCreateImageView(device_.handle(), &view, nullptr, &picture.view), "view of the window");
    const VkSemaphoreCreateInfo semaphore{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, nullptr, 0};
    check(vkCreateSemaphore(device_.handle(), &semaphore, nullptr, &drawn_.emplace_back()), "semaphore");
  }
}

std::optional<Swapchain::Target> Swapchain::begin(uint32_t width, uint32_t height) {
  if (width == 0 || height == 0) return {};
  if (stale_ || width != asked_width_ || height != asked_height_) make(width, height);
  if (stale_) return {};
  Slot& slot = slots_[slot_];
  check(vkWaitForFences(device_.handle(), 1, &slot.done, VK_TRUE, UINT64_MAX), "waiting for the last frame");
  const VkResult result = vkAcquireNextImageKHR(device_.handle(), swapchain_, UINT64_MAX, slot.ready, VK_NULL_HANDLE, &picture_);
  if (result == VK_ERROR_OUT_OF_DATE_KHR) {
    stale_ = true;
    return {};
  }
  if (result != VK_SUBOPTIMAL_KHR) check(result, "the window's next picture");
  check(vkResetFences(device_.handle(), 1, &slot.done), "fence");
  const VkCommandBufferBeginInfo once{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, nullptr};
  check(vkBeginCommandBuffer(slot.commands, &once), "command buffer");
  transition(slot.commands, pictures_[picture_], VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
  return Target{slot.commands, pictures_[picture_].view, extent_.width, extent_.height, slot_};
}

void Swapchain::end() {
  Slot& slot = slots_[slot_];
  transition(slot.commands, pictures_[picture_], VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR);
  check(vkEndCommandBuffer(slot.commands), "command buffer");

  auto ready = plain<VkSemaphoreSubmitInfo>(VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO);
  ready.semaphore = slot.ready;
  ready.stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT;   // the transition from UNDEFINED is the first to touch the picture
  auto drawn = plain<VkSemaphoreSubmitInfo>(VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO);
  drawn.semaphore = drawn_[picture_];
  drawn.stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT;
  auto commands = plain<VkCommandBufferSubmitInfo>(VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO);
  commands.commandBuffer = slot.commands;
  auto submit = plain<VkSubmitInfo2>(VK_STRUCTURE_TYPE_SUBMIT_INFO_2);
  submit.waitSemaphoreInfoCount = submit.commandBufferInfoCount = submit.signalSemaphoreInfoCount = 1;
  submit.pWaitSemaphoreInfos = &ready;
  submit.pCommandBufferInfos = &commands;
  submit.pSignalSemaphoreInfos = &drawn;
  check(vkQueueSubmit2(device_.queue(), 1, &submit, slot.done), "a frame");

  auto present = plain<VkPresentInfoKHR>(VK_STRUCTURE_TYPE_PRESENT_INFO_KHR);
  present.waitSemaphoreCount = present.swapchainCount = 1;
  present.pWaitSemaphores = &drawn_[picture_];
  present.pSwapchains = &swapchain_;
  present.pImageIndices = &picture_;
  const VkResult result = vkQueuePresentKHR(device_.queue(), &present);
  if (result == VK_ERROR_OUT_OF_DATE_KHR || result == VK_SUBOPTIMAL_KHR) stale_ = true;
  else check(result, "showing a frame");
  slot_ = (slot_ + 1) % frames_in_flight;
}

}  // namespace nuri::vulkan
