#include "tools/session/cuda_port.h"

#include "engine/device/info.h"

namespace nuri::session {

CudaPort::CudaPort(World& world, std::span<const Plan> plans, int commands) : world_(world), outputs_(int(plans[0].moves.size())) {
  CUstream_st* const on = stream();
  const size_t n = size_t(world.environments()), inputs = plans[0].columns.size();
  auto table = [&](size_t columns) {
    device::Memory made(n * columns * sizeof(float));
    if (made.bytes()) NURI_CUDA(cudaMemsetAsync(made.as(), 0, made.bytes(), on));
    return made;
  };
  observation_ = table(inputs), action_ = table(size_t(outputs_)), last_ = table(size_t(outputs_)), command_ = table(size_t(commands));
  list_ = device::Memory(n * sizeof(int));

  auto put = [&]<class T>(const std::vector<T>& values) {
    device::Memory& to = parts_.emplace_back(values.size() * sizeof(T));
    to.upload(values.data(), to.bytes(), on);
    return to.as<T>();
  };
  std::vector<std::vector<int>> members(size_t(world.buckets()));
  for (int e = 0; e < world.environments(); ++e) members[size_t(world.place(e).bucket)].push_back(e);
  for (int b = 0; b < world.buckets(); ++b) {
    Bucket& bucket = world.bucket(b);
    const Plan& plan = plans[size_t(b)];
    PortJob<float> job{};
    job.columns = put(plan.columns), job.moves = put(plan.moves), job.members = put(members[size_t(b)]);
    job.inputs = int(inputs), job.outputs = outputs_, job.commands = commands;
    job.environments = bucket.environments();
    constexpr StateField fields[port_fields] = {StateField::sensordata, StateField::qpos, StateField::qvel, StateField::ctrl};   // as PortSource has them
    for (int f = 0; f < port_fields; ++f) job.state[f] = static_cast<float*>(bucket.device_data(fields[f])), job.width[f] = bucket.columns(fields[f]);
    job.observation = observation(), job.action = action(), job.last = last(), job.command = command();
    jobs_.push_back(job);
  }
  world.wait();                                            // what was uploaded lies in memory that goes now
}

CUstream_st* CudaPort::stream() const {
  device::use(world_.options().device);
  return static_cast<CUstream_st*>(world_.stream());
}

void CudaPort::observe() {
  CUstream_st* const on = stream();
  for (const PortJob<float>& job : jobs_) launch_observe(job, on);
}

void CudaPort::act() {
  CUstream_st* const on = stream();
  for (const PortJob<float>& job : jobs_) launch_act(job, on);
}

void CudaPort::begin(std::span<const int> environments) {
  CUstream_st* const on = stream();
  list_.upload(environments.data(), environments.size_bytes(), on);
  launch_clear(list_.as<int>(), int(environments.size()), outputs_, last(), on);
}

void CudaPort::begin() {
  CUstream_st* const on = stream();
  if (last_.bytes()) NURI_CUDA(cudaMemsetAsync(last_.as(), 0, last_.bytes(), on));
}

}  // namespace nuri::session
