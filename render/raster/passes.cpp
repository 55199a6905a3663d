// The passes: what each reads, writes and draws.
#include <algorithm>
#include "render/raster/drawing.h"

namespace nuri::raster {

using vulkan::plain;

namespace {

constexpr VkImageLayout unknown = VK_IMAGE_LAYOUT_UNDEFINED, to_read = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL,
                        to_paint = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL, to_sort = VK_IMAGE_LAYOUT_DEPTH_STENCIL_ATTACHMENT_OPTIMAL;

// From begin to end everything is drawn into `colour` and `depth`, which were anything and are cleared to zero: no light, no name, far away. Or onto
// what is there.
void begin(VkCommandBuffer commands, const vulkan::Image* colour, const vulkan::Image* depth, const vulkan::Image* resolve = nullptr, bool onto = false) {
  for (const vulkan::Image* image : {colour, resolve})
    if (image) transition(commands, *image, onto ? to_read : unknown, to_paint);
  if (depth) transition(commands, *depth, unknown, to_sort);
  auto attachment = [&](const vulkan::Image* image, VkImageLayout layout, bool keep) {
    auto info = plain<VkRenderingAttachmentInfo>(VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO);
    if (!image) return info;
    info.imageView = image->view, info.imageLayout = layout;
    info.loadOp = onto ? VK_ATTACHMENT_LOAD_OP_LOAD : VK_ATTACHMENT_LOAD_OP_CLEAR, info.storeOp = keep ? VK_ATTACHMENT_STORE_OP_STORE : VK_ATTACHMENT_STORE_OP_DONT_CARE;
    return info;
  };
  auto painted = attachment(colour, to_paint, !resolve), sorted = attachment(depth, to_sort, depth && depth->samples == 1);
  if (resolve) painted.resolveMode = VK_RESOLVE_MODE_AVERAGE_BIT, painted.resolveImageView = resolve->view, painted.resolveImageLayout = to_paint;
  const vulkan::Image& any = colour ? *colour : *depth;
  auto info = plain<VkRenderingInfo>(VK_STRUCTURE_TYPE_RENDERING_INFO);
  info.renderArea = {{0, 0}, {any.width, any.height}}, info.layerCount = 1;
  info.colorAttachmentCount = colour != nullptr, info.pColorAttachments = &painted;
  info.pDepthAttachment = depth ? &sorted : nullptr;
  vkCmdBeginRendering(commands, &info);
  VkViewport viewport{0, 0, float(any.width), float(any.height), 0, 1};
  vkCmdSetViewport(commands, 0, 1, &viewport);
  vkCmdSetScissor(commands, 0, 1, &info.renderArea);
}

void whole(VkCommandBuffer commands) {             // one triangle over everything
  vkCmdSetCullMode(commands, VK_CULL_MODE_NONE);
  vkCmdDraw(commands, 3, 1, 0, 0);
}

}  // namespace

void Drawing::bind(VkCommandBuffer commands, const Canvas& canvas) const {
  VkDescriptorSet sets[] = {canvas.set, sets_[0]};
  vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, layout_, 0, 2, sets, 0, nullptr);
  VkDeviceSize offset = 0;
  vkCmdBindVertexBuffers(commands, 0, 1, &vertices_.handle, &offset);
  vkCmdBindIndexBuffer(commands, corners_.handle, 0, VK_INDEX_TYPE_UINT32);
}

void Drawing::use(VkCommandBuffer commands, Pipe pipe, bool quick) const {
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipelines_[quick][size_t(pipe)]);
  vkCmdSetDepthTestEnable(commands, VK_TRUE);
}

void Drawing::start_instances(VkCommandBuffer commands, uint32_t which) const {
  const Push push{which};
  vkCmdPushConstants(commands, layout_, VK_SHADER_STAGE_VERTEX_BIT | VK_SHADER_STAGE_FRAGMENT_BIT, 0, sizeof push, &push);
}

void Drawing::instances(VkCommandBuffer commands, const std::vector<Run>& runs, bool sun) const {
  uint32_t bound = UINT32_MAX;
  for (const Run& run : runs) {
    const bool plane = run.shape == view::shape::plane;
    const uint32_t count = sun ? run.all : run.seen;
    if (!count || (sun && plane)) continue;
    if (run.set != bound) vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, layout_, 1, 1, &sets_[bound = run.set], 0, nullptr);
    // a plane is seen from above alone, and of what is clear the front
    vkCmdSetCullMode(commands, plane || run.clear ? VK_CULL_MODE_BACK_BIT : VK_CULL_MODE_NONE);
    const Shape& shape = shapes_[run.shape];
    const Level& level = shape.levels[run.level];
    vkCmdDrawIndexed(commands, level.corner_count, count, level.first_corner, shape.first_vertex, run.first);
  }
}

void Drawing::shadow_pass(VkCommandBuffer commands, Canvas& canvas) const {
  begin(commands, nullptr, &shadow_);
  use(commands, Pipe::depth_far);
  start_instances(commands, 0);
  instances(commands, canvas.solid, true);
  vkCmdEndRendering(commands);
  transition(commands, shadow_, to_sort, to_read);
}

void Drawing::occlusion_pass(VkCommandBuffer commands, Canvas& canvas) const {
  begin(commands, nullptr, &canvas.near_depth);
  use(commands, Pipe::depth_near);
  start_instances(commands, 1);
  instances(commands, canvas.solid);
  vkCmdEndRendering(commands);
  transition(commands, canvas.near_depth, to_sort, to_read);
  begin(commands, &canvas.open_raw, nullptr);
  use(commands, Pipe::occlusion);
  whole(commands);
  vkCmdEndRendering(commands);
  transition(commands, canvas.open_raw, to_paint, to_read);
  begin(commands, &canvas.open, nullptr);
  use(commands, Pipe::blur);
  whole(commands);
  vkCmdEndRendering(commands);
  transition(commands, canvas.open, to_paint, to_read);
}

void Drawing::light_pass(VkCommandBuffer commands, Canvas& canvas, const Style& style) const {
  const vulkan::Image& light = canvas.light_now();
  begin(commands, &light, &canvas.depth_now());
  use(commands, Pipe::solid, style.quick);
  start_instances(commands, 0);
  instances(commands, canvas.solid);
  use(commands, Pipe::sky, style.quick);
  whole(commands);
  if (style.grid) use(commands, Pipe::grid, style.quick), whole(commands);
  lap(commands, canvas, Lap::solid);
  use(commands, Pipe::clear, style.quick);
  instances(commands, canvas.clear);
  lap(commands, canvas, Lap::clear);
  use(commands, Pipe::lines, style.quick);
  vkCmdSetCullMode(commands, VK_CULL_MODE_NONE);
  if (canvas.under_lines) vkCmdDraw(commands, 6 * canvas.under_lines, 1, 0, 0);
  vkCmdSetDepthTestEnable(commands, VK_FALSE);
  if (canvas.over_lines) vkCmdDraw(commands, 6 * canvas.over_lines, 1, 6 * canvas.under_lines, 0);
  lap(commands, canvas, Lap::lines);
  vkCmdEndRendering(commands);
  transition(commands, light, to_paint, to_read);
}

void Drawing::mask_pass(VkCommandBuffer commands, Canvas& canvas) const {
  bool many = canvas.samples > 1;
  begin(commands, many ? &canvas.mask_samples : &canvas.mask, nullptr, many ? &canvas.mask : nullptr);
  use(commands, Pipe::mask);
  start_instances(commands, 1);
  instances(commands, canvas.marked);
  vkCmdEndRendering(commands);
  transition(commands, canvas.mask, to_paint, to_read);
}

void Drawing::tone_pass(VkCommandBuffer commands, Canvas& canvas) const {
  begin(commands, &canvas.shown, nullptr);
  use(commands, Pipe::tone, canvas.quick);
  whole(commands);
  vkCmdEndRendering(commands);
  transition(commands, canvas.shown, to_paint, to_read);
}

void Drawing::text_pass(VkCommandBuffer commands, Canvas& canvas) const {
  begin(commands, &canvas.shown, nullptr, nullptr, true);
  use(commands, Pipe::text);
  vkCmdSetCullMode(commands, VK_CULL_MODE_NONE);
  vkCmdDraw(commands, 6 * canvas.letter_count, 1, 0, 0);
  vkCmdEndRendering(commands);
  transition(commands, canvas.shown, to_paint, to_read);
}

void Drawing::names_pass(VkCommandBuffer commands, Canvas& canvas) const {
  begin(commands, &canvas.names, &canvas.names_depth);
  use(commands, Pipe::names);
  start_instances(commands, 0);
  instances(commands, canvas.solid);
  instances(commands, canvas.clear);
  vkCmdEndRendering(commands);
  transition(commands, canvas.names, to_paint, to_paint);
  transition(commands, canvas.names_depth, to_sort, to_sort);
}

}  // namespace nuri::raster
