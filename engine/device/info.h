// What the current CUDA device is, and whether there is one.
#pragma once
#include <cstddef>
#include <optional>
#include <string>

namespace nuri::device {

struct Info {
  std::string name;
  int major = 0, minor = 0;            // compute capability
  int processors = 0;                  // streaming multiprocessors
  size_t memory = 0, l2 = 0;           // bytes
  size_t shared_per_block = 0, shared_per_processor = 0;   // bytes a block may ask for; bytes that its blocks share
};

// Null without a usable device; `why` then says what is missing.
std::optional<Info> find(std::string* why = nullptr);

}  // namespace nuri::device
