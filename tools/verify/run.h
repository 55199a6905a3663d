// Runs cases and judges their rows.
#pragma once
#include <functional>
#include "tools/verify/case.h"

namespace nuri::verify {

enum class Verdict { passed, failed, shown };
const char* word(Verdict verdict);     // "passed", "FAILED", "shown"

struct Outcome {
  const Case* of = nullptr;
  const Row* row = nullptr;
  double value = none, bound = none;   // none: it could not be measured; not judged by a bound
  Verdict verdict = Verdict::shown;
  std::string why;                     // what failed, or kept it from being measured
};

// What the word names: a case's or row's id, a group, or the beginning of an id up to a dot.
bool names(const Case& of, const std::string& word);
// `only`: words; empty: all, without extended ones unless `extended`. A word that names nothing comes back in `unknown`.
std::vector<const Case*> choose(const std::vector<std::string>& only, bool extended, std::string& unknown);

Outcome judge(const Case& of, const Row& row, double value, Precision precision, const std::string& trouble);
std::vector<Outcome> run(Engine& engine, const Case& of, Precision precision);

}  // namespace nuri::verify
