// Plays one scene and writes the trajectory: what tests/oracle/closed_forms.py needs to measure Nuri as it measures MuJoCo. One
// recipe and one measure then serve both engines, and nothing is written twice. Skipped unless asked for by name.
//
// The job is a text file named by NURI_PLAY, a word and its value per line:
//
//   mjcf FILE           precision float|double        out FILE
//   settle N            steps first, after which velocities are set to zero
//   FIELD i x           item i of a state field, set after settling and kept
//   controls FILE       float64 [step][actuator]
//   steps N             a record at the start and after each step
//
// A record is float64: fault bits, qpos with what rounding took from free joints' translation, qvel, warmstart.
#include <fstream>
#include <map>
#include <sstream>
#include "tests/physics/scene_text.h"

using namespace nuri;
using namespace nuri::closed_forms;

namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Job {
  std::map<std::string, std::string> words;
  struct Item { StateField field; int index; double value; };
  std::vector<Item> items;

  explicit Job(const std::string& path) {
    std::istringstream text(contents(path));
    for (std::string word, value; text >> word;) {
      int field = 0;
      while (field < state_field_count && word != info(StateField(field)).name) ++field;
      if (field == state_field_count) {
        text >> words[word];
        continue;
      }
      Item item{StateField(field), 0, 0};
      text >> item.index >> item.value;
      items.push_back(item);
    }
  }
  int count(const char* word, int otherwise) const { return words.count(word) ? std::stoi(words.at(word)) : otherwise; }
};

void record(const World& w, std::vector<double>& out) {
  const model::Model& m = w.model();
  out.push_back(w.fault(0));
  const size_t qpos = out.size();
  for (int i = 0; i < m.qpos_count; ++i) out.push_back(w.get(StateField::qpos, 0, i));
  for (int j = 0; j < m.joint_count; ++j)
    for (int k = 0; m.joint_free[j] >= 0 && k < 3; ++k)
      out[qpos + size_t(m.joint_qpos[j] + k)] += w.get(StateField::qpos_residual, 0, 3 * m.joint_free[j] + k);
  for (const StateField field : {StateField::qvel, StateField::warmstart})
    for (int i = 0; i < m.dof_count; ++i) out.push_back(w.get(field, 0, i));
}

}  // namespace

TEST_CASE("a trajectory played" * doctest::skip()) {
  const char* const path = std::getenv("NURI_PLAY");
  REQUIRE(path);
  const Job job(path);
  const auto world = make_world(compiled(contents(job.words.at("mjcf"))), job.words.at("precision") == "float" ? Precision::f32 : Precision::f64, 1);
  const model::Model& m = world->model();
  std::string controls;
  if (job.words.count("controls")) controls = contents(job.words.at("controls"));
  const int steps = job.count("steps", 0);
  if (!controls.empty()) REQUIRE(controls.size() == size_t(steps) * size_t(m.control_count) * sizeof(double));

  if (const int settle = job.count("settle", 0)) {
    world->step(settle);
    for (int i = 0; i < m.dof_count; ++i) world->set(StateField::qvel, 0, i, 0);
  }
  for (const Job::Item& item : job.items) world->set(item.field, 0, item.index, item.value);
  std::vector<double> out;
  record(*world, out);
  for (int step = 0; step < steps; ++step) {
    for (int a = 0; a < m.control_count && !controls.empty(); ++a) {
      double control;
      std::memcpy(&control, controls.data() + (size_t(step) * size_t(m.control_count) + size_t(a)) * sizeof control, sizeof control);
      world->set(StateField::ctrl, 0, a, control);
    }
    world->step(1);
    record(*world, out);
  }
  std::ofstream(job.words.at("out"), std::ios::binary).write(reinterpret_cast<const char*>(out.data()), std::streamsize(out.size() * sizeof(double)));
}
