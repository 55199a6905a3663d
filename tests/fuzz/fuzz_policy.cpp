// Any bytes as a policy file; what is accepted drives a robot that fits it or is refused by name, and every number of it is finite.
#include <cmath>
#include "tests/fuzz/fuzz.h"
#include "tools/session/policy_file.h"

NURI_FUZZ(data, size) {
  using namespace nuri;
  auto policy = session::read_policy_text(fuzz::text(data, size), "input.policy");
  if (!policy) return fuzz::refused(policy.errors());
  fuzz::must(!policy->inputs.empty() && !policy->outputs.empty() && !policy->layers.empty() && policy->substeps > 0 && policy->clip > 0, "a policy is whole");
  fuzz::must(policy->mean.size() == policy->deviation.size(), "normalisation agrees");
  std::size_t inputs = policy->mean.size(), widest = inputs;
  for (const auto& layer : policy->layers) {
    fuzz::must(std::size_t(layer.inputs) == inputs && layer.bias.size() == std::size_t(layer.outputs) && layer.weights.size() == inputs * layer.bias.size(), "sizes of a layer agree");
    for (const float x : layer.weights) fuzz::must(std::isfinite(x), "weights are finite");
    inputs = layer.bias.size();
    widest = std::max(widest, inputs);
  }
  std::vector<session::network::Layer> layers;
  for (const auto& layer : policy->layers) layers.push_back({layer.inputs, layer.outputs, layer.weights.data(), layer.bias.data(), layer.activation});
  std::vector<session::network::Lane> lanes(2 * widest);
  std::vector<float> observation(3 * policy->mean.size(), 0.5f), action(3 * inputs);
  session::network::evaluate({policy->mean.data(), policy->deviation.data(), policy->clip, layers.data(), int(layers.size())}, 3, observation.data(), action.data(), lanes.data(),
                             lanes.data() + widest);
  return 0;
}
