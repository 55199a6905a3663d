// Policy files: what a trainer exports, a task's border and a small network, as JSON (docs/policy.md).
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "engine/core/result.h"
#include "tools/session/network.h"
#include "tools/session/port.h"

namespace nuri::session {

namespace policy_limits {
constexpr size_t file_bytes = size_t{64} << 20;
constexpr size_t numbers = 2'000'000;
constexpr int layers = 16, width = 4096;         // numbers of an observation, outputs of a layer
constexpr int substeps = 1'000'000, commands = 64, ports = 1000;   // ports: entries of inputs, of outputs
}  // namespace policy_limits

struct PolicyFile {
  struct Layer {
    int inputs = 0, outputs = 0;
    network::Activation activation = network::none;
    std::vector<float> weights, bias;            // [outputs][inputs], [outputs]
  };
  std::string path, task, scene;                 // task and scene: where it was trained, "" if it does not say
  uint64_t hash = 0;                             // of the text
  int substeps = 0;                              // of a control step
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  std::vector<float> command;                    // unless told otherwise
  std::vector<float> mean, deviation;            // of the observations
  float clip = 0;
  std::vector<Layer> layers;
};

// Every size agrees with every other one; whether names fit is for a model to say (Policy::make).
Result<PolicyFile> read_policy(const std::string& path);
Result<PolicyFile> read_policy_text(const std::string& text, const std::string& name);

}  // namespace nuri::session
