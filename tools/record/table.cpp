#include "tools/record/table.h"

#include <cstring>

namespace nuri::record {
namespace {

template <class T> T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// f(value) of the type; 0 where there is none.
template <class F> auto visit(Number type, const std::byte* from, F f) {
  switch (type) {
    case Number::u8: return f(load<uint8_t>(from));
    case Number::i8: return f(load<int8_t>(from));
    case Number::u16: return f(load<uint16_t>(from));
    case Number::i16: return f(load<int16_t>(from));
    case Number::u32: return f(load<uint32_t>(from));
    case Number::i32: return f(load<int32_t>(from));
    case Number::u64: return f(load<uint64_t>(from));
    case Number::i64: return f(load<int64_t>(from));
    case Number::f32: return f(load<float>(from));
    case Number::f64: return f(load<double>(from));
    default: return f(0);
  }
}

}  // namespace

size_t bytes_of(Number type) {
  constexpr size_t sizes[] = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 16, 0, 0};
  return sizes[size_t(type)];
}

const char* npy_name(Number type) {
  constexpr const char* names[] = {"|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8", "", "", ""};
  return names[size_t(type)];
}

const Attribute* Entry::find(const char* attribute) const {
  for (const Attribute& a : attributes)
    if (a.name == attribute) return &a;
  return nullptr;
}

uint64_t Table::columns() const {
  uint64_t out = 1;
  for (size_t i = 1; i < shape.size(); ++i) out *= shape[i];
  return out;
}

double Table::at(uint64_t item) const {
  return visit(type, bytes.data() + item * bytes_of(type), [](auto value) { return double(value); });
}

uint64_t Table::whole_at(uint64_t item) const {
  return visit(type, bytes.data() + item * bytes_of(type),
               [](auto value) { return std::is_integral_v<decltype(value)> ? uint64_t(value) : uint64_t(0); });
}

}  // namespace nuri::record
