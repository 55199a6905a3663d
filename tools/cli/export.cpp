// nuri export: a recording as arrays of NumPy's, or as tables of text.
//
//   --npz FILE   one archive: demo_K/NAME for every list of numbers of every chosen episode, NAME as in the recording ("demo_0/obs/tip_pos"), and
//                episodes/NAME: what is known of each, one number per episode
//   --csv DIR    demo_K.csv: a line per sample; demo_K.inputs.csv: a line per stretch; demo_K.signals.NAME.csv: a line per row of a signal with a rate of
//                its own; episodes.csv. Numbers read back as the same numbers; pictures are left out
#include <fmt/format.h>
#include <filesystem>
#include <map>
#include "tools/cli/cli.h"
#include "tools/cli/npz.h"
#include "tools/record/recording.h"

namespace nuri::cli {
namespace {

using record::EpisodeInfo;
using record::Field;
using record::Number;
using record::Recording;
using record::Table;

struct Asked {
  std::string file, npz, csv;
  std::optional<uint64_t> environment, episode;
  bool json = false;
};

constexpr uint64_t block_bytes = 16 << 20, most_columns = 4096;
constexpr const char* facts[] = {"demo", "environment", "episode", "seed", "variant", "began", "substeps", "samples", "success", "fault"};

std::vector<uint64_t> facts_of(const EpisodeInfo& e) {
  return {uint64_t(e.demo), e.environment,       e.number, e.seed, uint64_t(e.variant), e.began, e.substeps,
          e.samples,        uint64_t(e.success), e.fault};
}

bool is_numbers(const record::Entry& entry) { return entry.type < Number::named; }
uint64_t columns(const record::Entry& entry) {
  uint64_t out = 1;
  for (size_t i = 1; i < entry.shape.size(); ++i)
    out = entry.shape[i] > 0 && out > block_bytes / entry.shape[i] ? block_bytes + 1 : out * entry.shape[i];
  return out;
}
// As many rows as are read at once.
uint64_t piece(const record::Entry& entry) {
  return std::max<uint64_t>(1, block_bytes / std::max<uint64_t>(1, columns(entry) * bytes_of(entry.type)));
}

// f(rows) for one block of a field after the other; errors.
template <class F> std::vector<Diagnostic> each_block(Recording& recording, int k, const Field& field, F f) {
  const uint64_t rows = field.entry.rows();
  for (uint64_t at = 0; at < rows; at += piece(field.entry)) {
    const auto some = recording.read(k, field.path, at, piece(field.entry));
    if (!some) return some.errors();
    f(*some);
    if (interrupted()) return {{Severity::error, "interrupted", "interrupted", {}, {}, {}, {}}};
  }
  return {};
}

std::vector<Diagnostic> write_npz(Recording& recording, const std::vector<int>& episodes, const std::string& path, size_t& out_arrays) {
  Result<NpzWriter> out = NpzWriter::create(path);
  if (!out) return out.errors();
  for (size_t f = 0; f < std::size(facts); ++f) {
    std::vector<uint64_t> list;
    for (const int k : episodes) list.push_back(facts_of(recording.episode(k))[f]);
    out->begin(std::string("episodes/") + facts[f], "<u8", {int64_t(list.size())});
    out->add(list.data(), 8 * list.size());
    out->end();
  }
  for (const int k : episodes) {
    const auto fields = recording.fields(k);
    if (!fields) return fields.errors();
    for (const Field& field : std::vector<Field>(**fields)) {
      if (!is_numbers(field.entry)) continue;
      const auto first = recording.read(k, field.path, 0, 0);    // says whether its shape can be believed
      if (!first) return first.errors();
      out->begin(recording.episode(k).name() + "/" + field.path, npy_name(field.entry.type),
                 {field.entry.shape.begin(), field.entry.shape.end()});
      if (auto errors = each_block(recording, k, field, [&](const Table& rows) { out->add(rows.bytes.data(), rows.bytes.size()); });
          !errors.empty())
        return errors;
      out->end();
      ++out_arrays;
    }
  }
  if (const Result<bool> finished = out->finish(); !finished) return finished.errors();
  return {};
}

std::string text_of(const Table& table, uint64_t item) {
  switch (table.type) {
    case Number::f32: return fmt::format("{}", float(table.at(item)));
    case Number::f64: return fmt::format("{}", table.at(item));
    case Number::i8: case Number::i16: case Number::i32: case Number::i64: return fmt::format("{}", int64_t(table.whole_at(item)));
    default: return fmt::format("{}", table.whole_at(item));
  }
}

std::string csv_word(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

// What the columns of a field are called: as its attribute says, or by number.
std::vector<std::string> names_of(const Field& field) {
  const uint64_t n = columns(field.entry);
  std::vector<std::string> out;
  const record::Attribute* const said = field.entry.find("columns");
  const Json list = said ? Json::parse(said->text, nullptr, false) : Json();
  for (uint64_t i = 0; i < n; ++i) {
    std::string name = field.entry.shape.size() < 2 ? field.path : fmt::format("{}[{}]", field.path, i);
    if (list.is_array() && list.size() == n && list[i].is_string()) name = field.path + ":" + list[i].get<std::string>();
    out.push_back(csv_word(name));
  }
  return out;
}

// Fields of equally many rows side by side; `moment(row)` is the first column.
std::vector<Diagnostic> write_table(Recording& recording, int k, const std::vector<Field>& fields, uint64_t rows, const std::string& first,
                                    const std::function<std::string(uint64_t)>& moment, const std::string& path) {
  Result<NewFile> out = NewFile::create(path);
  if (!out) return out.errors();
  std::string text = first;
  for (const Field& field : fields)
    for (const std::string& name : names_of(field)) text += "," + name;
  text += "\n";
  uint64_t step = rows;
  for (const Field& field : fields) step = std::min(step, piece(field.entry));
  for (uint64_t at = 0; at < rows; at += step) {
    std::vector<Table> blocks;
    for (const Field& field : fields) {
      auto some = recording.read(k, field.path, at, step);
      if (!some) return some.errors();
      blocks.push_back(std::move(*some));
    }
    for (uint64_t row = 0; row < std::min(step, rows - at); ++row) {
      text += moment(at + row);
      for (const Table& block : blocks)
        for (uint64_t c = 0; c < block.columns(); ++c) text += "," + text_of(block, row * block.columns() + c);
      text += "\n";
      if (text.size() > (1 << 20)) out->write(text.data(), text.size()), text.clear();
    }
    if (interrupted()) return {{Severity::error, "interrupted", "interrupted", {}, {}, {}, {}}};
  }
  out->write(text.data(), text.size());
  if (const Result<bool> finished = out->finish(); !finished) return finished.errors();
  return {};
}

std::vector<Diagnostic> write_csv(Recording& recording, const std::vector<int>& episodes, const std::string& folder, size_t& out_tables) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return {{Severity::error, "cannot-write", "the folder cannot be made: " + error.message(), {}, {folder, 0, 0}, {}, {}}};
  const record::Info& info = recording.info();
  std::string list;
  for (const char* fact : facts) list += std::string(fact) + ",";
  list += "ended\n";
  for (const int k : episodes) {
    const EpisodeInfo& e = recording.episode(k);
    for (const uint64_t number : facts_of(e)) list += std::to_string(number) + ",";
    list += csv_word(e.ended) + "\n";
    const auto all = recording.fields(k);
    if (!all) return all.errors();
    std::vector<Field> samples, inputs, signals;
    uint64_t stretches = 0;
    for (const Field& field : **all) {
      const bool listed = is_numbers(field.entry) && !field.entry.shape.empty() && columns(field.entry) <= most_columns && field.entry.shape.size() <= 2;
      if (!listed || field.path.starts_with("initial_state/")) continue;
      if (field.path == "inputs/substeps") stretches = field.entry.rows();
      if (field.path.starts_with("signals/")) signals.push_back(field);
      else if (field.path.starts_with("inputs/") || field.path == "hashes") inputs.push_back(field);
      else if (field.entry.rows() == e.samples) samples.push_back(field);
    }
    std::erase_if(inputs, [&](const Field& field) { return field.entry.rows() != stretches; });
    const std::string base = folder + "/" + e.name();
    auto write = [&](const std::vector<Field>& fields, uint64_t rows, const char* first, const std::function<std::string(uint64_t)>& moment, const std::string& path) {
      ++out_tables;
      return write_table(recording, k, fields, rows, first, moment, path);
    };
    auto every = [&](uint64_t steps) { return [steps, &info](uint64_t row) { return fmt::format("{:.9g}", double(row * steps) * info.control_period); }; };
    if (auto errors = write(samples, e.samples, "time", every(info.every), base + ".csv"); !errors.empty()) return errors;
    if (auto errors = write(inputs, stretches, "stretch", [](uint64_t row) { return std::to_string(row); }, base + ".inputs.csv"); !errors.empty()) return errors;
    for (const Field& field : signals) {
      const record::Attribute* const steps = field.entry.find("every");
      const uint64_t apart = steps && steps->type < Number::f32 && steps->whole > 0 ? uint64_t(steps->whole) : 1;
      std::string name = field.path.substr(8);
      std::replace(name.begin(), name.end(), '/', '_');
      if (auto errors = write({field}, field.entry.rows(), "time", every(apart), base + ".signals." + name + ".csv"); !errors.empty()) return errors;
    }
  }
  if (const Result<bool> written = write_whole(folder + "/episodes.csv", list); !written) return written.errors();
  ++out_tables;
  return {};
}

int export_recording(const Asked& asked) {
  if (asked.npz.empty() == asked.csv.empty()) return report("one of --npz FILE and --csv DIR says what to write", asked.json);
  auto opened = Recording::open(asked.file);
  if (!opened) return report(opened.errors(), asked.json);
  Recording& recording = **opened;
  if (!asked.json)
    for (const Diagnostic& note : recording.notes()) say(note);
  std::vector<int> episodes;
  for (int k = 0; k < recording.episodes(); ++k)
    if ((!asked.environment || recording.episode(k).environment == *asked.environment) && (!asked.episode || recording.episode(k).number == *asked.episode)) episodes.push_back(k);
  if (episodes.empty()) return report("there is no such episode in " + asked.file + ": nuri inspect lists them", asked.json);
  size_t written = 0;
  const auto errors = asked.npz.empty() ? write_csv(recording, episodes, asked.csv, written) : write_npz(recording, episodes, asked.npz, written);
  if (!errors.empty()) return report(errors, asked.json);
  if (asked.json) print({{"ok", true}, {"recording", asked.file}, {"out", asked.npz + asked.csv}, {"episodes", episodes.size()}, {asked.npz.empty() ? "tables" : "arrays", written}});
  else fmt::print("{} {}, {} {} in {}\n", episodes.size(), episodes.size() == 1 ? "episode" : "episodes", written, asked.npz.empty() ? "tables" : "arrays", asked.npz + asked.csv);
  return good;
}

}  // namespace

void add_export(CLI::App& app, int& status) {
  auto asked = std::make_shared<Asked>();
  CLI::App* command = app.add_subcommand("export", "A recording as NumPy arrays or tables of text; python -m nuri.lerobot makes LeRobot datasets");
  command->add_option("file", asked->file, "Recording of nuri run --record")->required()->type_name("FILE.h5");
  CLI::Option* npz = command->add_option("--npz", asked->npz, "One archive of arrays, for numpy.load: demo_K/NAME, episodes/NAME")->type_name("FILE.npz");
  command->add_option("--csv", asked->csv, "A folder of tables: demo_K.csv, demo_K.inputs.csv, episodes.csv")->type_name("DIR")->excludes(npz);
  command->add_option("--env", asked->environment, "The environment of this id only");
  command->add_option("--episode", asked->episode, "This episode of each environment only, from 0");
  command->add_flag("--json", asked->json, "One JSON object on standard output");
  command->callback([=, &status] { status = export_recording(*asked); });
}

}  // namespace nuri::cli
