// Policy: a trained network that drives a session, without Python.
//
// At every control step it reads each environment through a Port, evaluates its network, and writes the controls of its actuators; whatever else the
// scene writes into those (controls, controllers, timeline) is put back. What it remembers of an environment, the last action, is zero where the
// environment has begun since, and travels with what the session saves. So an environment's way depends on neither its neighbours nor threads.
//
//   auto file = read_policy("walk.policy");
//   set_policy(*loaded, std::make_shared<const PolicyFile>(std::move(*file)));   // before Session::create, which makes the policy from it
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <vector>
#include "tools/session/policy_file.h"

namespace nuri::session {

struct Loaded;
struct PolicyState;
class Session;

class Policy {
 public:
  // Codes of Port::make, with places in the policy file; policy-misfit: this scene's observation or action has another size; substeps-differ.
  // The session must outlive it.
  static Result<std::unique_ptr<Policy>> make(Session& session, std::shared_ptr<const PolicyFile> file);

  const PolicyFile& file() const { return *file_; }
  const std::shared_ptr<const PolicyFile>& shared_file() const { return file_; }
  Port& port() { return *port_; }

  // The same for all environments; as many numbers as the file's. Ports have one for each: port().command().
  void set_command(std::span<const float> command);
  // What environment 0 has.
  std::span<const float> command() const { return port_->command().first(file_->command.size()); }

  // For the session, at a control step: what the policy's actuators have is put aside; after others wrote, it is put back; the policy acts.
  void put_aside();
  void put_back();
  void act();

  // Switched off, it leaves controls as they are; switched on, it begins anew.
  bool on() const { return on_; }
  void set_on(bool on);

  // What the steps to come depend on, of some environments: last actions and commands, one environment after the other. What is restored is of
  // the same size; on or off comes back with all environments together.
  std::vector<float> save(std::span<const int> environments) const;
  void restore(std::span<const int> environments, const PolicyState& saved);
  size_t saved_numbers() const { return size_t(port_->outputs() + port_->commands()); }   // of one environment

  double seconds() const { return seconds_; }    // wall time inside act(), since clear_time()
  void clear_time() { seconds_ = 0; }

 private:
  Policy(Session& session, std::shared_ptr<const PolicyFile> file, std::unique_ptr<Port> port);
  template <class Work> void each_driven(const Work& work);

  Session& session_;
  std::shared_ptr<const PolicyFile> file_;
  std::unique_ptr<Port> port_;
  std::vector<network::Layer> layers_;           // into the file
  std::vector<std::vector<network::Lane>> lanes_;   // per thread: two for each number of the widest layer
  std::vector<double> aside_;                    // [environment][outputs]: controls
  std::vector<uint64_t> begun_;                  // Session::beginnings, as far as they were noticed
  bool on_ = true;
  double seconds_ = 0;
};

// The policy that Session::create will make. The scene's control steps become those that the policy was trained with; a warning, if they are others.
std::optional<Diagnostic> set_policy(Loaded& loaded, std::shared_ptr<const PolicyFile> file);

}  // namespace nuri::session
