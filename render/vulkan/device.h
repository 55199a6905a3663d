// A Vulkan device and what everything on it needs: memory, pictures, programs, one queue. Vulkan 1.3 with dynamic rendering and
// synchronization2; every other feature is asked for and reported, never assumed.
//
// Errors: creating reports a Diagnostic (no driver, too old, out of memory). After that a lost device or a full memory throws
// vulkan::Failure, which programs catch at their top.
#pragma once
#include <vulkan/vulkan.h>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>
#include "engine/core/result.h"

namespace nuri::vulkan {

struct Failure : std::runtime_error { using std::runtime_error::runtime_error; };
void check(VkResult result, const char* what);     // throws Failure
// One of Vulkan's structures, all zero but for its type.
template <class T> T plain(VkStructureType type) {
  T t{};
  t.sType = type;
  return t;
}

struct DeviceOptions {
  std::vector<const char*> instance_extensions;    // of a window system; empty: headless
  std::string name;                                // part of a device's name; empty: discrete before integrated before software
  bool validate = false;                           // the validation layer, if it is installed, hazards between commands included; its messages go to `said`
};

struct Buffer { VkBuffer handle = VK_NULL_HANDLE; VkDeviceMemory memory = VK_NULL_HANDLE; VkDeviceSize size = 0, taken = 0; void* mapped = nullptr; };   // taken: bytes of memory
struct Image { VkImage handle = VK_NULL_HANDLE; VkDeviceMemory memory = VK_NULL_HANDLE; VkDeviceSize taken = 0; VkImageView view = VK_NULL_HANDLE; VkFormat format = VK_FORMAT_UNDEFINED; uint32_t width = 0, height = 0, levels = 1, layers = 1, samples = 1; };

class Device {
 public:
  static Result<std::unique_ptr<Device>> create(const DeviceOptions& options = {});
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  VkInstance instance() const { return instance_; }
  VkPhysicalDevice physical() const { return physical_; }
  VkDevice handle() const { return device_; }
  VkQueue queue() const { return queue_; }
  uint32_t family() const { return family_; }
  const std::string& name() const { return name_; }              // "llvmpipe (LLVM 15.0.6, 256 bits), Vulkan 1.3.230"
  bool software() const { return software_; }
  uint32_t most_samples() const { return most_samples_; }        // of colour and depth together: 1 or 4 here
  bool wide_lines() const { return wide_lines_; }
  float most_anisotropy() const { return most_anisotropy_; }     // of samplers; 1: none
  uint32_t largest_image() const { return largest_image_; }      // pixels along an edge
  bool validated() const { return messenger_ != VK_NULL_HANDLE; }
  bool hears_hazards() const { return hears_hazards_; }          // synchronization is validated too
  float nanoseconds_per_tick() const { return tick_; }           // of timestamps; 0: none
  size_t allocations() const { return allocations_; }            // of memory, alive: one for each buffer and image
  VkDeviceSize allocated() const { return allocated_; }          // bytes of them
  std::vector<std::string> said;                                 // by the validation layer

  // Host visible and coherent, mapped for its life.
  Buffer buffer(VkDeviceSize size, VkBufferUsageFlags usage);
  // On the device, filled from the host once.
  Buffer uploaded(std::span<const std::byte> bytes, VkBufferUsageFlags usage);
  Image image(uint32_t width, uint32_t height, VkFormat format, VkImageUsageFlags usage, uint32_t samples = 1, uint32_t levels = 1, uint32_t layers = 1, bool cube = false);
  // RGBA8 with all its smaller levels, ready to be sampled.
  Image texture(uint32_t width, uint32_t height, std::span<const uint8_t> rgba, bool srgb, uint32_t layers = 1, bool cube = false);
  void destroy(Buffer& buffer);
  void destroy(Image& image);
  VkShaderModule shader(std::span<const uint32_t> words);

  // Records, submits, waits: for loading and for pictures that are read back.
  void run(const std::function<void(VkCommandBuffer)>& record);
  void wait_idle();

 private:
  Device() = default;
  VkDeviceMemory allocate(const VkMemoryRequirements& needs, std::span<const VkMemoryPropertyFlags> wishes, const char* what);
  void forget(VkDeviceMemory memory, VkDeviceSize size);
  void make(Buffer& buffer, VkBufferUsageFlags usage, std::span<const VkMemoryPropertyFlags> wishes);
  VkInstance instance_ = VK_NULL_HANDLE;
  VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
  VkPhysicalDevice physical_ = VK_NULL_HANDLE;
  VkDevice device_ = VK_NULL_HANDLE;
  VkQueue queue_ = VK_NULL_HANDLE;
  VkCommandPool pool_ = VK_NULL_HANDLE;
  VkPhysicalDeviceMemoryProperties memory_{};
  uint32_t family_ = 0, most_samples_ = 1, largest_image_ = 4096;
  bool software_ = false, wide_lines_ = false, hears_hazards_ = false;
  size_t allocations_ = 0;
  VkDeviceSize allocated_ = 0;
  float tick_ = 0, most_anisotropy_ = 1;
  std::string name_;
};

// layout transition by synchronization2, all commands before, all after: simple, and a frame has a dozen of them
void transition(VkCommandBuffer commands, const Image& image, VkImageLayout from, VkImageLayout to);

}  // namespace nuri::vulkan
