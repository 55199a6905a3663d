#include "tools/session/cuda_status.h"

#include <cmath>
#include <cstring>
#include "engine/device/info.h"
#include "physics/cuda/cuda_bucket.h"
#include "tools/session/cuda_learn.h"

namespace nuri::session {
namespace {

constexpr size_t words_of_episode = sizeof(CudaStatus::Episode) / sizeof(uint64_t);
constexpr int words_of_number = int(sizeof(uint64_t) / sizeof(uint32_t));   // as launch_rows counts them

CudaBucket& cuda(World& world, int bucket) { return static_cast<CudaBucket&>(world.bucket(bucket)); }

}  // namespace

CudaStatus::CudaStatus(World& world) : world_(world) {
  CUstream_st* const on = stream();
  const size_t n = size_t(world.environments());
  episodes_ = device::Memory(n * sizeof(Episode));
  if (world.buckets() == 1) {
    fault_ = cuda(world, 0).device_faults(), contacts_ = cuda(world, 0).device_contacts(), steps_ = cuda(world, 0).device_steps();
    return;
  }
  counters_ = device::Memory(n * (sizeof(uint64_t) + sizeof(uint32_t) + sizeof(int32_t)));
  steps_ = counters_.as<uint64_t>();
  fault_ = reinterpret_cast<uint32_t*>(steps_ + n);
  contacts_ = reinterpret_cast<int32_t*>(fault_ + n);
  std::vector<std::vector<int>> members(size_t(world.buckets()));
  for (int e = 0; e < world.environments(); ++e) members[size_t(world.place(e).bucket)].push_back(e);
  for (const std::vector<int>& list : members) members_.emplace_back(list.size() * sizeof(int)).upload(list.data(), list.size() * sizeof(int), on);
  world.wait();                                  // what was uploaded lies in memory that goes now
  refresh();
}

CUstream_st* CudaStatus::stream() const {
  device::use(world_.options().device);
  return static_cast<CUstream_st*>(world_.stream());
}

void CudaStatus::refresh() {
  CUstream_st* const on = stream();
  for (size_t b = 0; b < members_.size(); ++b) {
    const CudaBucket& bucket = cuda(world_, int(b));
    auto put = [&](void* all, void* of_bucket, int words) { launch_rows(members_[b].as<int>(), bucket.environments(), words, all, of_bucket, false, on); };
    put(steps_, bucket.device_steps(), words_of_number);
    put(fault_, bucket.device_faults(), 1);
    put(contacts_, bucket.device_contacts(), 1);
  }
}

// One copy: the four numbers of every environment in turn, then the list.
void CudaStatus::put(std::span<const int> environments, std::span<const Episode> rows) {
  const size_t count = environments.size(), bytes = count * (sizeof(Episode) + sizeof(int));
  if (!count) return;
  CUstream_st* const on = stream();
  if (moved_.bytes() < bytes) {
    world_.wait();                               // nobody still reads the old one
    moved_ = device::Memory(bytes);
  }
  staging_.resize(std::max(staging_.size(), bytes));
  uint64_t* const numbers = reinterpret_cast<uint64_t*>(staging_.data());
  for (size_t i = 0; i < count; ++i) {
    const uint64_t row[words_of_episode] = {rows[i].seed, rows[i].number, rows[i].draws, rows[i].began};
    for (size_t k = 0; k < words_of_episode; ++k) numbers[k * count + i] = row[k];
  }
  std::memcpy(numbers + words_of_episode * count, environments.data(), environments.size_bytes());
  moved_.upload(staging_.data(), bytes, on);
  const int* const list = reinterpret_cast<const int*>(moved_.as<uint64_t>() + words_of_episode * count);
  for (size_t k = 0; k < words_of_episode; ++k) launch_rows(list, int(count), words_of_number, words(k), moved_.as<uint64_t>() + k * count, false, on);
}

DrawJob CudaStatus::job(float* out, int columns, uint32_t stream, uint64_t substep) const {
  return {words(2), words(3), world_.options().first_id, substep, first_draw_stream + stream, world_.environments(), columns, out};
}

void CudaStatus::uniform(float* out, int columns, uint32_t stream_number, float low, float high, uint64_t substep) {
  CUstream_st* const on = stream();
  launch_uniform(job(out, columns, stream_number, substep), {low, high, std::nextafter(high, low)}, on);
}

void CudaStatus::normal(float* out, int columns, uint32_t stream_number, uint64_t substep) {
  CUstream_st* const on = stream();
  launch_normal(job(out, columns, stream_number, substep), on);
}

}  // namespace nuri::session
