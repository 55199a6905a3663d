// Policy files with weights that are drawn, for tests.
#pragma once
#include <string>
#include <vector>
#include "engine/core/random.h"

namespace nuri::test {

struct PolicyText {
  std::vector<int> widths;                       // of the observation, of each layer
  std::vector<std::string> activations;          // of each layer
  std::string inputs, outputs;                   // JSON lists
  int substeps = 1;
  std::string command = "[]", clip = "5";
  double gain = 1;                               // of the weights

  std::string text() const {
    uint32_t draw = 0;
    auto number = [&](double low, double high) { return std::to_string(low + (high - low) * uniform(1, 2, 3, 4, draw++)); };
    auto list = [&](int count, double low, double high) {
      std::string out = "[";
      for (int i = 0; i < count; ++i) out += (i ? ", " : "") + number(low, high);
      return out + "]";
    };
    std::string out = R"({"format": "nuri-policy", "version": 1, "task": "test", "scene": "test.yaml", "substeps": )" + std::to_string(substeps) + ",\n \"inputs\": " + inputs +
                      ",\n \"outputs\": " + outputs + ",\n \"command\": " + command + ", \"clip\": " + clip + ",\n \"mean\": " + list(widths[0], -0.5, 0.5) +
                      ",\n \"deviation\": " + list(widths[0], 0.1, 2) + ",\n \"layers\": [";
    for (size_t l = 0; l + 1 < widths.size(); ++l) {
      out += std::string(l ? "," : "") + "\n  {\"activation\": \"" + activations[l] + "\", \"bias\": " + list(widths[l + 1], -0.2, 0.2) + ", \"weights\": [";
      for (int o = 0; o < widths[l + 1]; ++o) out += (o ? ",\n   " : "") + list(widths[l], -gain, gain);
      out += "]}";
    }
    return out + "]}\n";
  }
};

}  // namespace nuri::test
