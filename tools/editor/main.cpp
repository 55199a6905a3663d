// The program `nuri-editor`: a window on a scene. One command line, no commands; see window.h for what happens then.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include "tools/editor/window.h"

namespace {

using nuri::editor::WindowOptions;

constexpr int least_width = 640, least_height = 400, most_pixels = 16384;

void set_size(WindowOptions& options, const std::string& text) {
  int width = 0, height = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%dx%d%c", &width, &height, &rest) != 2 || width < least_width || height < least_height || width > most_pixels || height > most_pixels)
    throw CLI::ValidationError("--size", "write WIDTHxHEIGHT, at least 640x400, not " + text);
  options.width = width;
  options.height = height;
}

void add_package(WindowOptions& options, const std::string& text) {
  const size_t equals = text.find('=');
  std::error_code error;
  if (equals == std::string::npos || equals == 0) throw CLI::ValidationError("--package", "write NAME=FOLDER, not " + text);
  const std::string folder = text.substr(equals + 1);
  if (!std::filesystem::is_directory(folder, error)) throw CLI::ValidationError("--package", folder + " is not a folder");
  options.workbench.paths.packages[text.substr(0, equals)] = folder;
}

int run(int argc, char** argv) {
  WindowOptions options;
  nuri::WorldOptions& world = options.workbench.world;
  world.environments = 0;                          // the scene's own number
  std::string precision = "float";
  bool light = false, dark = false;
  CLI::App app{"Nuri's editor: a window on a scene, with its past, its numbers and everything that can be changed."};
  app.name("nuri-editor");
  app.footer("Keys: F1 in the window. Exit status: 0 good, 1 no window, 2 bad command line.");
  app.add_option("scene", options.scene, "Scene (.yaml), model (.xml MJCF, .urdf) or compiled model (.model) or recording (.h5); none: drop one into the window")->type_name("SCENE");
  app.add_option("--policy", options.policy, "A trained policy that drives; or drop one into the window")->type_name("FILE.policy");
  app.add_option("--envs", world.environments, "Environments (scene's own number otherwise)")->check(CLI::Range(1, 1'000'000));
  app.add_option("--env", options.workbench.recorded, "Which environment of a recording, by its id (the first otherwise)")->type_name("ID");
  app.add_option("--show", options.shown, "Environments in the picture at first (all, at most 16, otherwise)")->check(CLI::Range(1, 1024));
  app.add_option("--backend", world.backend, "Where to compute")->check(CLI::IsMember({"auto", "cpu", "cuda"}))->capture_default_str();
  app.add_option("--threads", world.threads, "CPU threads; 0: one per CPU")->check(CLI::Range(0, 4096));
  app.add_option("--precision", precision, "Numbers of the state and of all kernels")->check(CLI::IsMember({"float", "double", "f32", "f64"}))->capture_default_str();
  app.add_flag("--profile", world.profile, "Measure the stages of a step");
  app.add_option_function<std::vector<std::string>>("--package", [&](const auto& given) { for (const std::string& one : given) add_package(options, one); },
                                                    "Folder of a package that package:// or model:// names; repeatable")->type_name("NAME=FOLDER")->allow_extra_args(false);
  app.add_option("--root", options.workbench.paths.roots, "Folder, besides the scene's own, whose files may be read; repeatable")->type_name("FOLDER")->allow_extra_args(false)->check(CLI::ExistingDirectory);
  app.add_option_function<std::string>("--size", [&](const std::string& text) { set_size(options, text); }, "Of the window, in pixels (1280x800)")->type_name("WxH");
  app.add_flag("--light", light, "Light colours");
  app.add_flag("--dark", dark, "Dark colours (as without it)")->excludes("--light");
  app.add_flag("--paused", options.paused, "Time stands still at first");
  app.add_option("--screenshot", options.screenshot, "Write the whole window as a PNG after a while, and end")->type_name("FILE");
  app.add_option("--after", options.after, "Seconds until the screenshot")->check(CLI::Range(0.0, 3600.0))->capture_default_str();
  app.add_flag("--say", options.speaks, "A line on standard output for everything that happens: for scripts");
  app.add_option("--gpu", options.device, "Part of the name of the device that draws (the best otherwise)")->type_name("NAME");
  app.add_flag("--validate", options.validate, "Vulkan's validation layer, if it is installed; what it says goes to standard error");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::fprintf(stderr, "nuri-editor: %s (see nuri-editor --help)\n", error.what());
    return 2;
  }
  options.light = light;
  world.precision = precision == "double" || precision == "f64" ? nuri::Precision::f64 : nuri::Precision::f32;
  return run_window(options);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "nuri-editor: there is not enough memory\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "nuri-editor: %s\n", error.what());
  }
  return 1;
}
