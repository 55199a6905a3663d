#include "tools/cli/npy.h"

#include <fmt/format.h>
#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>

namespace nuri::cli {
namespace {
static_assert(std::endian::native == std::endian::little, "arrays are written as they lie in memory");
constexpr size_t largest_file = size_t{1} << 32;
constexpr char magic[] = "\x93NUMPY";
}  // namespace

Result<Table> read_npy(const std::string& path) {
  auto refuse = [&](const char* why) { return Diagnostic{Severity::error, "bad-npy", why, "write it with numpy.save, float64, one row per state", {path, 0, 0}, {}, {}}; };
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return refuse("there is no such file");
  const size_t size = std::filesystem::file_size(path, error);
  if (error || size > largest_file) return refuse("the file is too large");
  std::ifstream stream(path, std::ios::binary);
  std::string bytes(size, '\0');
  if (!stream.read(bytes.data(), std::streamsize(size))) return refuse("it cannot be read");
  if (size < 12 || bytes.compare(0, 6, magic, 6) != 0) return refuse("this is not a .npy file");
  const bool short_header = bytes[6] == 1;
  uint32_t header_size = 0;
  std::memcpy(&header_size, bytes.data() + 8, short_header ? 2 : 4);
  const size_t start = (short_header ? 10 : 12) + size_t(header_size);
  if (start > size || header_size > 10'000) return refuse("its header is damaged");
  const std::string header = bytes.substr(short_header ? 10 : 12, header_size);
  std::smatch found;
  size_t number = 0;
  if (header.find("'<f8'") != std::string::npos) number = 8;
  else if (header.find("'<f4'") != std::string::npos) number = 4;
  else return refuse("its numbers are not little-endian floats");
  if (header.find("'fortran_order': False") == std::string::npos) return refuse("it is in Fortran order");
  if (!std::regex_search(header, found, std::regex(R"('shape': \((\d{1,12}),? ?(\d{0,12})\))"))) return refuse("it has not one or two dimensions");
  Table table;
  table.rows = std::stoull(found[1]);
  table.columns = found[2].length() > 0 ? std::stoull(found[2]) : table.rows;
  if (found[2].length() == 0) table.rows = 1;   // one state
  if (table.columns > 0 && table.rows > largest_file / table.columns / number) return refuse("its shape is too large");
  if (size - start != table.rows * table.columns * number) return refuse("its shape does not fit its size");
  table.values.resize(table.rows * table.columns);
  if (number == 8 && size > start) {                // of no numbers there is no place to copy to
    std::memcpy(table.values.data(), bytes.data() + start, size - start);
  } else {
    for (size_t i = 0; i < table.values.size(); ++i) {
      float value;
      std::memcpy(&value, bytes.data() + start + 4 * i, 4);
      table.values[i] = value;
    }
  }
  return table;
}

bool write_npy(const std::string& path, const Table& table) {
  std::string header = fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, {}), }}", table.rows, table.columns);
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  const uint16_t header_size = uint16_t(header.size());
  std::ofstream stream(path, std::ios::binary);
  stream.write(magic, 6).write("\x01\x00", 2).write(reinterpret_cast<const char*>(&header_size), 2) << header;
  stream.write(reinterpret_cast<const char*>(table.values.data()), std::streamsize(8 * table.values.size()));
  return bool(stream);
}

}  // namespace nuri::cli
