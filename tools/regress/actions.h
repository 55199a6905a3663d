// The timeline of a script, carried out on a session by each environment's own clock.
//
// What is written into the state (teleports, fields, spawned bodies, equalities, drills) is written between control steps, and what
// follows from it is computed before anybody looks: the scene's controllers meet it in the same control step. Controls are written
// when the session's own stand, just before the world moves, so that a script overrules controls, timeline and policy as long as it says.
// Everything goes by environment and control step alone: batch, width, threads and backend do not show.
#pragma once
#include <memory>
#include <vector>
#include "tools/regress/script.h"
#include "tools/session/session.h"

namespace nuri::regress {

class Actions : public session::Witness {
 public:
  // Finds what the script names; codes unknown-name, not-free, not-a-servo, and those of `vary`. The script must outlive it.
  static Result<std::unique_ptr<Actions>> make(session::Session& session, const Script& script);

  void begin();                                  // bodies that are spawned later are put away
  bool act(int64_t control_step);                // what is due now; true if a state was written
  void hold();                                   // bodies that are away stay there: after every control step
  void before(int substeps) override;
  void after(int) override {}
  bool drilled(int environment) const { return drilled_[size_t(environment)]; }   // a fault is written into it, sooner or later

 private:
  struct Bound {                                 // an action with its names found
    const Action* action;
    int64_t step, until;                         // control steps: of its moment; push, control, target: the first one without it
    std::vector<int> environments;
    std::vector<std::vector<int>> items;         // of each bucket: bodies, actuators, joints, equalities
    std::vector<session::FieldItems> fields;     // set, of each bucket
  };
  struct Away { int environment, joint; std::vector<double> pose; };   // a free joint; pose: where it begins
  struct Held { int environment, actuator; double before; const Bound* by; };   // a control; before: what it was

  explicit Actions(session::Session& session) : session_(session), world_(session.world()), drilled_(size_t(session.environments())) {}
  void find(const Script& script, session::Fit& fit);
  void find_items(Bound& bound, const model::Model& model, session::Fit& fit);
  void write(const Bound& bound, int environment);
  void teleport(const Action& action, int environment, int body, bool spawned);
  void set_field(const Bound& bound, int environment);
  void push(int64_t control_step);
  void begin_controls(const Bound& bound);
  void end_controls(int64_t control_step);
  double control_of(const Bound& bound, int environment, int actuator) const;
  void put_away(const Away& away, size_t place);
  const std::vector<int>& items(const Bound& bound, int environment) const { return bound.items[size_t(world_.place(environment).bucket)]; }

  session::Session& session_;
  World& world_;
  std::vector<Bound> bounds_;                    // by their steps, then as written
  size_t next_ = 0;
  std::vector<const Bound*> pushes_;             // all of them
  std::vector<Held> held_;
  std::vector<Away> away_;
  std::vector<char> drilled_;
};

// The control step at which something at this time (s) is due: the first one not before it.
int64_t control_step(double time, double period);

}  // namespace nuri::regress
