#include "tools/regress/result.h"

#include <algorithm>

namespace nuri::regress {

const char* word(CaseResult::Outcome outcome) {
  static constexpr const char* words[] = {"passed", "failed", "error", "skipped"};
  return words[outcome];
}

int Results::count(CaseResult::Outcome outcome) const {
  return int(std::count_if(cases.begin(), cases.end(), [&](const CaseResult& c) { return c.outcome == outcome; }));
}

}  // namespace nuri::regress
