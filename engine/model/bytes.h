// Bytes of a .model file, little endian on every machine. A Reader that runs out says `broken` and gives zeros; nothing is allocated
// before the bytes that fill it are seen to be there.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace nuri::model {

class Writer {
 public:
  template <class T> void put(T value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    if constexpr (std::endian::native == std::endian::big) std::reverse(bytes, bytes + sizeof(T));
    out.append(bytes, sizeof(T));
  }
  void text(const std::string& s) { put(uint32_t(s.size())); out += s; }
  template <class T> void array(const std::vector<T>& v) {
    if constexpr (std::endian::native == std::endian::little) out.append(reinterpret_cast<const char*>(v.data()), v.size() * sizeof(T));
    else for (T x : v) put(x);
  }
  std::string out;
};

class Reader {
 public:
  explicit Reader(const std::string& bytes, size_t end) : bytes_(bytes), end_(end) {}
  size_t left() const { return end_ - at_; }
  template <class T> T get() {
    T value{};
    if (left() < sizeof(T)) { broken = true; at_ = end_; return value; }
    char raw[sizeof(T)];
    std::memcpy(raw, bytes_.data() + at_, sizeof(T));
    if constexpr (std::endian::native == std::endian::big) std::reverse(raw, raw + sizeof(T));
    std::memcpy(&value, raw, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  std::string text() {
    const size_t size = get<uint32_t>();
    if (broken || size > left()) { broken = true; return ""; }
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  // `size` values; the bytes must be there before anything is allocated
  template <class T> void array(std::vector<T>& v, int64_t size) {
    if (broken || size < 0 || uint64_t(size) > left() / sizeof(T)) { broken = true; return; }
    v.resize(size_t(size));
    if constexpr (std::endian::native == std::endian::little) {
      if (size) std::memcpy(v.data(), bytes_.data() + at_, size_t(size) * sizeof(T));
      at_ += size_t(size) * sizeof(T);
    } else {
      for (T& x : v) x = get<T>();
    }
  }
  bool broken = false;

 private:
  const std::string& bytes_;
  size_t at_ = 0, end_;
};

}  // namespace nuri::model
