// The scenery's copy on the device: one buffer for the vertices of all shapes, one for their corners, one for all materials; a texture and a set
// for each image.
#include <algorithm>
#include <cstring>
#include "render/raster/drawing.h"

namespace nuri::raster {

using vulkan::check;
using vulkan::plain;

namespace {

template <class T> std::span<const std::byte> bytes_of(const std::vector<T>& all) { return std::as_bytes(std::span<const T>(all)); }

// At half the size in both directions: for pictures that are larger than the device takes. Layers lie below each other.
void halve(std::vector<uint8_t>& rgba, uint32_t& width, uint32_t& height, uint32_t layers) {
  uint32_t w = std::max(width / 2, 1u), h = std::max(height / 2, 1u);
  std::vector<uint8_t> half(size_t(w) * h * layers * 4);
  for (uint32_t layer = 0; layer < layers; ++layer)
    for (uint32_t y = 0; y < h; ++y)
      for (uint32_t x = 0; x < w; ++x)
        for (uint32_t c = 0; c < 4; ++c) {
          auto at = [&](uint32_t sx, uint32_t sy) {
            return unsigned(rgba[((size_t(layer) * height + std::min(sy, height - 1)) * width + std::min(sx, width - 1)) * 4 + c]);
          };
          unsigned sum = at(2 * x, 2 * y) + at(2 * x + 1, 2 * y) + at(2 * x, 2 * y + 1) + at(2 * x + 1, 2 * y + 1);
          half[((size_t(layer) * h + y) * w + x) * 4 + c] = uint8_t((sum + 2) / 4);
        }
  rgba = std::move(half), width = w, height = h;
}

// Of a whole cube: above, around, below.
Drawing::OwnSky means(const model::Look::Image& image) {
  std::array<float, 256> light;
  for (size_t k = 0; k < light.size(); ++k) light[k] = linear(float(k) / 255);
  std::array<std::array<double, 3>, 6> face{};
  const size_t pixels = image.rgba.size() / 24;
  for (size_t f = 0; f < 6; ++f)
    for (size_t i = 0; i < pixels; ++i)
      for (size_t k = 0; k < 3; ++k) face[f][k] += double(light[image.rgba[4 * (f * pixels + i) + k]]) / double(pixels);
  Drawing::OwnSky out;
  for (size_t k = 0; k < 3; ++k)
    out.zenith[k] = float(face[4][k]), out.ground[k] = float(face[5][k]), out.horizon[k] = float((face[0][k] + face[1][k] + face[2][k] + face[3][k]) / 4);
  return out;
}

}  // namespace

void Drawing::forget() {
  device_.destroy(vertices_), device_.destroy(corners_), device_.destroy(materials_);
  for (vulkan::Image& image : images_) device_.destroy(image);
  vkDestroyDescriptorPool(device_.handle(), pool_, nullptr);
  pool_ = VK_NULL_HANDLE;
  images_.clear(), shapes_.clear(), sets_.clear(), set_of_material_.clear(), own_sky_.reset();
}

// An image that is not as it should be becomes a white one.
vulkan::Image Drawing::upload(const model::Look::Image& image) const {
  uint32_t layers = image.cube ? 6 : 1, width = uint32_t(std::max(image.width, 0)), height = uint32_t(std::max(image.height, 0)) / layers;
  if (!width || !height || image.rgba.size() != size_t(width) * height * layers * 4 || (image.cube && width != height)) {
    std::vector<uint8_t> white(4 * layers, 255);
    return device_.texture(1, 1, white, true, layers, image.cube);
  }
  std::vector<uint8_t> rgba = image.rgba;
  while (std::max(width, height) > device_.largest_image()) halve(rgba, width, height, layers);
  if (image.cube) {
    // Our faces +x -x +y -y +z -z have their tops towards +z; Vulkan's towards its +y. With (x, z, y) as direction for a cube's sampler, our
    // +y and -y are its faces 4 and 5, our +z (turned by half a turn) and -z its 2 and 3.
    const size_t face = size_t(width) * width * 4;
    std::vector<uint8_t> turned(rgba.size());
    constexpr int from[] = {0, 1, 4, 5, 2, 3};
    for (int f = 0; f < 6; ++f) std::memcpy(turned.data() + f * face, rgba.data() + from[f] * face, face);
    uint32_t* top = reinterpret_cast<uint32_t*>(turned.data() + 2 * face);
    std::reverse(top, top + face / 4);
    rgba = std::move(turned);
  }
  return device_.texture(width, height, rgba, true, layers, image.cube);
}

void Drawing::use(const view::Scenery& scenery) {
  device_.wait_idle();
  forget();
  // Shapes, all in one vertex and one corner buffer. A corner without its vertex would make the device read elsewhere: such a shape is left out.
  std::vector<view::Vertex> vertices;
  std::vector<uint32_t> corners;
  for (const view::Shape& shape : scenery.shapes) {
    Shape made;
    bool whole = std::all_of(shape.corners.begin(), shape.corners.end(), [&](uint32_t c) { return c < shape.vertices.size(); });
    made.first_vertex = int32_t(vertices.size());
    if (whole) add_levels(shape, made, corners);
    shapes_.push_back(made);
    if (whole) vertices.insert(vertices.end(), shape.vertices.begin(), shape.vertices.end());
  }
  vertices_ = device_.uploaded(bytes_of(vertices), VK_BUFFER_USAGE_VERTEX_BUFFER_BIT);
  corners_ = device_.uploaded(bytes_of(corners), VK_BUFFER_USAGE_INDEX_BUFFER_BIT);

  // Materials, and which image each has.
  std::vector<shared::MaterialData> materials;
  auto image_of = [&](const view::Material& m) {
    return m.image >= 0 && size_t(m.image) < scenery.images.size() ? scenery.images[size_t(m.image)] : nullptr;
  };
  for (const view::Material& m : scenery.materials) {
    const model::Look::Image* image = image_of(m);
    shared::MaterialData made{};
    for (size_t k = 0; k < 3; ++k) made.rgba[k] = linear(m.rgba[k]);
    made.rgba[3] = m.rgba[3];
    made.look = {m.emission, m.specular, m.roughness, m.metallic};
    made.cover = {m.reflectance, !image ? 0.0f : image->cube ? 3.0f : m.boxed ? 2.0f : 1.0f, float(m.uniform), 0};
    made.repeat = {m.repeat[0], m.repeat[1], 0, 0};
    materials.push_back(made);
    set_of_material_.push_back(image ? uint32_t(m.image) + 1 : 0);
  }
  if (materials.empty()) {
    view::Material m;
    materials.push_back({{1, 1, 1, 1}, {m.emission, m.specular, m.roughness, m.metallic}, {}, {1, 1, 0, 0}});
    set_of_material_.push_back(0);
  }
  materials_ = device_.uploaded(bytes_of(materials), VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);

  // Images, after a white one of either kind, and a set for each.
  model::Look::Image white;
  images_.push_back(upload(white));
  white.cube = true;
  images_.push_back(upload(white));
  for (const model::Look::Image* image : scenery.images) images_.push_back(upload(image ? *image : white));
  const vulkan::Image* sky = &images_[1];
  if (scenery.sky >= 0 && size_t(scenery.sky) < scenery.images.size() && images_[size_t(scenery.sky) + 2].layers == 6) {
    sky = &images_[size_t(scenery.sky) + 2];
    own_sky_ = means(*scenery.images[size_t(scenery.sky)]);
    own_sky_->last_level = float(sky->levels - 1);
  }
  const uint32_t count = uint32_t(scenery.images.size()) + 1;
  VkDescriptorPoolSize sizes[] = {{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, count}, {VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 3 * count}};
  auto info = plain<VkDescriptorPoolCreateInfo>(VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO);
  info.maxSets = count, info.poolSizeCount = 2, info.pPoolSizes = sizes;
  check(vkCreateDescriptorPool(device_.handle(), &info, nullptr, &pool_), "the images' sets");
  std::vector<VkDescriptorSetLayout> layouts(count, image_layout_);
  auto allocate = plain<VkDescriptorSetAllocateInfo>(VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO);
  allocate.descriptorPool = pool_, allocate.descriptorSetCount = count, allocate.pSetLayouts = layouts.data();
  sets_.resize(count);
  check(vkAllocateDescriptorSets(device_.handle(), &allocate, sets_.data()), "the images' sets");
  for (uint32_t s = 0; s < count; ++s) {
    const vulkan::Image& image = images_[s ? s + 1 : 0];
    VkDescriptorBufferInfo buffer{materials_.handle, 0, VK_WHOLE_SIZE};
    VkDescriptorImageInfo pictures[] = {{repeating_, image.layers == 1 ? image.view : images_[0].view, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL},
                                        {repeating_, image.layers == 6 ? image.view : images_[1].view, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL},
                                        {repeating_, sky->view, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL}};
    VkWriteDescriptorSet writes[4];
    for (uint32_t b = 0; b < 4; ++b) {
      writes[b] = plain<VkWriteDescriptorSet>(VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET);
      writes[b].dstSet = sets_[s], writes[b].dstBinding = b, writes[b].descriptorCount = 1;
      writes[b].descriptorType = b ? VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
      if (b) writes[b].pImageInfo = &pictures[b - 1];
      else writes[b].pBufferInfo = &buffer;
    }
    vkUpdateDescriptorSets(device_.handle(), 4, writes, 0, nullptr);
  }
}

}  // namespace nuri::raster
