// Swapchain: the pictures of a window's surface, in turn. Two frames are in flight; the window's size is asked by whoever has the window and
// given to begin(), because some drivers never say that it changed.
//
// Formats are UNORM: what is drawn into a window holds sRGB colours already. Presentation waits for the display (FIFO: always there). Each
// picture has a semaphore of its own for "drawn": one per frame in flight could still be waited for by the display when it is signalled again.
#pragma once
#include <array>
#include <optional>
#include <vector>
#include "render/vulkan/device.h"

namespace nuri::vulkan {

constexpr int frames_in_flight = 2;

class Swapchain {
 public:
  // Takes the surface over. Throws Failure if the device cannot show anything in it.
  Swapchain(Device& device, VkSurfaceKHR surface);
  ~Swapchain();
  Swapchain(const Swapchain&) = delete;
  Swapchain& operator=(const Swapchain&) = delete;

  VkFormat format() const { return format_.format; }

  struct Target {
    VkCommandBuffer commands;        // begun
    VkImageView view;                // COLOR_ATTACHMENT_OPTIMAL, with anything in it
    uint32_t width, height;
    int slot;                        // 0 .. frames_in_flight - 1: what this slot drew last time has finished
  };
  // Nothing while the window has no area, or if its size changed in this very moment: try again with the next frame.
  std::optional<Target> begin(uint32_t width, uint32_t height);
  void end();                        // of what begin() gave: submits and shows

 private:
  void make(uint32_t width, uint32_t height);
  void forget_pictures();

  Device& device_;
  VkSurfaceKHR surface_;
  VkSurfaceFormatKHR format_{};
  VkSwapchainKHR swapchain_ = VK_NULL_HANDLE;
  uint32_t asked_width_ = 0, asked_height_ = 0;   // for which it was made: the surface may have decided otherwise
  VkExtent2D extent_{};
  std::vector<Image> pictures_;      // handles and views; the memory is the swapchain's
  std::vector<VkSemaphore> drawn_;   // of each picture
  struct Slot { VkCommandBuffer commands; VkFence done; VkSemaphore ready; };
  std::array<Slot, frames_in_flight> slots_{};
  VkCommandPool pool_ = VK_NULL_HANDLE;
  int slot_ = 0;
  uint32_t picture_ = 0;
  bool stale_ = true;
};

}  // namespace nuri::vulkan
