// The inside of a Raster: what is on the device for a scenery (Drawing), and for a view of it (Canvas).
//
// A canvas has everything that a draw writes, its numbers for shaders too, so that draws into two canvases may be under way at once; the shadow
// map alone is shared, because one queue does one draw after the other. Whatever is on the device is freed by its owner's destructor.
#pragma once
#include <array>
#include <functional>
#include <optional>
#include "render/raster/raster.h"

namespace nuri::raster {

namespace shared {                                 // the text that shaders read, as C++
using vec4 = std::array<float, 4>;
using mat4 = std::array<float, 16>;
#include "render/raster/shaders/view.glsl"
}  // namespace shared

inline constexpr VkFormat light_format = VK_FORMAT_R16G16B16A16_SFLOAT, depth_format = VK_FORMAT_D32_SFLOAT, picture_format = VK_FORMAT_R8G8B8A8_UNORM,
                          mask_format = VK_FORMAT_R8G8_UNORM, open_format = VK_FORMAT_R16G16_SFLOAT, name_format = VK_FORMAT_R32G32_UINT;
inline constexpr uint32_t shadow_size = 2048;

float linear(float srgb);                          // 0 .. 1

// depth_far: seen by the sun, depth_near: by the eye
enum class Pipe { depth_far, depth_near, occlusion, blur, solid, clear, sky, grid, lines, mask, tone, text, names, count };
// What a draw is timed by: everything since the former.
enum class Lap { start, shadow, occlusion, solid, clear, lines, tone, names, count };

struct Push { uint32_t which; };                  // Push of scene.glsl

// Instances beside each other in a canvas's buffer that are drawn alike: the first `seen` of `all` by the eye, all of them by the sun.
struct Run { uint32_t shape, level, set, first, seen, all; bool clear = false; };

class Drawing;

class Canvas : public Picture {
 public:
  Canvas(Drawing& drawing, uint32_t width, uint32_t height);
  ~Canvas() override;

  vulkan::Device& device;
  uint32_t samples;
  vulkan::Image light, depth;                      // what is seen, of `samples` each
  vulkan::Image near_depth, open_raw, open;        // the depth of solid things once more, one sample; and the sky that they leave each other
  vulkan::Image mask_samples, mask, shown;
  vulkan::Image quick_light, quick_depth;          // of one sample each, for Style::quick; made when they are first asked for
  vulkan::Image names, names_depth;                // likewise
  vulkan::Buffer numbers, instances, lines, letters;   // ViewData; view::Instance; LineData; LetterData
  VkDescriptorPool pool = VK_NULL_HANDLE;
  VkDescriptorSet set = VK_NULL_HANDLE;
  VkQueryPool laps = VK_NULL_HANDLE;
  view::Eye eye;                                   // of the last draw
  uint32_t under_lines = 0, over_lines = 0;        // lines behind and on top of things
  uint32_t letter_count = 0;
  std::vector<Run> solid, clear, marked;           // of the last draw; transparent ones from behind; those to be outlined
  bool named = false, timed = false, quick = false;

  const vulkan::Image& light_now() const { return quick_light.handle && quick ? quick_light : light; }
  const vulkan::Image& depth_now() const { return quick_depth.handle && quick ? quick_depth : depth; }

  void grow(vulkan::Buffer& buffer, size_t bytes, size_t most);
  void bind(uint32_t binding, const vulkan::Image& image, VkSampler sampler);
  void bind(uint32_t binding, const vulkan::Buffer& buffer);
  void name_images();
  void set_quick(bool quick, VkSampler sampler);
 private:
  void release();
  std::shared_ptr<std::vector<Canvas*>> drawn_;
};

class Drawing : public Raster {
 public:
  explicit Drawing(vulkan::Device& device);
  ~Drawing() override;

  void use(const view::Scenery& scenery) override;
  std::unique_ptr<Picture> picture(uint32_t width, uint32_t height) override;
  void draw(VkCommandBuffer commands, Picture& picture, const view::Frame& frame, const view::Eye& eye, const Style& style, bool ids) override;
  Pixels read(Picture& picture, bool ids) override;
  std::vector<PassTime> times() override;
  struct OwnSky { std::array<float, 3> zenith{}, horizon{}, ground{}; float last_level = 0; };   // linear means of a picture's faces

 private:
  friend class Canvas;
  struct Level { uint32_t first_corner = 0, corner_count = 0; };
  struct Shape {
    std::array<Level, 4> levels;                   // the finest first; as fine as the former where coarser ones save nothing
    int32_t first_vertex = 0;
    std::array<float, 3> middle{};
    float reach = 0;                               // of a ball around it, from there
  };
  // What decides how fine instances are drawn.
  struct Sight {
    view::Eye eye;
    float aspect, tangent, pixels;                 // of half the picture's height; its pixels
    bool shadows = false;
    view::Vec3f lamp{};                            // where it is, if it is not far away,
    float lamp_distance = 0, texel = 1;            //   and how far from there a texel of its map is `texel` m wide; 0: all along
  };

  void start();                                    // layouts, samplers, the shadow map
  void make_pipelines(bool quick);
  void load_font();
  void write_text(Canvas& canvas, const view::Frame& frame, const std::array<float, 16>& clip) const;
  void forget();                                   // the scenery's copy
  void release();
  vulkan::Image upload(const model::Look::Image& image) const;

  void add_levels(const view::Shape& shape, Shape& made, std::vector<uint32_t>& corners);
  bool write(Canvas& canvas, const view::Frame& frame, const view::Eye& eye, const Style& style);   // numbers for shaders; true: the sun casts shadows
  void sort(Canvas& canvas, const view::Frame& frame, const Sight& sight);
  void shadow_pass(VkCommandBuffer commands, Canvas& canvas) const;
  void occlusion_pass(VkCommandBuffer commands, Canvas& canvas) const;
  void light_pass(VkCommandBuffer commands, Canvas& canvas, const Style& style) const;
  void mask_pass(VkCommandBuffer commands, Canvas& canvas) const;
  void tone_pass(VkCommandBuffer commands, Canvas& canvas) const;
  void text_pass(VkCommandBuffer commands, Canvas& canvas) const;
  void names_pass(VkCommandBuffer commands, Canvas& canvas) const;
  void start_instances(VkCommandBuffer commands, uint32_t which) const;   // before the others of a pass
  void instances(VkCommandBuffer commands, const std::vector<Run>& runs, bool sun = false) const;
  void bind(VkCommandBuffer commands, const Canvas& canvas) const;
  void use(VkCommandBuffer commands, Pipe pipe, bool quick = false) const;
  void lap(VkCommandBuffer commands, const Canvas& canvas, Lap lap) const;

  vulkan::Device& device_;
  uint32_t samples_;
  size_t room_ = 0;                                // bytes that a shader can reach in one buffer: what is beyond is not drawn
  VkDescriptorSetLayout canvas_layout_ = VK_NULL_HANDLE, image_layout_ = VK_NULL_HANDLE;
  VkPipelineLayout layout_ = VK_NULL_HANDLE;
  VkSampler nearest_ = VK_NULL_HANDLE, repeating_ = VK_NULL_HANDLE;
  std::array<std::array<VkPipeline, size_t(Pipe::count)>, 2> pipelines_{};   // the second are quick, of those passes that differ
  vulkan::Image shadow_, font_;
  struct Letter { std::array<float, 4> box{}, image{}; float advance = 0; };   // pixels from where it is written; 0 .. 1; pixels
  std::array<Letter, 256> letters_;                // Latin-1
  float line_height_ = 0;                          // pixels
  // of the scenery
  std::vector<Shape> shapes_;
  std::vector<uint32_t> set_of_material_;          // of sets_: 0 is without an image
  vulkan::Buffer vertices_, corners_, materials_;
  std::vector<vulkan::Image> images_;              // the first two are white, flat and cube
  std::optional<OwnSky> own_sky_;
  VkDescriptorPool pool_ = VK_NULL_HANDLE;
  std::vector<VkDescriptorSet> sets_;
  std::shared_ptr<std::vector<Canvas*>> drawn_ = std::make_shared<std::vector<Canvas*>>();   // in the order of their last draws
};

}  // namespace nuri::raster
