// The programs of all passes and how they write.
#include "render/raster/drawing.h"

namespace nuri::raster {

using vulkan::check;
using vulkan::plain;

namespace {

constexpr uint32_t full_vert[] = {
#include "shaders/full.vert.inc"
};
constexpr uint32_t depth_vert[] = {
#include "shaders/depth.vert.inc"
};
constexpr uint32_t mesh_vert[] = {
#include "shaders/mesh.vert.inc"
};
constexpr uint32_t mesh_frag[] = {
#include "shaders/mesh.frag.inc"
};
constexpr uint32_t occlusion_frag[] = {
#include "shaders/occlusion.frag.inc"
};
constexpr uint32_t blur_frag[] = {
#include "shaders/blur.frag.inc"
};
constexpr uint32_t sky_frag[] = {
#include "shaders/sky.frag.inc"
};
constexpr uint32_t grid_frag[] = {
#include "shaders/grid.frag.inc"
};
constexpr uint32_t lines_vert[] = {
#include "shaders/lines.vert.inc"
};
constexpr uint32_t lines_frag[] = {
#include "shaders/lines.frag.inc"
};
constexpr uint32_t names_vert[] = {
#include "shaders/names.vert.inc"
};
constexpr uint32_t names_frag[] = {
#include "shaders/names.frag.inc"
};
constexpr uint32_t mask_frag[] = {
#include "shaders/mask.frag.inc"
};
constexpr uint32_t tone_frag[] = {
#include "shaders/tone.frag.inc"
};
constexpr uint32_t tone_one_frag[] = {
#include "shaders/tone_one.frag.inc"
};

constexpr uint32_t text_vert[] = {
#include "shaders/text.vert.inc"
};
constexpr uint32_t text_frag[] = {
#include "shaders/text.frag.inc"
};

enum class Blend { no, over };                     // over: colours are premultiplied

// One row per pass. Depths are reversed: what is greater is nearer.
struct Recipe {
  std::span<const uint32_t> vertex, fragment;
  bool vertices;                                   // of shapes; false: none, the program makes them
  VkFormat colour, depth;
  bool many_samples;
  bool test, write;
  VkCompareOp compare;
  Blend blend;
};

}  // namespace

// Quick ones: of one sample a pixel, and with `quick` set in shaders; only of passes that draw light.
void Drawing::make_pipelines(bool quick) {
  const uint32_t most = quick ? 1 : samples_;
  constexpr VkFormat none = VK_FORMAT_UNDEFINED;
  constexpr VkCompareOp nearer = VK_COMPARE_OP_GREATER, not_farther = VK_COMPARE_OP_GREATER_OR_EQUAL, same = VK_COMPARE_OP_EQUAL;
  std::span<const uint32_t> nothing;
  const Recipe recipes[] = {                       // in the order of Pipe
    // vertex     fragment        vertices colour        depth       samples test   write  compare      blend
    {depth_vert, nothing,        true,  none,           depth_format, false, true,  true,  nearer,      Blend::no},     // depth_far
    {depth_vert, nothing,        true,  none,           depth_format, false, true,  true,  nearer,      Blend::no},     // depth_near
    {full_vert,  occlusion_frag, false, open_format,    none,         false, false, false, nearer,      Blend::no},
    {full_vert,  blur_frag,      false, open_format,    none,         false, false, false, nearer,      Blend::no},
    {mesh_vert,  mesh_frag,      true,  light_format,   depth_format, true,  true,  true,  nearer,      Blend::no},     // solid
    {mesh_vert,  mesh_frag,      true,  light_format,   depth_format, true,  true,  false, nearer,      Blend::over},   // clear
    {full_vert,  sky_frag,       false, light_format,   depth_format, true,  true,  false, same,        Blend::no},     // where nothing is
    {full_vert,  grid_frag,      false, light_format,   depth_format, true,  true,  false, nearer,      Blend::over},
    {lines_vert, lines_frag,     false, light_format,   depth_format, true,  true,  false, not_farther, Blend::over},
    {names_vert, mask_frag,      true,  mask_format,    none,         true,  false, false, nearer,      Blend::no},
    {full_vert,  most > 1 ? std::span<const uint32_t>(tone_frag) : tone_one_frag, false, picture_format, none, false, false, false, nearer, Blend::no},
    {text_vert,  text_frag,      false, picture_format, none,         false, false, false, nearer,      Blend::over},
    {names_vert, names_frag,     true,  name_format,    depth_format, false, true,  true,  nearer,      Blend::no},
  };
  static_assert(std::size(recipes) == size_t(Pipe::count));

  auto vertex = plain<VkPipelineVertexInputStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO), no_vertex = vertex;
  VkVertexInputBindingDescription binding{0, sizeof(view::Vertex), VK_VERTEX_INPUT_RATE_VERTEX};
  VkVertexInputAttributeDescription attributes[] = {{0, 0, VK_FORMAT_R32G32B32_SFLOAT, offsetof(view::Vertex, position)},
                                                    {1, 0, VK_FORMAT_R32G32B32_SFLOAT, offsetof(view::Vertex, normal)},
                                                    {2, 0, VK_FORMAT_R32G32_SFLOAT, offsetof(view::Vertex, uv)},
                                                    {3, 0, VK_FORMAT_R32_SFLOAT, offsetof(view::Vertex, cap)}};
  vertex.vertexBindingDescriptionCount = 1, vertex.pVertexBindingDescriptions = &binding;
  vertex.vertexAttributeDescriptionCount = 4, vertex.pVertexAttributeDescriptions = attributes;
  auto assembly = plain<VkPipelineInputAssemblyStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO);
  assembly.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST;
  auto viewport = plain<VkPipelineViewportStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO);
  viewport.viewportCount = viewport.scissorCount = 1;
  auto raster = plain<VkPipelineRasterizationStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO);
  raster.frontFace = VK_FRONT_FACE_COUNTER_CLOCKWISE, raster.lineWidth = 1;
  const VkDynamicState dynamic_states[] = {VK_DYNAMIC_STATE_VIEWPORT, VK_DYNAMIC_STATE_SCISSOR, VK_DYNAMIC_STATE_CULL_MODE,
                                           VK_DYNAMIC_STATE_DEPTH_TEST_ENABLE};
  auto dynamic = plain<VkPipelineDynamicStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_DYNAMIC_STATE_CREATE_INFO);
  dynamic.dynamicStateCount = uint32_t(std::size(dynamic_states)), dynamic.pDynamicStates = dynamic_states;

  const VkBool32 chosen = quick;                   // constant 0 of every shader
  const VkSpecializationMapEntry constant{0, 0, sizeof chosen};
  const VkSpecializationInfo constants{1, &constant, sizeof chosen, &chosen};

  for (size_t p = 0; p < std::size(recipes); ++p) {
    const Recipe& r = recipes[p];
    if (quick && Pipe(p) != Pipe::tone && (!r.many_samples || Pipe(p) == Pipe::mask)) continue;
    auto samples = plain<VkPipelineMultisampleStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO);
    samples.rasterizationSamples = VkSampleCountFlagBits(r.many_samples ? most : 1);
    auto depth = plain<VkPipelineDepthStencilStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_DEPTH_STENCIL_STATE_CREATE_INFO);
    depth.depthTestEnable = r.test, depth.depthWriteEnable = r.write, depth.depthCompareOp = r.compare;
    VkPipelineColorBlendAttachmentState target{};
    target.colorWriteMask = VK_COLOR_COMPONENT_R_BIT | VK_COLOR_COMPONENT_G_BIT | VK_COLOR_COMPONENT_B_BIT | VK_COLOR_COMPONENT_A_BIT;
    target.blendEnable = r.blend == Blend::over;
    target.srcColorBlendFactor = target.srcAlphaBlendFactor = VK_BLEND_FACTOR_ONE;
    target.dstColorBlendFactor = target.dstAlphaBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA;
    auto blend = plain<VkPipelineColorBlendStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO);
    blend.attachmentCount = r.colour != none, blend.pAttachments = &target;
    auto rendering = plain<VkPipelineRenderingCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO);
    rendering.colorAttachmentCount = r.colour != none, rendering.pColorAttachmentFormats = &r.colour, rendering.depthAttachmentFormat = r.depth;

    VkShaderModule modules[2] = {VK_NULL_HANDLE, VK_NULL_HANDLE};
    VkPipelineShaderStageCreateInfo stages[2];
    uint32_t stage_count = 0;
    VkResult result = VK_SUCCESS;
    auto free_modules = [&] { for (VkShaderModule module : modules) vkDestroyShaderModule(device_.handle(), module, nullptr); };
    try {
      for (auto words : {r.vertex, r.fragment}) {
        if (words.empty()) continue;
        auto stage = plain<VkPipelineShaderStageCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO);
        stage.stage = stage_count ? VK_SHADER_STAGE_FRAGMENT_BIT : VK_SHADER_STAGE_VERTEX_BIT;
        stage.module = modules[stage_count] = device_.shader(words), stage.pName = "main", stage.pSpecializationInfo = &constants;
        stages[stage_count++] = stage;
      }
    } catch (...) {
      free_modules();
      throw;
    }
    auto info = plain<VkGraphicsPipelineCreateInfo>(VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO);
    info.pNext = &rendering;
    info.stageCount = stage_count, info.pStages = stages;
    info.pVertexInputState = r.vertices ? &vertex : &no_vertex, info.pInputAssemblyState = &assembly, info.pViewportState = &viewport;
    info.pRasterizationState = &raster, info.pMultisampleState = &samples, info.pDepthStencilState = &depth, info.pColorBlendState = &blend;
    info.pDynamicState = &dynamic, info.layout = layout_;
    result = vkCreateGraphicsPipelines(device_.handle(), VK_NULL_HANDLE, 1, &info, nullptr, &pipelines_[quick][p]);
    free_modules();
    check(result, "a pipeline");
  }
}

}  // namespace nuri::raster
