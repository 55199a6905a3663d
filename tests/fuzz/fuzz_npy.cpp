// Any bytes as an array of states or controls (.npy).
#include "tests/fuzz/fuzz.h"
#include "tools/cli/npy.h"

NURI_FUZZ(data, size) {
  const auto table = nuri::cli::read_npy(nuri::fuzz::file("input.npy", nuri::fuzz::text(data, size)));
  if (!table) return nuri::fuzz::refused(table.errors());
  nuri::fuzz::must(table->values.size() == table->rows * table->columns, "as many values as rows times columns");
  return 0;
}
