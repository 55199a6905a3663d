// The device: what it says of itself, that bytes survive the way there and back, that smaller levels of a texture are means, that mistakes are heard.
#include "render/vulkan/device.h"
#include <doctest/doctest.h>
#include <cstring>
#include "tests/skip.h"

using namespace nuri;

TEST_CASE("device: names what it is, and refuses names that no device has") {
  auto device = vulkan::Device::create();
  if (!device) {
    CHECK(device.errors()[0].code.rfind("vulkan-", 0) == 0);
    CHECK(!device.errors()[0].hint.empty());
    NURI_SKIP("no Vulkan 1.3 device here");
  }
  CHECK((*device)->name().find("Vulkan 1.") != std::string::npos);
  CHECK(((*device)->most_samples() == 1 || (*device)->most_samples() == 4));
  CHECK((*device)->largest_image() >= 4096);
  auto none = vulkan::Device::create({.instance_extensions = {}, .name = "no card is called this", .validate = false});
  REQUIRE(!none);
  CHECK(none.errors()[0].code == "vulkan-no-device");
  CHECK(none.errors()[0].hint.find('\'') != std::string::npos);   // names those that there are
  auto strange = vulkan::Device::create({.instance_extensions = {"VK_nobody_has_this"}, .name = "", .validate = false});
  REQUIRE(!strange);
  CHECK(strange.errors()[0].code == "vulkan-no-extension");
}

TEST_CASE("device: bytes come back as they went") {
  auto made = vulkan::Device::create({.instance_extensions = {}, .name = "", .validate = true});
  if (!made) NURI_SKIP("no Vulkan 1.3 device here");
  vulkan::Device& device = **made;
  std::vector<std::byte> bytes(100003);
  for (size_t k = 0; k < bytes.size(); ++k) bytes[k] = std::byte(k * 7 + k / 256);
  vulkan::Buffer there = device.uploaded(bytes, VK_BUFFER_USAGE_TRANSFER_SRC_BIT), back = device.buffer(bytes.size(), VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  device.run([&](VkCommandBuffer commands) {
    VkBufferCopy all{0, 0, bytes.size()};
    vkCmdCopyBuffer(commands, there.handle, back.handle, 1, &all);
  });
  CHECK(std::memcmp(back.mapped, bytes.data(), bytes.size()) == 0);
  device.destroy(there), device.destroy(back);

  // A texture whose smallest level is the mean of all.
  std::vector<uint8_t> rgba;
  for (int k = 0; k < 16; ++k) rgba.insert(rgba.end(), {uint8_t(k % 4 < 2 ? 200 : 100), uint8_t(k / 4 < 2 ? 40 : 80), 7, 255});
  vulkan::Image texture = device.texture(4, 4, rgba, false);
  CHECK(texture.levels == 3);
  vulkan::Buffer last = device.buffer(4, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  device.run([&](VkCommandBuffer commands) {
    transition(commands, texture, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    VkBufferImageCopy one{};
    one.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 2, 0, 1}, one.imageExtent = {1, 1, 1};
    vkCmdCopyImageToBuffer(commands, texture.handle, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, last.handle, 1, &one);
    transition(commands, texture, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL);
  });
  auto* mean = static_cast<const uint8_t*>(last.mapped);
  constexpr int rounding = 1;                      // of each of two levels
  CHECK(std::abs(mean[0] - 150) <= rounding);
  CHECK(std::abs(mean[1] - 60) <= rounding);
  CHECK(std::abs(mean[2] - 7) <= rounding);
  CHECK(mean[3] == 255);
  device.destroy(texture), device.destroy(last);
  CHECK_THROWS_AS(device.texture(5, 4, rgba, false), vulkan::Failure);   // one size, other bytes
  for (const std::string& words : device.said) FAIL_CHECK(words);
}

TEST_CASE("device: the validation layer hears a mistake") {
  auto made = vulkan::Device::create({.instance_extensions = {}, .name = "", .validate = true});
  if (!made) NURI_SKIP("no Vulkan 1.3 device here");
  vulkan::Device& device = **made;
  if (!device.validated()) NURI_SKIP("the validation layer is not installed");
  vulkan::Buffer buffer = device.buffer(64, VK_BUFFER_USAGE_TRANSFER_DST_BIT);   // not to be copied from
  device.run([&](VkCommandBuffer commands) {
    VkBufferCopy all{0, 32, 16};
    vkCmdCopyBuffer(commands, buffer.handle, buffer.handle, 1, &all);
  });
  CHECK(!device.said.empty());
  device.destroy(buffer);
}

TEST_CASE("device: the validation layer hears commands that race, and memory is counted") {
  auto made = vulkan::Device::create({.instance_extensions = {}, .name = "", .validate = true});
  if (!made) NURI_SKIP("no Vulkan 1.3 device here");
  vulkan::Device& device = **made;
  if (!device.hears_hazards()) NURI_SKIP("the validation layer that hears hazards is not installed");
  vulkan::Buffer from = device.buffer(64, VK_BUFFER_USAGE_TRANSFER_SRC_BIT), to = device.buffer(64, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  CHECK(device.allocations() == 2);
  CHECK(device.allocated() >= 128);
  device.run([&](VkCommandBuffer commands) {
    VkBufferCopy all{0, 0, 64};
    vkCmdCopyBuffer(commands, from.handle, to.handle, 1, &all);
    vkCmdCopyBuffer(commands, from.handle, to.handle, 1, &all);   // over what may still be written
  });
  bool heard = false;
  for (const std::string& words : device.said) heard = heard || words.find("HAZARD") != std::string::npos;
  CHECK(heard);
  device.destroy(from), device.destroy(to);
  CHECK(device.allocations() == 0);
  CHECK(device.allocated() == 0);
}

TEST_CASE("device: more memory than there is is a failure with words") {
  auto made = vulkan::Device::create();
  if (!made) NURI_SKIP("no Vulkan 1.3 device here");
  bool thrown = false;
  try {
    vulkan::Buffer buffer = (*made)->buffer(VkDeviceSize(1) << 50, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
    (*made)->destroy(buffer);
  } catch (const vulkan::Failure& failure) {
    thrown = std::string(failure.what()).find("buffer") != std::string::npos;
  }
  CHECK(thrown);
}
