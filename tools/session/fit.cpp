#include "tools/session/fit.h"

#include <algorithm>
#include "engine/scene/yaml.h"

namespace nuri::session {
namespace {

constexpr size_t most_errors = 20;               // the same mistake, repeated

bool is_absence(const Diagnostic& d) { return d.code == "unknown-name"; }

}  // namespace

void Fit::add(const void* rule, Diagnostic finding) {
  if (is_absence(finding)) lacks(rule);
  else if (finding.element.empty() && !name_.empty()) finding.element = "variant " + name_;
  findings_.push_back({variants_, rule, std::move(finding)});
}

void Fit::add(const void* rule, std::string code, std::string message, std::string hint, const Place& place) {
  add(rule, {Severity::error, std::move(code), std::move(message), std::move(hint), place, {}, {}});
}

bool Fit::fits(const std::vector<std::string>& patterns, const std::vector<std::string>& names, const std::string& what, const std::vector<Place>& places,
               const Place& place) {
  bool any = false;
  for (size_t i = 0; i < patterns.size(); ++i) {
    const bool found = patterns[i] == "*" || std::any_of(names.begin(), names.end(), [&](const std::string& name) { return scene::matches({patterns[i]}, name); });
    if (!found) add(&patterns[i], "unknown-name", "no " + what + " fits '" + patterns[i] + "'", scene::name_hint(patterns[i], names), i < places.size() ? places[i] : place);
    any |= found;
  }
  return any;
}

bool Fit::acts(const void* rule) const {
  const auto found = lacking_.find(rule);
  return found == lacking_.end() || !found->second.contains(variants_);
}

std::vector<Diagnostic> Fit::errors() const {
  std::vector<Diagnostic> out;
  std::set<std::string> said;
  std::map<const void*, int> told;               // rules that fit nowhere: the variant whose findings are shown
  for (const Finding& f : findings_)             // the one with a near name, otherwise the first
    if (is_absence(f.diagnostic) && f.diagnostic.hint.starts_with("did you mean")) told.try_emplace(f.rule, f.variant);
  for (const Finding& f : findings_) {
    const auto lacking = lacking_.find(f.rule);
    if (is_absence(f.diagnostic) && (lacking->second.size() < size_t(variants_) || told.try_emplace(f.rule, f.variant).first->second != f.variant)) continue;
    if (out.size() < most_errors && said.insert(to_string(f.diagnostic)).second) out.push_back(f.diagnostic);
  }
  return out;
}

}  // namespace nuri::session
