// Any bytes as a compiled model, with the hash that they ought to have, or nothing would get past it. What is accepted is
// stepped: indices that the reader let through must not lead outside arrays.
#include <cstring>
#include <limits>
#include <random>
#include "engine/core/hash.h"
#include "engine/model/model.h"
#include "tests/fuzz/step.h"

namespace {
std::string mended(std::string bytes) {
  if (bytes.size() < 16) return bytes;
  const std::uint64_t hash = nuri::Hash().add(std::string_view(bytes).substr(0, bytes.size() - 8)).value();
  for (std::size_t k = 0; k < 8; ++k) bytes[bytes.size() - 8 + k] = char(hash >> (8 * k));
  return bytes;
}

template <class T> T other(T old, const std::vector<T>& list, std::mt19937& random) {
  constexpr T least = std::numeric_limits<T>::lowest(), most = std::numeric_limits<T>::max();
  const T chosen[] = {T(old + 1), T(old - 1), T(-1), T(0), T(1), list[random() % list.size()], least, most, std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity()};
  return chosen[random() % (std::numeric_limits<T>::has_infinity ? 10 : 8)];
}

// Another number in one of the fields.
template <class T> void change(std::vector<T>& list, std::mt19937& random) {
  if (list.empty()) return;
  T& item = list[random() % list.size()];
  if (item != std::numeric_limits<T>::max() && item != std::numeric_limits<T>::lowest()) item = other(item, list, random);
  else item = 0;
}
}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

// Bytes alone hardly ever hit a field's number and leave the rest whole: mostly numbers of fields are exchanged.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  std::mt19937 random(seed);
  auto model = nuri::model::deserialize(mended(nuri::fuzz::text(data, size)), "fuzz.model");
  if (!model || random() % 8 == 0) return LLVMFuzzerMutate(data, size, most);
  for (unsigned left = 1 + random() % 3; left > 0; --left) {
    int fields = 0;
#define NURI_INDEX(name, count, doc) ++fields;
#define NURI_REAL(name, count, unit, doc) ++fields;
#define NURI_DERIVED(name, count, unit, doc) ++fields;
#include "engine/model/model_fields.inl"
    int chosen = int(random() % unsigned(fields));
#define NURI_INDEX(name, count, doc) if (chosen-- == 0) change(model->name, random);
#define NURI_REAL(name, count, unit, doc) if (chosen-- == 0) change(model->name, random);
#define NURI_DERIVED(name, count, unit, doc) if (chosen-- == 0) change(model->name, random);
#include "engine/model/model_fields.inl"
  }
  const std::string bytes = nuri::model::serialize(*model);
  if (bytes.size() > most) return size;
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

NURI_FUZZ(data, size) {
  auto model = nuri::model::deserialize(mended(nuri::fuzz::text(data, size)), "fuzz.model");
  if (!model) return nuri::fuzz::refused(model.errors());
  const auto again = nuri::model::deserialize(nuri::model::serialize(*model), "again.model");
  nuri::fuzz::must(again && nuri::model::hash(*again) == nuri::model::hash(*model), "a model changes by being written and read");
  nuri::fuzz::step(std::move(*model));
  return 0;
}
