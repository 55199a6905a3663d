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
  auto refuse = [&](const char* why) {
    return Diagnostic{Severity::error, "bad-npy", why, "write it with numpy.save, float64, one row per state", {path, 0, 0}, {}, {}};
  };
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
  if (!std::regex_search(header, found, std::regex(R"('shape': \((\d{1,12}),? ?(\d{0,12})\))")))
    return refuse("it has not one or two dimensions");
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

std::string npy_header(const std::string& type, const std::vector<int64_t>& shape) {
  std::string sizes;
  for (int64_t n : shape) sizes += fmt::format("{}{}", n, shape.size() == 1 ? "," : &n == &shape.back() ? "" : ", ");
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", type, sizes);
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  const uint16_t size = uint16_t(header.size());
  std::string out(magic, 6);
  out += {'\1', '\0', char(size & 0xff), char(size >> 8)};
  return out + header;
}

Result<NpyWriter> NpyWriter::create(const std::string& path, const std::string& type, const std::vector<int64_t>& shape) {
  const std::string header = npy_header(type, shape);
  Result<NewFile> file = NewFile::create(path);
  if (!file) return file.errors();
  NpyWriter out(std::move(*file));
  out.path_ = path;
  out.file_.write(header.data(), header.size());
  uint64_t bytes = uint64_t(type.back() - '0');
  for (int64_t n : shape) bytes *= uint64_t(n);
  out.expected_ = out.file_.size() + bytes;
  return out;
}

Result<bool> NpyWriter::finish() {
  if (file_.good() && file_.size() != expected_)
    return Diagnostic{Severity::error,
                      "cannot-write",
                      fmt::format("{} of {} bytes of the array were written", file_.size(), expected_),
                      "",
                      {path_, 0, 0},
                      {},
                      {}};
  return file_.finish();
}

bool write_npy(const std::string& path, const Table& table) {
  Result<NpyWriter> out = NpyWriter::create(path, "<f8", {int64_t(table.rows), int64_t(table.columns)});
  if (!out) return false;
  out->add(table.values.data(), 8 * table.values.size());
  return bool(out->finish());
}

}  // namespace nuri::cli
