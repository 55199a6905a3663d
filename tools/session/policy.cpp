#include "tools/session/policy.h"

#include <algorithm>
#include <chrono>
#include "tools/session/session.h"

namespace nuri::session {

Result<std::unique_ptr<Policy>> Policy::make(Session& session, std::shared_ptr<const PolicyFile> file) {
  auto error = [&](std::string code, std::string message, std::string hint) {
    return Diagnostic{Severity::error, std::move(code), std::move(message), std::move(hint), {file->path, 0, 0}, {}, {}};
  };
  const std::string from = file->scene.empty() ? "" : "it was trained in the scene " + file->scene;
  if (session.settings().substeps != file->substeps)
    return error("substeps-differ", "the policy acts every " + std::to_string(file->substeps) + " substeps, the scene's control step has " + std::to_string(session.settings().substeps), from);
  auto port = Port::make(session, file->inputs, file->outputs, int(file->command.size()));
  if (!port) {
    std::vector<Diagnostic> errors = port.errors();
    for (Diagnostic& d : errors)
      if (d.hint.empty()) d.hint = from;
    return errors;
  }
  auto misfit = [&](const std::string& what, int here, int there) {
    return error("policy-misfit", "in this scene " + what + " " + std::to_string(here) + " numbers, the policy's network has " + std::to_string(there), from);
  };
  if ((*port)->inputs() != int(file->mean.size())) return misfit("the policy's inputs are", (*port)->inputs(), int(file->mean.size()));
  if ((*port)->outputs() != file->layers.back().outputs) return misfit("the policy's outputs take", (*port)->outputs(), file->layers.back().outputs);
  return std::unique_ptr<Policy>(new Policy(session, std::move(file), std::move(*port)));
}

Policy::Policy(Session& session, std::shared_ptr<const PolicyFile> file, std::unique_ptr<Port> port)
    : session_(session), file_(std::move(file)), port_(std::move(port)), lanes_(size_t(session.world().pool().threads())) {
  size_t widest = file_->mean.size();
  for (const PolicyFile::Layer& layer : file_->layers) {
    layers_.push_back({layer.inputs, layer.outputs, layer.weights.data(), layer.bias.data(), layer.activation});
    widest = std::max(widest, size_t(layer.outputs));
  }
  for (auto& lanes : lanes_) lanes.resize(2 * widest);
  aside_.resize(size_t(session.environments()) * size_t(port_->outputs()));
  for (int e = 0; e < session.environments(); ++e) begun_.push_back(session.beginnings(e));
  set_command(file_->command);
}

void Policy::set_command(std::span<const float> command) {
  const std::span<float> to = port_->command();
  for (size_t i = 0; i < to.size(); ++i) to[i] = command[i % command.size()];
}

// work(control, aside) for each actuator that the policy drives.
template <class Work> void Policy::each_driven(const Work& work) {
  World& world = session_.world();
  auto all = [&]<class T>(T) {
    size_t i = 0;
    for (int e = 0; e < world.environments(); ++e) {
      const std::span<T> controls = world.row<T>(StateField::ctrl, e);
      for (const int actuator : port_->driven(e)) work(controls[size_t(actuator)], aside_[i++]);
    }
  };
  world.options().precision == Precision::f32 ? all(0.0f) : all(0.0);
}

void Policy::put_aside() {
  each_driven([](auto& control, double& aside) { aside = double(control); });
}

void Policy::put_back() {
  each_driven([](auto& control, double& aside) { control = std::remove_reference_t<decltype(control)>(aside); });
}

void Policy::act() {
  const auto start = std::chrono::steady_clock::now();
  const int n = session_.environments();
  for (int e = 0; e < n; ++e) {
    if (begun_[size_t(e)] == session_.beginnings(e)) continue;
    begun_[size_t(e)] = session_.beginnings(e);
    port_->begin(std::span(&e, 1));
  }
  port_->observe();
  const network::View view{file_->mean.data(), file_->deviation.data(), file_->clip, layers_.data(), int(layers_.size())};
  const size_t inputs = size_t(port_->inputs()), outputs = size_t(port_->outputs());
  auto job = [&](int block, int thread) {
    const NumericMode mode;
    const int first = block * network::lanes;
    network::Lane* const lanes = lanes_[size_t(thread)].data();
    network::evaluate(view, std::min(network::lanes, n - first), port_->observation().data() + size_t(first) * inputs, port_->action().data() + size_t(first) * outputs, lanes,
                      lanes + lanes_[size_t(thread)].size() / 2);
  };
  const int blocks = (n + network::lanes - 1) / network::lanes;
  if (blocks == 1) job(0, 0);
  else session_.world().pool().run(blocks, job);
  port_->act();
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void Policy::set_on(bool on) {
  if (on && !on_) port_->begin();
  on_ = on;
}

std::vector<float> Policy::save(std::span<const int> environments) const {
  const size_t outputs = size_t(port_->outputs()), commands = size_t(port_->commands());
  std::vector<float> out;
  out.reserve(environments.size() * saved_numbers());
  for (const int e : environments) {
    const auto last = port_->last().subspan(size_t(e) * outputs, outputs), command = port_->command().subspan(size_t(e) * commands, commands);
    if (begun_[size_t(e)] == session_.beginnings(e)) out.insert(out.end(), last.begin(), last.end());
    else out.resize(out.size() + outputs);       // it has begun since: act() will see that
    out.insert(out.end(), command.begin(), command.end());
  }
  return out;
}

void Policy::restore(std::span<const int> environments, const PolicyState& saved) {
  const size_t outputs = size_t(port_->outputs()), commands = size_t(port_->commands());
  auto from = saved.numbers.begin();
  for (const int e : environments) {
    std::copy_n(from, outputs, port_->last().begin() + ptrdiff_t(size_t(e) * outputs));
    std::copy_n(from + ptrdiff_t(outputs), commands, port_->command().begin() + ptrdiff_t(size_t(e) * commands));
    from += ptrdiff_t(outputs + commands);
    begun_[size_t(e)] = session_.beginnings(e);
  }
  if (environments.size() == begun_.size()) on_ = saved.on;
}

std::optional<Diagnostic> set_policy(Loaded& loaded, std::shared_ptr<const PolicyFile> file) {
  std::optional<Diagnostic> said;
  if (loaded.settings.substeps != file->substeps)
    said = Diagnostic{Severity::warning, "substeps-differ",
                      "control steps have " + std::to_string(file->substeps) + " substeps, as the policy was trained, not the scene's " + std::to_string(loaded.settings.substeps), {}, {file->path, 0, 0}, {}, {}};
  loaded.settings.substeps = file->substeps;
  loaded.policy = std::move(file);
  return said;
}

}  // namespace nuri::session
