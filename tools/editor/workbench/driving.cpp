// A policy at the workbench: opened beside the scene, switched off and on, told what to do.
#include <cmath>
#include "tools/editor/workbench/command.h"

namespace nuri::editor {

session::Policy* Workbench::policy() const { return session_ ? session_->policy() : nullptr; }

bool Workbench::open_policy(const std::string& path) {
  errors_.clear();
  if (!session_) return refuse("nothing-open", "there is no scene that a policy could drive", "open a scene first");
  if (replay_) return refuse_change();
  end_gesture();
  std::shared_ptr<const session::PolicyFile> policy;
  if (!path.empty()) {
    auto file = session::read_policy(path);
    if (!file) return errors_ = file.errors(), false;
    policy = std::make_shared<const session::PolicyFile>(std::move(*file));
  }
  std::swap(policy_, policy);
  hand_.apply(session_->world(), std::nullopt, 1);
  if (rebuild(text_, nullptr, nullptr, nullptr)) return true;
  policy_ = std::move(policy);
  return false;
}

void Workbench::set_policy_on(bool on) {
  if (!policy() || policy()->on() == on) return;
  end_gesture();
  Command& c = change(Command::policy, "", everyone());
  policy()->set_on(on);
  c.after = session_->save(everyone());
  gesture_ = false;
  tell(on ? "policy on" : "policy off");
  changed_state(session_->substep());
}

void Workbench::set_command(int item, double value) {
  if (!policy() || item < 0 || item >= policy()->port().commands() || !std::isfinite(float(value))) return;
  settle();
  const std::span<float> commands = policy()->port().command();
  const size_t columns = size_t(policy()->port().commands());
  const double present = double(commands[size_t(item)]);
  Command& c = change(Command::told, std::to_string(item), everyone());
  if (c.after.worlds.empty()) c.from = present;
  for (size_t i = size_t(item); i < commands.size(); i += columns) commands[i] = float(value);
  c.after = session_->save(everyone());
  tell("command " + std::to_string(item) + ": " + scene_text::number(c.from) + " to " + scene_text::number(value));
  changed_state(session_->substep());
}

}  // namespace nuri::editor
