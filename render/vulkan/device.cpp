#include "render/vulkan/device.h"
#include <algorithm>
#include <cctype>
#include <cstring>

namespace nuri::vulkan {
namespace {

// Vulkan's lists are asked for twice: how many, and which.
template <class T, class F> std::vector<T> list(F ask) {
  uint32_t count = 0;
  ask(&count, nullptr);
  std::vector<T> all(count);
  ask(&count, all.data());
  all.resize(count);
  return all;
}

const char* words(VkResult result) {
  switch (result) {
    case VK_ERROR_OUT_OF_HOST_MEMORY: return "out of host memory";
    case VK_ERROR_OUT_OF_DEVICE_MEMORY: return "out of device memory";
    case VK_ERROR_INITIALIZATION_FAILED: return "initialisation failed";
    case VK_ERROR_DEVICE_LOST: return "the device was lost";
    case VK_ERROR_MEMORY_MAP_FAILED: return "mapping memory failed";
    case VK_ERROR_LAYER_NOT_PRESENT: return "a layer is not present";
    case VK_ERROR_EXTENSION_NOT_PRESENT: return "an extension is not present";
    case VK_ERROR_FEATURE_NOT_PRESENT: return "a feature is not present";
    case VK_ERROR_INCOMPATIBLE_DRIVER: return "no driver was found";
    case VK_ERROR_TOO_MANY_OBJECTS: return "too many objects";
    case VK_ERROR_FORMAT_NOT_SUPPORTED: return "the format is not supported";
    case VK_ERROR_SURFACE_LOST_KHR: return "the window's surface was lost";
    case VK_ERROR_NATIVE_WINDOW_IN_USE_KHR: return "the window is in use";
    case VK_ERROR_OUT_OF_DATE_KHR: return "the window has changed";
    default: return "failed";
  }
}

std::string lower(std::string text) {
  for (char& c : text) c = char(std::tolower((unsigned char)c));
  return text;
}

std::string version(uint32_t v) {
  return std::to_string(VK_API_VERSION_MAJOR(v)) + '.' + std::to_string(VK_API_VERSION_MINOR(v)) + '.' + std::to_string(VK_API_VERSION_PATCH(v));
}

Diagnostic problem(std::string code, std::string message, std::string hint) {
  Diagnostic d;
  d.code = std::move(code), d.message = std::move(message), d.hint = std::move(hint);
  return d;
}

const char* const install_hint = "install the graphics card's driver, or mesa-vulkan-drivers to draw on the processor";

bool has(const std::vector<VkExtensionProperties>& extensions, const char* name) {
  return std::any_of(extensions.begin(), extensions.end(), [&](const VkExtensionProperties& e) { return !std::strcmp(e.extensionName, name); });
}

VKAPI_ATTR VkBool32 VKAPI_CALL hear(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                                    const VkDebugUtilsMessengerCallbackDataEXT* data, void* said) {
  auto& list = *static_cast<std::vector<std::string>*>(said);
  if (list.size() < 1000) list.push_back(data->pMessage ? data->pMessage : "");   // a mistake in every frame must not fill the memory
  return VK_FALSE;
}

// The device's family that draws; -1: none. Such a family can also compute and copy.
int drawing_family(VkPhysicalDevice device, uint32_t* out_timestamp_bits) {
  auto families = list<VkQueueFamilyProperties>([&](uint32_t* n, VkQueueFamilyProperties* p) { vkGetPhysicalDeviceQueueFamilyProperties(device, n, p); });
  for (size_t f = 0; f < families.size(); ++f)
    if (families[f].queueCount && (families[f].queueFlags & VK_QUEUE_GRAPHICS_BIT)) return *out_timestamp_bits = families[f].timestampValidBits, int(f);
  return -1;
}

std::vector<VkExtensionProperties> extensions_of(VkPhysicalDevice device) {
  return list<VkExtensionProperties>([&](uint32_t* n, VkExtensionProperties* p) { return vkEnumerateDeviceExtensionProperties(device, nullptr, n, p); });
}

struct Features {
  VkPhysicalDeviceVulkan13Features v13 = plain<VkPhysicalDeviceVulkan13Features>(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES);
  VkPhysicalDeviceFeatures2 all = plain<VkPhysicalDeviceFeatures2>(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2);
};

// What a device lacks of what is needed, in words; empty: nothing.
std::string lacks(VkPhysicalDevice device, const VkPhysicalDeviceProperties& properties, bool windows) {
  if (properties.apiVersion < VK_API_VERSION_1_3) return "its driver has Vulkan " + version(properties.apiVersion) + ", 1.3 is needed";
  uint32_t bits = 0;
  if (drawing_family(device, &bits) < 0) return "it cannot draw, only compute";
  Features has_features;
  has_features.all.pNext = &has_features.v13;
  vkGetPhysicalDeviceFeatures2(device, &has_features.all);
  if (!has_features.v13.dynamicRendering) return "its driver lacks dynamicRendering";
  if (!has_features.v13.synchronization2) return "its driver lacks synchronization2";
  if (windows && !has(extensions_of(device), VK_KHR_SWAPCHAIN_EXTENSION_NAME)) return "its driver cannot show windows (VK_KHR_swapchain)";
  return {};
}

int rank(VkPhysicalDeviceType type) {
  switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: return 4;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: return 3;
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: return 2;
    case VK_PHYSICAL_DEVICE_TYPE_CPU: return 1;
    default: return 0;
  }
}

}  // namespace

void check(VkResult result, const char* what) {
  if (result < 0) throw Failure(std::string(what) + ": " + words(result) + " (VkResult " + std::to_string(int(result)) + ")");
}

Result<std::unique_ptr<Device>> Device::create(const DeviceOptions& options) {
  // Instance: the newest loader may meet an old one, which then knows 1.0 only.
  uint32_t loader = VK_API_VERSION_1_0;
  vkEnumerateInstanceVersion(&loader);
  if (loader < VK_API_VERSION_1_3)
    return problem("vulkan-too-old", "the Vulkan loader has version " + version(loader) + ", 1.3 is needed", "update libvulkan");
  auto layers = list<VkLayerProperties>([](uint32_t* n, VkLayerProperties* p) { return vkEnumerateInstanceLayerProperties(n, p); });
  const char* const layer = "VK_LAYER_KHRONOS_validation";
  bool validate = options.validate && std::any_of(layers.begin(), layers.end(), [&](const VkLayerProperties& l) {
    return !std::strcmp(l.layerName, layer);
  });
  auto known = list<VkExtensionProperties>([](uint32_t* n, VkExtensionProperties* p) { return vkEnumerateInstanceExtensionProperties(nullptr, n, p); });
  std::vector<const char*> extensions = options.instance_extensions;
  for (const char* extension : extensions)
    if (!has(known, extension))
      return problem("vulkan-no-extension", std::string("no Vulkan driver here has ") + extension + ", which the window system asks for", install_hint);
  bool hazards = false;
  if (validate) {
    extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
    hazards = has(list<VkExtensionProperties>([&](uint32_t* n, VkExtensionProperties* p) { return vkEnumerateInstanceExtensionProperties(layer, n, p); }),
                  VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);
    if (hazards) extensions.push_back(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);
  }
  bool portable = has(known, VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME);   // drivers on top of another interface hide without it
  if (portable) extensions.push_back(VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME);

  std::unique_ptr<Device> device(new Device);
  auto messenger = plain<VkDebugUtilsMessengerCreateInfoEXT>(VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT);
  messenger.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  messenger.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
  messenger.pfnUserCallback = hear;
  messenger.pUserData = &device->said;
  auto application = plain<VkApplicationInfo>(VK_STRUCTURE_TYPE_APPLICATION_INFO);
  application.pApplicationName = application.pEngineName = "nuri";
  application.apiVersion = VK_API_VERSION_1_3;
  const VkValidationFeatureEnableEXT hear_hazards = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
  auto features = plain<VkValidationFeaturesEXT>(VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT);
  features.enabledValidationFeatureCount = 1, features.pEnabledValidationFeatures = &hear_hazards;
  auto instance = plain<VkInstanceCreateInfo>(VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO);
  instance.pNext = hazards ? &features : nullptr;
  instance.flags = portable ? VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR : 0;
  instance.pApplicationInfo = &application;
  instance.enabledLayerCount = validate, instance.ppEnabledLayerNames = &layer;
  instance.enabledExtensionCount = uint32_t(extensions.size()), instance.ppEnabledExtensionNames = extensions.data();
  if (VkResult result = vkCreateInstance(&instance, nullptr, &device->instance_))
    return problem("vulkan-no-device", std::string("Vulkan cannot start: ") + words(result), install_hint);
  device->hears_hazards_ = hazards;
  if (validate)
    if (auto create = PFN_vkCreateDebugUtilsMessengerEXT(vkGetInstanceProcAddr(device->instance_, "vkCreateDebugUtilsMessengerEXT")))
      create(device->instance_, &messenger, nullptr, &device->messenger_);

  // The best of the devices that have what is needed.
  auto devices = list<VkPhysicalDevice>([&](uint32_t* n, VkPhysicalDevice* p) { return vkEnumeratePhysicalDevices(device->instance_, n, p); });
  if (devices.empty()) return problem("vulkan-no-device", "no Vulkan device was found", install_hint);
  VkPhysicalDeviceProperties properties{};
  std::string names, faults;
  bool named = false, windows = !options.instance_extensions.empty();
  for (VkPhysicalDevice candidate : devices) {
    VkPhysicalDeviceProperties p;
    vkGetPhysicalDeviceProperties(candidate, &p);
    names += (names.empty() ? "'" : ", '") + std::string(p.deviceName) + "'";
    if (lower(p.deviceName).find(lower(options.name)) == std::string::npos) continue;
    named = true;
    std::string fault = lacks(candidate, p, windows);
    if (!fault.empty()) faults += (faults.empty() ? "" : "; ") + std::string(p.deviceName) + ": " + fault;
    else if (!device->physical_ || rank(p.deviceType) > rank(properties.deviceType)) device->physical_ = candidate, properties = p;
  }
  if (!named) return problem("vulkan-no-device", "no Vulkan device has a name with '" + options.name + "'", "there are " + names);
  if (!device->physical_) return problem("vulkan-too-old", "no Vulkan device can be used: " + faults, install_hint);

  // What it can do beyond that.
  Features offered, wanted;
  vkGetPhysicalDeviceFeatures2(device->physical_, &offered.all);
  wanted.all.pNext = &wanted.v13;
  wanted.v13.dynamicRendering = wanted.v13.synchronization2 = VK_TRUE;
  wanted.all.features.samplerAnisotropy = offered.all.features.samplerAnisotropy;
  wanted.all.features.wideLines = offered.all.features.wideLines;
  const VkPhysicalDeviceLimits& limits = properties.limits;
  uint32_t timestamp_bits = 0;
  device->family_ = uint32_t(drawing_family(device->physical_, &timestamp_bits));
  device->name_ = std::string(properties.deviceName) + ", Vulkan " + version(properties.apiVersion);
  device->software_ = properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  const VkSampleCountFlags samples = limits.framebufferColorSampleCounts & limits.framebufferDepthSampleCounts & limits.sampledImageColorSampleCounts;
  device->most_samples_ = samples & VK_SAMPLE_COUNT_4_BIT ? 4 : 1;
  device->wide_lines_ = wanted.all.features.wideLines;
  device->most_anisotropy_ = wanted.all.features.samplerAnisotropy ? limits.maxSamplerAnisotropy : 1;
  device->largest_image_ = limits.maxImageDimension2D;
  device->tick_ = timestamp_bits ? limits.timestampPeriod : 0;
  vkGetPhysicalDeviceMemoryProperties(device->physical_, &device->memory_);

  // The device, its one queue, its commands.
  std::vector<const char*> device_extensions;
  if (windows) device_extensions.push_back(VK_KHR_SWAPCHAIN_EXTENSION_NAME);
  if (has(extensions_of(device->physical_), "VK_KHR_portability_subset")) device_extensions.push_back("VK_KHR_portability_subset");
  float priority = 1;
  auto queue = plain<VkDeviceQueueCreateInfo>(VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO);
  queue.queueFamilyIndex = device->family_, queue.queueCount = 1, queue.pQueuePriorities = &priority;
  auto info = plain<VkDeviceCreateInfo>(VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO);
  info.pNext = &wanted.all;
  info.queueCreateInfoCount = 1, info.pQueueCreateInfos = &queue;
  info.enabledExtensionCount = uint32_t(device_extensions.size()), info.ppEnabledExtensionNames = device_extensions.data();
  VkResult result = vkCreateDevice(device->physical_, &info, nullptr, &device->device_);
  if (!result) {
    vkGetDeviceQueue(device->device_, device->family_, 0, &device->queue_);
    auto pool = plain<VkCommandPoolCreateInfo>(VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO);
    pool.flags = VK_COMMAND_POOL_CREATE_TRANSIENT_BIT, pool.queueFamilyIndex = device->family_;
    result = vkCreateCommandPool(device->device_, &pool, nullptr, &device->pool_);
  }
  if (result == VK_ERROR_OUT_OF_HOST_MEMORY || result == VK_ERROR_OUT_OF_DEVICE_MEMORY)
    return problem("vulkan-out-of-memory", device->name_ + " cannot be used: " + words(result), "close programs that use it, or choose another device");
  if (result) return problem("vulkan-no-device", device->name_ + " cannot be used: " + words(result), install_hint);
  return device;
}

Device::~Device() {
  if (device_) {
    vkDeviceWaitIdle(device_);
    vkDestroyCommandPool(device_, pool_, nullptr);
    vkDestroyDevice(device_, nullptr);
  }
  if (messenger_)
    if (auto destroy = PFN_vkDestroyDebugUtilsMessengerEXT(vkGetInstanceProcAddr(instance_, "vkDestroyDebugUtilsMessengerEXT")))
      destroy(instance_, messenger_, nullptr);
  if (instance_) vkDestroyInstance(instance_, nullptr);
}

VkShaderModule Device::shader(std::span<const uint32_t> words) {
  auto info = plain<VkShaderModuleCreateInfo>(VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO);
  info.codeSize = words.size_bytes(), info.pCode = words.data();
  VkShaderModule module = VK_NULL_HANDLE;
  check(vkCreateShaderModule(device_, &info, nullptr, &module), "a shader");
  return module;
}

void Device::run(const std::function<void(VkCommandBuffer)>& record) {
  auto allocate = plain<VkCommandBufferAllocateInfo>(VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO);
  allocate.commandPool = pool_, allocate.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY, allocate.commandBufferCount = 1;
  VkCommandBuffer commands = VK_NULL_HANDLE;
  VkFence done = VK_NULL_HANDLE;
  check(vkAllocateCommandBuffers(device_, &allocate, &commands), "commands");
  auto release = [&] { vkDestroyFence(device_, done, nullptr), vkFreeCommandBuffers(device_, pool_, 1, &commands); };
  try {
    auto fence = plain<VkFenceCreateInfo>(VK_STRUCTURE_TYPE_FENCE_CREATE_INFO);
    check(vkCreateFence(device_, &fence, nullptr, &done), "a fence");
    auto begin = plain<VkCommandBufferBeginInfo>(VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO);
    begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    check(vkBeginCommandBuffer(commands, &begin), "commands");
    record(commands);
    auto barrier = plain<VkMemoryBarrier2>(VK_STRUCTURE_TYPE_MEMORY_BARRIER_2);   // what was written can be read, by commands to come and by the host
    barrier.srcStageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, barrier.srcAccessMask = VK_ACCESS_2_MEMORY_WRITE_BIT;
    barrier.dstStageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT | VK_PIPELINE_STAGE_2_HOST_BIT;
    barrier.dstAccessMask = VK_ACCESS_2_MEMORY_READ_BIT | VK_ACCESS_2_MEMORY_WRITE_BIT | VK_ACCESS_2_HOST_READ_BIT;
    auto info = plain<VkDependencyInfo>(VK_STRUCTURE_TYPE_DEPENDENCY_INFO);
    info.memoryBarrierCount = 1, info.pMemoryBarriers = &barrier;
    vkCmdPipelineBarrier2(commands, &info);
    check(vkEndCommandBuffer(commands), "commands");
    auto buffer = plain<VkCommandBufferSubmitInfo>(VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO);
    buffer.commandBuffer = commands;
    auto submit = plain<VkSubmitInfo2>(VK_STRUCTURE_TYPE_SUBMIT_INFO_2);
    submit.commandBufferInfoCount = 1, submit.pCommandBufferInfos = &buffer;
    check(vkQueueSubmit2(queue_, 1, &submit, done), "submitting commands");
    check(vkWaitForFences(device_, 1, &done, VK_TRUE, UINT64_MAX), "waiting for commands");
  } catch (...) {
    release();
    throw;
  }
  release();
}

void Device::wait_idle() { check(vkDeviceWaitIdle(device_), "waiting for the device"); }

}  // namespace nuri::vulkan
