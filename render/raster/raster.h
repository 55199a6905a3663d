// Raster: draws a Frame with Vulkan. Physically based materials under a sky and a sun with soft shadows, 4 samples a pixel where the
// device has them, tone mapped; a ground grid that fades; an outline around what is selected; lines; names of things by pixel (ids) and depth.
//
// Passes: shadow (depth from the sun) | occlusion (how much sky things leave each other) | opaque, sky, grid | transparent | lines | tone map,
// outline, text | ids and depth, if asked for. A lamp's colour / pi is what a white surface facing it sends back; the sky adds about a half of white.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>
#include "render/view/frame.h"
#include "render/vulkan/device.h"

namespace nuri::raster {

// How pictures look beyond what the scene says.
struct Style {
  bool dark = false;                               // sky and ground of an editor in dark colours; false: daylight
  bool grid = true;                                // lines on the ground, fading with distance
  bool shadows = true;
  bool sky = true;                                 // the scene's own, if it has one; false: that of day or dark
  bool text = false;                               // the frame's labels in small letters; windows write their own
  bool quick = false;                              // one sample a pixel and shadows with hard edges: for windows that a processor draws
  float exposure = 1;
  view::Colour outline{1.0f, 0.62f, 0.11f, 1};
};

// What one view is drawn into; belongs to the caller, sized as he likes. It may outlive its Raster, not the Device.
class Picture {
 public:
  virtual ~Picture() = default;
  uint32_t width = 0, height = 0;
  VkImageView view = VK_NULL_HANDLE;               // RGBA8 UNORM holding sRGB colours, layout SHADER_READ_ONLY_OPTIMAL between draws
};

struct Pixels {
  uint32_t width = 0, height = 0;
  std::vector<uint8_t> rgba;                       // top row first
  std::vector<float> depth;                        // m along the view direction; infinity where nothing is; empty: not asked for
  std::vector<uint32_t> id;                        // Instance::id, 0 nothing, and
  std::vector<uint32_t> environment;               //   whose
};

struct PassTime { std::string name; float milliseconds; };

class Raster {
 public:
  static Result<std::unique_ptr<Raster>> create(vulkan::Device& device);
  virtual ~Raster() = default;

  virtual void use(const view::Scenery& scenery) = 0;            // uploads shapes, images, materials; forgets the former
  virtual std::unique_ptr<Picture> picture(uint32_t width, uint32_t height) = 0;
  // Into a command buffer of the caller, who submits it and waits before the next draw into the same picture. With `ids`, Pixels of
  // the picture have names and depths afterwards.
  virtual void draw(VkCommandBuffer commands, Picture& picture, const view::Frame& frame, const view::Eye& eye, const Style& style, bool ids) = 0;
  virtual Pixels read(Picture& picture, bool ids) = 0;           // after the draw has finished
  virtual std::vector<PassTime> times() = 0;                     // of the last finished draw
};

}  // namespace nuri::raster
