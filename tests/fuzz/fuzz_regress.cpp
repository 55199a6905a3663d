// Any bytes as a regression script; what is accepted says something, within its limits, in finite numbers.
#include <cmath>
#include "tests/fuzz/fuzz.h"
#include "tools/regress/script.h"

NURI_FUZZ(data, size) {
  using namespace nuri;
  auto script = regress::read_script_text(fuzz::text(data, size), "input.yaml");
  if (!script) return fuzz::refused(script.errors());
  fuzz::must(!script->scene.empty() && !script->expectations.empty(), "a script has a scene and expects something");
  fuzz::must(script->actions.size() <= regress::script_limits::actions && script->expectations.size() <= regress::script_limits::expectations && script->guards.size() <= regress::script_limits::guards,
             "lists keep their limits");
  for (const regress::Action& a : script->actions) {
    fuzz::must(a.at >= 0 && std::isfinite(a.at) && std::isfinite(a.duration) && std::isfinite(a.value), "actions have finite times and numbers");
    fuzz::must(a.names.patterns.size() == a.names.places.size(), "every name has a place");
  }
  for (const regress::Expectation& e : script->expectations) {
    fuzz::must(e.when.from <= e.when.to && e.when.from >= 0, "times are in order");
    fuzz::must(e.share >= 0 && e.share <= 1 && e.range.low <= e.range.high, "shares and bounds are in order");
  }
  for (const regress::Guard& g : script->guards) fuzz::must(!g.name.empty() && !g.field.field.empty() && std::isfinite(g.field.draw.a), "a guard changes something");
  return 0;
}
