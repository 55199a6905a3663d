// Raster: the order of the passes of a draw, and what all of them share.
#include "render/raster/raster.h"
#include <algorithm>
#include "render/raster/drawing.h"

namespace nuri::raster {

using vulkan::check;
using vulkan::plain;

Result<std::unique_ptr<Raster>> Raster::create(vulkan::Device& device) {
  try {
    return std::unique_ptr<Raster>(std::make_unique<Drawing>(device));
  } catch (const vulkan::Failure& failure) {
    Diagnostic d;
    d.code = "vulkan-failed", d.message = "'" + device.name() + "' cannot draw: " + failure.what();
    d.hint = "close programs that use its memory, or choose another device";
    return d;
  }
}

Drawing::Drawing(vulkan::Device& device) : device_(device), samples_(device.most_samples()) {
  try {
    start();
    load_font();
    make_pipelines(false), make_pipelines(true);
    use({});
  } catch (...) {
    release();
    throw;
  }
}

Drawing::~Drawing() { release(); }

void Drawing::release() {
  vkDeviceWaitIdle(device_.handle());
  forget();
  VkDevice d = device_.handle();
  for (auto& kind : pipelines_)
    for (VkPipeline& pipeline : kind) vkDestroyPipeline(d, pipeline, nullptr), pipeline = VK_NULL_HANDLE;
  vkDestroyPipelineLayout(d, layout_, nullptr);
  vkDestroyDescriptorSetLayout(d, canvas_layout_, nullptr), vkDestroyDescriptorSetLayout(d, image_layout_, nullptr);
  vkDestroySampler(d, nearest_, nullptr), vkDestroySampler(d, repeating_, nullptr);
  device_.destroy(shadow_), device_.destroy(font_);
}

void Drawing::start() {
  VkDevice d = device_.handle();
  VkPhysicalDeviceProperties properties;
  vkGetPhysicalDeviceProperties(device_.physical(), &properties);
  room_ = properties.limits.maxStorageBufferRange;
  // Set 0, of a canvas; set 1, of an image: as scene.glsl and the shaders that include it say.
  constexpr VkShaderStageFlags both = VK_SHADER_STAGE_VERTEX_BIT | VK_SHADER_STAGE_FRAGMENT_BIT;
  auto set_layout = [&](std::vector<VkDescriptorType> types) {
    std::vector<VkDescriptorSetLayoutBinding> bindings(types.size());
    for (size_t b = 0; b < types.size(); ++b) bindings[b] = {uint32_t(b), types[b], 1, both, nullptr};
    auto info = plain<VkDescriptorSetLayoutCreateInfo>(VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO);
    info.bindingCount = uint32_t(bindings.size()), info.pBindings = bindings.data();
    VkDescriptorSetLayout layout = VK_NULL_HANDLE;
    check(vkCreateDescriptorSetLayout(d, &info, nullptr, &layout), "a set's layout");
    return layout;
  };
  constexpr auto uniform = VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, storage = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                 sampled = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;
  canvas_layout_ = set_layout({uniform, storage, storage, sampled, sampled, sampled, sampled, sampled, sampled, storage, sampled});
  image_layout_ = set_layout({storage, sampled, sampled, sampled});
  VkDescriptorSetLayout sets[] = {canvas_layout_, image_layout_};
  VkPushConstantRange range{both, 0, sizeof(Push)};
  auto layout = plain<VkPipelineLayoutCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO);
  layout.setLayoutCount = 2, layout.pSetLayouts = sets;
  layout.pushConstantRangeCount = 1, layout.pPushConstantRanges = &range;
  check(vkCreatePipelineLayout(d, &layout, nullptr, &layout_), "a pipeline's layout");
  // Samplers: exact texels, and images that repeat.
  auto sampler = plain<VkSamplerCreateInfo>(VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO);
  sampler.addressModeU = sampler.addressModeV = sampler.addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE;
  check(vkCreateSampler(d, &sampler, nullptr, &nearest_), "a sampler");
  sampler.magFilter = sampler.minFilter = VK_FILTER_LINEAR, sampler.mipmapMode = VK_SAMPLER_MIPMAP_MODE_LINEAR;
  sampler.addressModeU = sampler.addressModeV = sampler.addressModeW = VK_SAMPLER_ADDRESS_MODE_REPEAT;
  sampler.maxLod = VK_LOD_CLAMP_NONE;
  sampler.maxAnisotropy = device_.software() ? 1.0f : std::min(device_.most_anisotropy(), 8.0f);   // llvmpipe's takes minutes for a plane to the horizon
  sampler.anisotropyEnable = sampler.maxAnisotropy > 1;
  check(vkCreateSampler(d, &sampler, nullptr, &repeating_), "a sampler");
  shadow_ = device_.image(shadow_size, shadow_size, depth_format, VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT | VK_IMAGE_USAGE_SAMPLED_BIT);
  device_.run([&](VkCommandBuffer commands) { transition(commands, shadow_, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL); });
}

void Drawing::draw(VkCommandBuffer commands, Picture& picture, const view::Frame& frame, const view::Eye& eye, const Style& style, bool ids) {
  auto& canvas = static_cast<Canvas&>(picture);
  bool sun = write(canvas, frame, eye, style);
  canvas.set_quick(style.quick, nearest_);
  if (ids) canvas.name_images();
  canvas.named = ids;
  if (canvas.laps) vkCmdResetQueryPool(commands, canvas.laps, 0, uint32_t(Lap::count));
  lap(commands, canvas, Lap::start);
  bind(commands, canvas);
  if (sun) shadow_pass(commands, canvas);
  lap(commands, canvas, Lap::shadow);
  occlusion_pass(commands, canvas);
  lap(commands, canvas, Lap::occlusion);
  light_pass(commands, canvas, style);      // and its laps
  if (!canvas.marked.empty()) mask_pass(commands, canvas);
  tone_pass(commands, canvas);
  if (canvas.letter_count) text_pass(commands, canvas);
  lap(commands, canvas, Lap::tone);
  if (ids) names_pass(commands, canvas);
  lap(commands, canvas, Lap::names);
  canvas.timed = canvas.laps != VK_NULL_HANDLE;
  std::erase(*drawn_, &canvas);
  drawn_->push_back(&canvas);
}

void Drawing::lap(VkCommandBuffer commands, const Canvas& canvas, Lap lap) const {
  if (canvas.laps) vkCmdWriteTimestamp2(commands, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, canvas.laps, uint32_t(lap));
}

std::vector<PassTime> Drawing::times() {
  static constexpr const char* names[] = {"", "shadow", "occlusion", "opaque, sky", "transparent", "lines", "tone, outline", "ids"};
  constexpr size_t count = size_t(Lap::count);
  static_assert(std::size(names) == count);
  for (auto canvas = drawn_->rbegin(); canvas != drawn_->rend(); ++canvas) {   // the last that has finished
    std::array<uint64_t, count> ticks{};
    if (!(*canvas)->timed) continue;
    if (vkGetQueryPoolResults(device_.handle(), (*canvas)->laps, 0, uint32_t(count), sizeof ticks, ticks.data(), sizeof ticks[0], VK_QUERY_RESULT_64_BIT)) continue;
    std::vector<PassTime> times;
    for (size_t k = 1; k < count; ++k)
      if (k != size_t(Lap::names) || (*canvas)->named)
        times.push_back({names[k], float(double(ticks[k] - ticks[k - 1]) * device_.nanoseconds_per_tick() * 1e-6)});
    return times;
  }
  return {};
}

}  // namespace nuri::raster
