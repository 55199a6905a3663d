// What is read out of an HDF5 file: groups, data sets with their shapes, attributes, and numbers as they lie in memory.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nuri::record {

// `named`: compounds of a text `field` and two numbers, `item` and `value`, as differences of models are kept.
enum class Number : uint8_t { u8, i8, u16, i16, u32, i32, u64, i64, f32, f64, named, text, other };
size_t bytes_of(Number type);                    // 0: text, other; of named its two numbers
const char* npy_name(Number type);               // as NumPy names it: "|u1", "<f4"; empty: named, text, other

// A scalar. Others are there by name only, of type `other`.
struct Attribute {
  std::string name;
  Number type = Number::other;
  int64_t whole = 0;                             // of integers; u64 wrapped
  double real = 0;                               // of floating point
  std::string text;
};

// One member of a group.
struct Entry {
  std::string name;                              // within its group
  bool group = false;
  Number type = Number::other;
  std::vector<uint64_t> shape;                   // empty: a scalar
  uint64_t stored = 0;                           // bytes in the file, compressed
  std::vector<Attribute> attributes;
  const Attribute* find(const char* attribute) const;
  uint64_t rows() const { return shape.empty() ? 1 : shape[0]; }
};

// Rows of a data set: all of it, or some along its first dimension.
struct Table {
  Number type = Number::other;
  std::vector<uint64_t> shape;
  std::vector<std::byte> bytes;                  // the last index fastest; of named two doubles for each
  std::vector<std::string> texts;                // of type text and named
  uint64_t rows() const { return shape.empty() ? 1 : shape[0]; }
  uint64_t columns() const;                      // numbers of a row
  double at(uint64_t item) const;                // as a double, item of the whole
  uint64_t whole_at(uint64_t item) const;        // of integers, wrapped
};

}  // namespace nuri::record
