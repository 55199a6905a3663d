// The control: a reader with the mistake that readers make, a length that nobody compares with what is there. .ci/fuzz must find
// it within seconds, or it would find nothing elsewhere.
#include <cstring>
#include "tests/fuzz/fuzz.h"

NURI_FUZZ(data, size) {
  if (size < 8 || std::memcmp(data, "MISTAKE", 7) != 0) return 0;
  nuri::fuzz::must(nuri::fuzz::text(data + 8, data[7]).size() == data[7], "as many bytes as announced");
  return 0;
}
