#include "tools/regress/locate.h"

#include <fmt/format.h>
#include "tools/regress/actions.h"
#include "tools/session/divergence.h"

namespace nuri::regress {
namespace {

std::string describe(const session::Divergence& at, session::Session& a, session::Session& b) {
  const Precision precision = a.world().options().precision;
  return fmt::format("environment {}, substep {}, stage {}, field {}, item {}: {} = {:.17g} ({}), but {} = {:.17g} ({})",
                     a.world().id(at.environment), at.step, at.stage, at.field, at.item, session::bits_of(at.a, precision), at.a,
                     a.world().describe(), session::bits_of(at.b, precision), at.b, b.world().describe());
}

}  // namespace

std::string locate(session::Session& a, session::Session& b, const Script& script, int64_t control_steps,
                   const std::function<bool()>& stop) {
  auto actions_a = Actions::make(a, script), actions_b = Actions::make(b, script);
  if (!actions_a || !actions_b) return "";       // the case itself found its names
  World &x = a.world(), &y = b.world();
  const int n = a.environments(), substeps = a.settings().substeps;
  a.show(actions_a->get()), b.show(actions_b->get());
  (*actions_a)->begin(), (*actions_b)->begin();
  std::string out;
  for (int64_t step = 0; step < control_steps && out.empty() && !(stop && stop()); ++step) {
    (*actions_a)->act(step), (*actions_b)->act(step);
    for (int k = 0; k < substeps && out.empty(); ++k) {
      const uint64_t substep = a.substep();
      session::Divergence at = session::compare_state(x, y, n, "load", substep);
      if (!at) {
        a.apply_controls(), b.apply_controls();
        const session::StateBytes before_a = session::save_state(x, n), before_b = session::save_state(y, n);
        a.step(1), b.step(1);
        at = session::compare_state(x, y, n, "integrate", substep);
        if (at) {
          session::restore_state(x, before_a), session::restore_state(y, before_b);
          (*actions_a)->before(1), (*actions_b)->before(1);
          if (const session::Divergence inside = session::compare_stages(x, y, at.environment, substep)) at = inside;
        }
      }
      if (at) out = describe(at, a, b);
    }
    (*actions_a)->hold(), (*actions_b)->hold();
  }
  a.show(nullptr), b.show(nullptr);
  return out;
}

std::string locate(const Make& make, const Script& script, int64_t control_steps, const std::function<bool()>& stop) {
  auto a = make(false), b = make(true);
  if (!a || !b) return "";
  const std::string where = locate(**a, **b, script, control_steps, stop);
  if (where.empty()) return "at width 1 on one thread it has the same bits: the program, the model or the script changed, not the machine";
  return "the machine shows in the bits: they part first at " + where;
}

}  // namespace nuri::regress
