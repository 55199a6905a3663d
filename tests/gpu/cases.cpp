#include "tests/gpu/cases.h"
#include <cstdarg>
#include <cstdlib>
#include <filesystem>

namespace nuri::gpu_test {

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"humanoid", {"humanoid"}, {1}, 64, 600, 8192, true},
      {"hopper", {"hopper"}, {1}, 64, 600, 8192, true},
      {"mixed", {"mixed"}, {1}, 64, 600, 4096, true},
      {"quadruped", {"quadruped"}, {1}, 32, 400, 4096, false},
      {"arm_cell", {"arm_cell"}, {1}, 32, 400, 4096, false},
      {"conveyor", {"conveyor"}, {1}, 16, 400, 4096, false},
      {"boxes", {"boxes"}, {1}, 16, 400, 4096, false},
      {"fleet", {"fleet_arm7", "fleet_amr", "quadruped", "fleet_humanoid"}, {3, 4, 2, 1}, 40, 300, 4096, true},
      {"zoo", {"humanoid", "hopper", "mixed", "boxes", "arm_cell"}, {2, 1, 1, 1, 1}, 24, 300, 4096, false},
      {"three_humanoids", {"large/three_humanoids"}, {1}, 8, 300, 4096, false},
      {"bin_pile", {"large/bin_pile"}, {1}, 2, 60, 256, false},
      {"fair", {"fair"}, {1}, 3, 70, 3, false},
      {"lamps", {"lamps"}, {1}, 3, 70, 3, false},
      {"tumbler", {"large/tumbler"}, {1}, 2, 60, 64, false},
  };
  return all;
}

Case find_case(const std::string& name) {
  for (const Case& c : cases()) if (c.name == name) return c;
  Case c{name, {}, {}, 16, 300, 1024, true};
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('+', begin), name.size());
    c.files.push_back(name.substr(begin, end - begin));
    c.shares.push_back(1);
    begin = end + 1;
  }
  return c;
}

std::unique_ptr<Scene> load(const Case& of) {
  auto scene = std::make_unique<Scene>();
  scene->of = &of;
  for (const std::string& file : of.files) {
    const std::string path = file.ends_with(".model") ? file : "tests/gpu/models/" + file + ".model";
    if (!std::filesystem::exists(path)) {
      std::printf("%s: not run: no %s (tests/gpu/make_models.sh makes it)\n", of.name.c_str(), path.c_str());
      return nullptr;
    }
    auto read = model::read_file(path);
    if (!read) {
      for (const Diagnostic& d : read.errors()) std::printf("%s: %s\n", path.c_str(), to_string(d).c_str());
      std::exit(1);
    }
    scene->models.push_back(std::make_shared<model::Model>(std::move(*read)));
  }
  return scene;
}

std::unique_ptr<World> Scene::world(const WorldOptions& options) const {
  std::vector<int> which, cycle;
  for (size_t i = 0; i < of->shares.size(); ++i) cycle.insert(cycle.end(), size_t(of->shares[i]), int(i));
  for (int e = 0; e < options.environments; ++e) which.push_back(cycle[size_t(e) % cycle.size()]);
  auto world = World::create(models, which, options);
  if (world) return std::move(*world);
  for (const Diagnostic& d : world.errors()) std::printf("%s: %s\n", of->name.c_str(), to_string(d).c_str());
  std::exit(1);
}

Table::Table(const Settings& settings, const char* name, std::vector<std::string> columns) : columns_(std::move(columns)) {
  if (!settings.out.empty()) {
    std::filesystem::create_directories(settings.out);
    file_ = std::fopen((settings.out + "/" + name + ".tsv").c_str(), "w");
  }
  if (!file_) return;
  for (size_t i = 0; i < columns_.size(); ++i) std::fprintf(file_, "%s%s", i ? "\t" : "", columns_[i].c_str());
  std::fprintf(file_, "\n");
}
Table::~Table() {
  if (file_) std::fclose(file_);
}
void Table::row(const std::vector<std::string>& values) {
  for (size_t i = 0; i < values.size(); ++i) std::printf("%s%s %s", i ? ", " : "  ", columns_[i].c_str(), values[i].c_str());
  std::printf("\n");
  std::fflush(stdout);
  if (!file_) return;
  for (size_t i = 0; i < values.size(); ++i) std::fprintf(file_, "%s%s", i ? "\t" : "", values[i].c_str());
  std::fprintf(file_, "\n");
  std::fflush(file_);
}

std::string text(const char* format, ...) {
  char buffer[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  return buffer;
}

}  // namespace nuri::gpu_test
