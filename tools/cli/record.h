// nuri run --record: what of a run goes into a file, and the episodes that it is made of.
#pragma once
#include "tools/cli/cli.h"
#include "tools/record/recorder.h"

namespace nuri::cli {

struct Recording {
  record::Options options;             // path empty: nothing is recorded
  int episodes = 0;                    // of each environment; 0: one, as long as the run
  bool asked() const { return !options.path.empty(); }
};

void add_recording(CLI::App& command, Recording& recording);     // --record and what belongs to it
// `substeps`: how long an episode lasts at most. Says what is doubtful.
Result<std::unique_ptr<record::Recorder>> start_recording(session::Session& session, const Recording& recording, int64_t substeps, bool quiet);
// Steps by control steps until `until`, or until every environment has had its episodes. False: it was interrupted, or recording failed.
bool advance_recording(session::Session& session, record::Recorder& recorder, const Recording& recording, int64_t substeps, int64_t until, Progress* progress);
Json recording_summary(const record::Recorder& recorder, const record::Totals& totals);
void print_recording(const Json& recording);

}  // namespace nuri::cli
