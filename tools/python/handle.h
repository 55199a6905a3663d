// What Python holds: a loaded scene, and a world with its session. Python code in tools/python/nuri gives them their public face;
// the module nuri._nuri below is theirs alone.
//
// A world may be used by several threads of Python: whoever works with it holds its mutex, and not the interpreter's lock.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <sys/types.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <vector>
#include "engine/launch/pool.h"
#include "tools/session/eyes.h"
#include "tools/session/session.h"

namespace nuri::python {
namespace nb = nanobind;

// Becomes nuri.Error.
struct Refused : std::runtime_error {
  explicit Refused(std::vector<Diagnostic> f) : std::runtime_error("refused"), findings(std::move(f)) {}
  Refused(std::string code, std::string message, std::string hint = {})
      : Refused(std::vector<Diagnostic>{{Severity::error, std::move(code), std::move(message), std::move(hint), {}, {}, {}}}) {}
  std::vector<Diagnostic> findings;
};
template <class T> T get(Result<T> result) {
  if (!result) throw Refused(result.errors());
  return std::move(*result);
}
nb::list to_python(const std::vector<Diagnostic>& findings);

struct ModelHandle {
  std::shared_ptr<const model::Model> model;
};

struct SceneHandle {
  session::Loaded loaded;
  bool bare;                                     // a model without a scene: nothing drives it unless asked for
};

class WorldHandle {
 public:
  WorldHandle(std::unique_ptr<session::Session> session);
  WorldHandle(const WorldHandle&) = delete;
  ~WorldHandle();

  // Runs f(session) while other threads of Python may run.
  template <class F> auto use(F f) {
    refuse_fork();
    const nb::gil_scoped_release released;
    const std::lock_guard lock(mutex_);
    const NumericMode mode;                      // learners change it
    const InOrder order(*this);
    return f(*session_);
  }
  bool on_gpu() const { return session_->world().options().backend == "cuda"; }
  struct Device;                                 // device.cpp
  Device* device() { return device_.get(); }     // null on a CPU
  // All that the rows of a world on a GPU may be behind in, inputs too. For within use().
  void fetch();
  // Someone works on the world's arrays in this stream of the GPU, numbered as DLPack does.
  void join(int64_t stream);
  // For what never changes: models, addresses, numbers of environments.
  session::Session& session() { return *session_; }
  World& world() { return session_->world(); }
  Bucket& bucket(int number);                    // throws unless there is one

  // The environments that an array names; throws unless each is one, named once.
  using Indices = nb::ndarray<const int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
  std::span<const int> environments(const Indices& indices);

  int checked(int environment);                  // throws unless there is such an environment
  // Steps, and looks at the end of each control step. For within use().
  void advance(int substeps, session::Eyes* looking);
  // Runs f(session), which resets environments, and shows their eyes where they are.
  template <class F> void reset(std::span<const int> list, F f) {
    if (list.empty()) return;
    session::Eyes* const looking = eyes.get();
    const double seconds = use([&](session::Session& session) {
      const auto start = std::chrono::steady_clock::now();
      f(session);
      follow_episodes();
      const auto end = std::chrono::steady_clock::now();
      if (looking) looking->look();
      return std::chrono::duration<double>(end - start).count();
    });
    reset_seconds += seconds;
  }

  // Environments may have begun: draws and status on a GPU hear of it. For within use().
  void follow_episodes();

  // Both are changed with the interpreter's lock only.
  std::unique_ptr<session::Eyes> eyes;           // opened when first asked for
  double reset_seconds = 0;                      // wall time inside resets

 private:
  struct InOrder {
    explicit InOrder(WorldHandle& h) : handle(h) { handle.follow(); }
    ~InOrder() { handle.lead(); }
    WorldHandle& handle;
  };
  void refuse_fork() const;
  void open_device();
  void follow();                                 // what comes now waits for what others have put into their streams
  void lead();                                   // and what they put there from now on waits for it

  std::unique_ptr<session::Session> session_;
  std::mutex mutex_;
  pid_t process_;
  std::vector<char> named_;
  std::shared_ptr<Device> device_;               // shared: only device.cpp knows what it is
};

// An array over memory that `owner` keeps alive. Arrays without numbers have an address too.
template <class T> nb::object array_of(nb::handle owner, const T* data, std::initializer_list<size_t> shape) {
  static T nothing{};
  return nb::cast(nb::ndarray<nb::numpy, T>(data ? const_cast<std::remove_const_t<T>*>(data) : &nothing, shape, owner), nb::rv_policy::reference);
}

void bind_scene(nb::module_& module);
void bind_world(nb::module_& module);
void bind_port(nb::module_& module);
void bind_draws(nb::module_& module);
void bind_eyes(nb::module_& module);
void bind_fields(nb::module_& module);
void bind_device(nb::module_& module);

}  // namespace nuri::python
