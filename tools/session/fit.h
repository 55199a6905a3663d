// What is wrong with a scene's settings, over its variants. A rule (a control, an action, ..) may name what only some variants have:
// it acts in those. So a name that a variant lacks is an error only if the rule fits no variant; any other finding is one wherever it
// is made.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>
#include "engine/core/result.h"

namespace nuri::session {

class Fit {
 public:
  // The findings that follow are of this variant; its name is for messages, empty if there is only one.
  void begin(const std::string& variant) { ++variants_, name_ = variant; }
  // `rule` is an address that tells rules apart, the same for all variants.
  void add(const void* rule, Diagnostic finding);
  void add(const void* rule, std::string code, std::string message, std::string hint, const Place& place);
  // The rule cannot act here, for a reason that is told elsewhere.
  void lacks(const void* rule) { lacking_[rule].insert(variants_); }
  // Each pattern that fits none of `names` lacks its name: "no actuator fits 'elbw'". True if any fits. `places`: of the patterns, or
  // empty; then `place`. A pattern that only asks for everything asks for nothing.
  bool fits(const std::vector<std::string>& patterns, const std::vector<std::string>& names, const std::string& what, const std::vector<Place>& places, const Place& place);
  bool acts(const void* rule) const;             // in the present variant, as far as is known
  std::vector<Diagnostic> errors() const;        // each once, and not very many

 private:
  struct Finding {
    int variant;
    const void* rule;
    Diagnostic diagnostic;
  };
  int variants_ = 0;
  std::string name_;
  std::vector<Finding> findings_;
  std::map<const void*, std::set<int>> lacking_; // variants in which a rule finds a name missing
};

}  // namespace nuri::session
