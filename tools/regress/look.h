// What can be seen of a session at one moment: poses, velocities, contacts, forces, energy of one environment after another.
//
// Poses and the velocities of free bodies are read from the state. All else comes from a probe (physics/probe.h): one pass through the
// stages that keeps everything. It costs about as much as some tens of substeps, more for many degrees of freedom, so expectations share
// one per environment and moment, and look at it 50 times a second where a script says nothing else.
#pragma once
#include <optional>
#include <vector>
#include "engine/shape/rigid.h"
#include "tools/session/session.h"

namespace nuri::regress {

using shape::Rot;
using shape::Vec;

struct Motion { Vec linear, angular; };          // of a body's frame: m/s, rad/s, world axes

// Kinetic energy, and potential energy of weight and springs, J, as the sensors e_kinetic and e_potential count them, with the numbers
// that the environment overrides.
double energy(World& world, int environment, const Probe& probe);

class Look {
 public:
  explicit Look(session::Session& session) : session_(session), probes_(size_t(session.environments())) {}

  void renew();                                  // the world has moved
  session::Session& session() { return session_; }
  World& world() { return session_.world(); }
  double time() const { return double(session_.substep()) * session_.model().timestep[0]; }   // s

  const Probe& probe(int environment);
  Vec position(int environment, int body);
  Rot orientation(int environment, int body);
  Motion motion(int environment, int body);

 private:
  session::Session& session_;
  std::vector<std::optional<Probe>> probes_;
  std::vector<int> probed_;
};

}  // namespace nuri::regress
