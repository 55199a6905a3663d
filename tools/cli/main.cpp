// The program `nuri`: one file per command beside this one.
#include <algorithm>
#include <exception>
#include <new>
#include <string_view>
#include "engine/scene/xml.h"
#include "tools/cli/cli.h"
#include "tools/cli/compare.h"
#include "tools/cli/rollout.h"

int main(int argc, char** argv) {
  using namespace nuri::cli;
  bool json = false;
  for (int i = 1; i < argc; ++i) {           // before the command line is understood: it may be what is wrong
    const std::string_view word = argv[i];
    json |= word == "--json";
    if (word == "--diagnostics=json" || (word == "--diagnostics" && i + 1 < argc && std::string_view(argv[i + 1]) == "json")) say_as_json();
  }
  int status = good;
  try {
    CLI::App app{"Nuri: robotics simulation, thousands of environments at once, the same bits everywhere."};
    app.name("nuri");
    app.require_subcommand(1);
    app.set_version_flag("--version", NURI_VERSION);
    app.footer("Exit status: 0 good, 1 what was asked for failed, 2 bad input.");
    catch_interrupts();
    add_run(app, status);
    add_bench(app, status);
    add_hash(app, status);
    add_diff(app, status);
    add_dump(app, status);
    add_rollout(app, status);
    add_inspect(app, status);
    add_compile(app, status);
    add_decompose(app, status);
    add_render(app, status);
    add_replay(app, status);
    add_export(app, status);
    add_regress(app, status);
    add_verify(app, status);
    add_compare(app, status);
    add_doctor(app, status);
    if (argc > 1 && argv[1][0] != '-') {
      std::vector<std::string> commands;
      for (const CLI::App* command : app.get_subcommands(nullptr)) commands.push_back(command->get_name());
      const std::string asked = argv[1];
      if (std::find(commands.begin(), commands.end(), asked) == commands.end()) {
        const std::string near = nuri::scene::xml::nearest(asked, commands);
        return report("there is no command " + nuri::scene::xml::shown(asked) + (near.empty() ? "" : ": did you mean '" + near + "'?") + " (see nuri --help)", json);
      }
    }
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) return app.exit(error) == 0 ? good : bad_input;   // --help, --version
      return report(std::string(error.what()) + " (see nuri --help, nuri COMMAND --help)", json);
    }
  } catch (const std::bad_alloc&) {
    return report("there is not enough memory", json, failed);
  } catch (const std::exception& error) {
    return report(error.what(), json, failed);
  }
  return status;
}
