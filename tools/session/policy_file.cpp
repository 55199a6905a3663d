#include "tools/session/policy_file.h"

#include <algorithm>
#include <filesystem>
#include "engine/core/hash.h"
#include "engine/core/paths.h"
#include "tools/session/json.h"

namespace nuri::session {
namespace {

using json::Map;
using json::Value;
using Kind = Value::Kind;
namespace limits = policy_limits;

const char* const format = "nuri-policy";
constexpr int version = 1;
const std::vector<std::string> activations{"none", "elu", "tanh", "relu"};   // as network::Activation
const std::vector<std::string> kinds(input_kinds.begin(), input_kinds.end()), maps(output_maps.begin(), output_maps.end());

// Calls read(Map) for each object of a list that must be there and hold something.
template <class F> void each(Map& map, Map::Errors& errors, const std::string& key, const std::string& what, int most, const F& read) {
  const Value* const list = map.require(key);
  if (!list) return;
  if (list->kind != Kind::list) return map.error(key, "wrong-kind", "'" + key + "' must be a list of objects that is not empty");
  if (list->items.size() > size_t(most)) return map.error(key, "too-large", "'" + key + "' has " + std::to_string(list->items.size()) + " entries, " + std::to_string(most) + " are allowed");
  for (size_t i = 0; i < list->items.size(); ++i) {
    Map entry(errors, list->items[i], what + " " + std::to_string(i));
    read(entry);
    entry.finish();
  }
}

std::string count(size_t n, const std::string& noun) { return std::to_string(n) + " " + noun + (n == 1 ? "" : "s"); }

void read_layer(Map& map, PolicyFile& out) {
  PolicyFile::Layer layer;
  const size_t index = out.layers.size();
  const std::string name = "layer " + std::to_string(index);
  int activation = 0;
  if (map.choice("activation", activation, activations)) layer.activation = network::Activation(activation);
  map.require("bias");
  map.floats("bias", layer.bias);
  const Value* const weights = map.require("weights");
  const size_t inputs = index == 0 ? out.mean.size() : size_t(out.layers.back().outputs);
  bool good = weights && weights->kind == Kind::list;
  if (weights && !good) map.error("weights", "wrong-kind", "'weights' must be a list of rows, one for each output");
  for (size_t row = 0; good && row < weights->items.size(); ++row) {
    const Value& numbers = weights->items[row];
    good = numbers.kind == Kind::numbers && numbers.numbers.size() == inputs;
    if (numbers.kind != Kind::numbers) map.error("weights", "wrong-kind", "row " + std::to_string(row) + " of 'weights' is no list of numbers");
    else if (!good)
      map.error("weights", "wrong-size", "row " + std::to_string(row) + " of the weights of " + name + " has " + count(numbers.numbers.size(), "number") + "; " +
                                             (index == 0 ? "'mean' has " : "the layer before gives ") + std::to_string(inputs));
    else layer.weights.insert(layer.weights.end(), numbers.numbers.begin(), numbers.numbers.end());
  }
  layer.inputs = int(inputs);
  layer.outputs = weights && weights->kind == Kind::list ? int(std::min(weights->items.size(), size_t(limits::width) + 1)) : int(layer.bias.size());
  if (layer.outputs > limits::width) map.error("weights", "too-large", name + " has more than " + std::to_string(limits::width) + " outputs");
  if (good && layer.bias.size() != size_t(layer.outputs))
    map.error("bias", "wrong-size", "the bias of " + name + " has " + count(layer.bias.size(), "number") + " for " + count(size_t(layer.outputs), "row") + " of weights");
  out.layers.push_back(std::move(layer));
}

void read_normalisation(Map& map, PolicyFile& out) {
  map.require("mean"), map.floats("mean", out.mean);
  map.require("deviation"), map.floats("deviation", out.deviation);
  double clip = 0;
  map.require("clip"), map.number("clip", clip);
  out.clip = float(clip);
  if (!(out.clip > 0)) map.error("clip", "out-of-range", "'clip' must be above 0");
  if (out.mean.size() > size_t(limits::width)) map.error("mean", "too-large", "more than " + std::to_string(limits::width) + " numbers in an observation");
  if (out.mean.size() != out.deviation.size())
    map.error("deviation", "wrong-size", "'deviation' has " + count(out.deviation.size(), "number") + ", 'mean' has " + std::to_string(out.mean.size()));
  for (size_t i = 0; i < out.deviation.size(); ++i)
    if (!(out.deviation[i] > 0)) return map.error("deviation", "out-of-range", "number " + std::to_string(i) + " of 'deviation' is not above 0");
}

PolicyFile interpret(const Value& root, Map::Errors& errors) {
  PolicyFile out;
  Map map(errors, root, "a policy");
  std::string word;
  map.require("format"), map.text("format", word);
  if (word != format) {
    map.error("format", "wrong-format", std::string("'format' must be \"") + format + "\"", "python -m nuri.train writes policies");
    return out;
  }
  double number = version;
  map.require("version"), map.number("version", number);
  if (number != version) {
    map.error("version", "wrong-version", "this program reads version " + std::to_string(version), "export the policy again, or take a newer program");
    return out;
  }
  map.text("task", out.task);
  map.text("scene", out.scene);
  map.require("substeps"), map.whole("substeps", out.substeps, 1, limits::substeps);

  each(map, errors, "inputs", "input", limits::ports, [&](Map& entry) {
    Input input;
    int kind = 0;
    if (entry.choice("kind", kind, kinds)) input.kind = InputKind(kind);
    entry.patterns("names", input.names);
    entry.number("scale", input.scale);
    input.place = entry.place();
    out.inputs.push_back(std::move(input));
  });
  each(map, errors, "outputs", "output", limits::ports, [&](Map& entry) {
    Output output;
    int kind = 0;
    entry.patterns("actuators", output.actuators);
    if (entry.choice("map", kind, maps)) output.map = OutputMap(kind);
    entry.number("scale", output.scale);
    entry.number("limit", output.limit);
    if (!(output.limit > 0)) entry.error("limit", "out-of-range", "'limit' must be above 0");
    output.place = entry.place();
    out.outputs.push_back(std::move(output));
  });
  map.floats("command", out.command);
  if (out.command.size() > size_t(limits::commands)) map.error("command", "too-large", "a command has at most " + std::to_string(limits::commands) + " numbers");
  read_normalisation(map, out);
  each(map, errors, "layers", "layer", limits::layers, [&](Map& entry) { read_layer(entry, out); });
  map.finish();
  return out;
}

}  // namespace

Result<PolicyFile> read_policy_text(const std::string& text, const std::string& name) {
  json::Bounds bounds;
  bounds.bytes = limits::file_bytes;
  bounds.numbers = limits::numbers;
  bounds.values = size_t(limits::layers) * (limits::width + 8) + 16 * limits::ports;
  bounds.depth = 5;                              // {layers [{weights [[ ..
  Result<Value> root = json::read(text, name, bounds);
  if (!root) return root.errors();
  Map::Errors errors{text, name};
  PolicyFile out = interpret(*root, errors);
  if (!errors.list.empty()) return std::move(errors.list);
  out.path = name;
  out.hash = Hash().add(std::string_view(text)).value();
  return out;
}

Result<PolicyFile> read_policy(const std::string& path) {
  std::error_code code;
  auto refuse = [&](const char* why) { return Diagnostic{Severity::error, "unreadable", why, {}, {path, 0, 0}, {}, {}}; };
  if (!std::filesystem::is_regular_file(path, code)) return refuse(std::filesystem::exists(path, code) ? "this is not a file" : "there is no such file");
  Result<std::string> text = read_file(path, limits::file_bytes);
  if (text) return read_policy_text(*text, path);
  std::vector<Diagnostic> errors = text.errors();
  for (Diagnostic& d : errors) d.place = {path, 0, 0};
  return errors;
}

}  // namespace nuri::session
