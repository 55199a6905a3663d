// CUDA without a GPU: the host code of the backend, of ports, draws and arrays runs as it is, over a runtime whose device memory is memory and whose
// kernels are the CPU's kernel of width one and the same texts of items. So what is copied, when, from where and where to is tested without a GPU;
// that nvcc makes the same arithmetic of the texts, and any speed, is not.
//
// A stream is lazy: what is put into it happens when somebody waits for it, as late as the rules of CUDA allow. Who forgets to wait, reads the past.
#pragma once
#include <stdint.h>
#include <functional>

namespace nuri::emulated {

// Since the program began. Copies between host and device, not within it.
struct Counts { uint64_t uploads, upload_bytes, downloads, download_bytes, launches, waits; };

void launch(std::function<void()> kernel);       // into the stream

}  // namespace nuri::emulated

extern "C" {
__attribute__((visibility("default"))) nuri::emulated::Counts nuri_emulated_counts();
}
