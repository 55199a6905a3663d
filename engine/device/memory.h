// Memory and errors of a CUDA device, for host code. Every call's result is checked; a failed call is an exception, because it means
// a lost device or a programmer's error, never a property of a scene. Memory is released with its owner.
//
// No managed memory: what moves between host and device is moved by a line that says so.
#pragma once
#include <cuda_runtime_api.h>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace nuri::device {

struct Error : std::runtime_error {
  cudaError_t code;
  Error(cudaError_t c, const char* what) : std::runtime_error(std::string(what) + ": " + cudaGetErrorName(c) + ", " + cudaGetErrorString(c)), code(c) {}
};
inline void check(cudaError_t code, const char* what) {
  if (code != cudaSuccess) throw Error(code, what);
}
#define NURI_CUDA(call) ::nuri::device::check((call), #call)

// Bytes on the device that is current when it is made. Fresh memory is all ones: NaN as numbers, so that what was never
// written shows.
class Memory {
 public:
  Memory() = default;
  explicit Memory(size_t bytes) : bytes_(bytes) {
    if (!bytes) return;
    NURI_CUDA(cudaMalloc(&data_, bytes));
    NURI_CUDA(cudaMemset(data_, 0xff, bytes));
    NURI_CUDA(cudaStreamSynchronize(nullptr));                       // the memset runs on its own, and our streams do not wait for it
  }
  Memory(Memory&& other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Memory& operator=(Memory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Memory() { cudaFree(data_); }

  template <class T = void> T* as() const { return static_cast<T*>(data_); }
  size_t bytes() const { return bytes_; }
  // Host to device and back, in the order of the stream; from pageable memory the call returns when the host side may change.
  void upload(const void* from, size_t bytes, cudaStream_t stream) const {
    if (bytes) NURI_CUDA(cudaMemcpyAsync(data_, from, bytes, cudaMemcpyHostToDevice, stream));
  }
  void download(void* to, size_t bytes, cudaStream_t stream) const {
    if (bytes) NURI_CUDA(cudaMemcpyAsync(to, data_, bytes, cudaMemcpyDeviceToHost, stream));
  }

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

class Stream {
 public:
  Stream() { NURI_CUDA(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking)); }
  Stream(const Stream&) = delete;
  ~Stream() { cudaStreamDestroy(stream_); }
  operator cudaStream_t() const { return stream_; }
  void wait() const { NURI_CUDA(cudaStreamSynchronize(stream_)); }

 private:
  cudaStream_t stream_ = nullptr;
};

class Event {
 public:
  Event() { NURI_CUDA(cudaEventCreate(&event_)); }
  Event(const Event&) = delete;
  ~Event() { cudaEventDestroy(event_); }
  void record(cudaStream_t stream) const { NURI_CUDA(cudaEventRecord(event_, stream)); }
  // Between two recorded events; waits for the later one.
  static float milliseconds(const Event& begin, const Event& end) {
    float time = 0;
    NURI_CUDA(cudaEventSynchronize(end.event_));
    NURI_CUDA(cudaEventElapsedTime(&time, begin.event_, end.event_));
    return time;
  }

 private:
  cudaEvent_t event_ = nullptr;
};

}  // namespace nuri::device
