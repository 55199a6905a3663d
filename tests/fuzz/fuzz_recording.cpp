// Any bytes as a recording: an HDF5 file is opened, all of it read, and its first moments replayed; other bytes are what the child process that
// runs HDF5 might say. HDF5 itself is a library of the system that does crash on some files: in the child.
#include "tests/fuzz/fuzz.h"
#include "tools/record/replay.h"

using namespace nuri;
using namespace nuri::record;

namespace {

constexpr int least_work = 10;                   // stretches

void sound(const Table& table) {
  if (table.type == Number::text) return fuzz::must(table.bytes.empty(), "texts have no bytes");
  fuzz::must(table.bytes.size() == table.rows() * table.columns() * bytes_of(table.type), "as many bytes as the shape says");
}

void message(const std::string& bytes) {
  std::vector<Entry> entries;
  if (unpacked(bytes, entries)) fuzz::must(packed(entries).size() == bytes.size(), "entries have one form");
  Table table;
  if (unpacked(bytes, table)) sound(table);
}

}  // namespace

NURI_FUZZ(data, size) {
  const std::string bytes = fuzz::text(data, size);
  if (!bytes.starts_with("\x89HDF")) return message(bytes), 0;
  auto opened = Recording::open(fuzz::file("input.h5", bytes));
  if (!opened) return fuzz::refused(opened.errors());
  const std::shared_ptr<Recording> recording = std::move(*opened);
  for (int k = 0; k < recording->episodes(); ++k) {
    const auto fields = recording->fields(k);
    if (!fields) return fuzz::refused(fields.errors());
    for (const Field& f : std::vector<Field>(**fields))
      if (const auto table = recording->read(k, f.path)) sound(*table);
      else fuzz::refused(table.errors());
  }
  auto replays = Replay::create(recording, {});
  if (!replays) return fuzz::refused(replays.errors());
  WorldOptions options;
  options.backend = "cpu", options.threads = 1;
  for (auto& replay : *replays) {
    auto session = replay->session(options);
    if (!session) return fuzz::refused(session.errors());
    for (int i = 0; i < least_work; ++i) {
      const auto stepped = replay->step(**session);
      if (!stepped) return fuzz::refused(stepped.errors());
      if (!*stepped) break;
    }
  }
  return 0;
}
