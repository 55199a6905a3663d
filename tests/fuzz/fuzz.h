// libFuzzer targets: one program per reader (tests/fuzz/fuzz_*.cpp), built by the preset `fuzz` with clang and the address and
// undefined-behaviour sanitizers, run by .ci/fuzz. A finding is a crash, a hang, a leak, more memory than the limit, or a broken
// promise: what is refused comes with diagnostics, what is accepted is sound.
//
// Readers of text get the bytes as they are. Where an interface takes a file, it is written into the folder that the program was
// started in, which holds copies of tests/fuzz/folder and nothing else; what a scene names must be found in there or refused.
#pragma once
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include "engine/core/result.h"

#define NURI_FUZZ(data, size) extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)

namespace nuri::fuzz {

inline void must(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

inline std::string text(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// The bytes as a file of the present folder.
inline std::string file(const char* name, const std::string& bytes) {
  std::ofstream(name, std::ios::binary) << bytes;
  return name;
}

// A refusal names every finding by a stable code, in words; that it can be printed is part of the test.
inline int refused(const std::vector<Diagnostic>& errors) {
  must(!errors.empty(), "refused without a diagnostic");
  for (const Diagnostic& d : errors) {
    must(!d.code.empty() && !d.message.empty() && !to_string(d).empty(), "a diagnostic without code or message");
    for (char c : d.code) must(std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c)) || c == '-', "a code is lower-kebab");
  }
  return 0;
}

// A file that a scene was allowed to name lies in the present folder.
inline void contained(const std::string& path) {
  static const std::string folder = std::filesystem::canonical(".").string() + "/";
  must(path.empty() || path.starts_with(folder), "a scene reaches a file outside its folder");
}

}  // namespace nuri::fuzz
