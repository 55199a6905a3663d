#include "tools/cli/npz.h"

#include <array>
#include "tools/cli/npy.h"

namespace nuri::cli {
namespace {

constexpr uint64_t small = 0xffffffff;           // what does not fit below this stands in zip64's fields

// The checksum of zip: CRC-32 of IEEE 802.3, reflected.
constexpr std::array<uint32_t, 256> crc_table = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}();

uint32_t checksum(uint32_t so_far, const void* bytes, size_t size) {
  uint32_t c = ~so_far;
  for (const auto* p = static_cast<const uint8_t*>(bytes); size > 0; --size) c = crc_table[(c ^ *p++) & 0xff] ^ (c >> 8);
  return ~c;
}

template <class T> void put(std::string& to, T value) {
  for (size_t k = 0; k < sizeof value; ++k) to += char(uint64_t(value) >> (8 * k));
}

}  // namespace

Result<NpzWriter> NpzWriter::create(const std::string& path) {
  Result<NewFile> file = NewFile::create(path);
  if (!file) return file.errors();
  NpzWriter out(std::move(*file));
  out.path_ = path;
  return out;
}

// Of a member, before its bytes or in the list at the end.
void NpzWriter::header(const Member& m, bool central) {
  const bool large = m.size >= small, far = central && m.place >= small;
  std::string extra;
  if (large || far) {
    put(extra, uint16_t(1));
    put(extra, uint16_t(large * 16 + far * 8));
    if (large) put(extra, m.size), put(extra, m.size);
    if (far) put(extra, m.place);
  }
  const uint16_t needed = large || far ? 45 : 20;
  std::string out;
  put(out, central ? uint32_t(0x02014b50) : uint32_t(0x04034b50));
  if (central) put(out, uint16_t(3 << 8 | 45));                  // made on Unix
  put(out, needed);
  put(out, uint16_t(1 << 11));                                   // the name is UTF-8
  put(out, uint16_t(0));                                         // stored
  put(out, uint16_t(0)), put(out, uint16_t(1 << 5 | 1));         // zip's first moment, 1 January 1980: equal recordings give equal archives
  put(out, m.checksum);
  put(out, uint32_t(large ? small : m.size)), put(out, uint32_t(large ? small : m.size));
  put(out, uint16_t(m.name.size())), put(out, uint16_t(extra.size()));
  if (central) {
    put(out, uint16_t(0)), put(out, uint16_t(0)), put(out, uint16_t(0));   // no comment, first disk, not text
    put(out, uint32_t(0100644u << 16));                          // an ordinary file
    put(out, uint32_t(far ? small : m.place));
  }
  out += m.name + extra;
  file_.write(out.data(), out.size());
}

void NpzWriter::begin(const std::string& name, const std::string& type, const std::vector<int64_t>& shape) {
  const std::string first = npy_header(type, shape);
  uint64_t bytes = uint64_t(type.back() - '0');
  for (const int64_t n : shape) bytes *= uint64_t(n);
  members_.push_back({name + ".npy", file_.size(), first.size() + bytes, 0});
  header(members_.back(), false);
  begun_ = file_.size();
  add(first.data(), first.size());
}

void NpzWriter::add(const void* numbers, size_t bytes) {
  Member& m = members_.back();
  m.checksum = checksum(m.checksum, numbers, bytes);
  file_.write(numbers, bytes);
}

void NpzWriter::end() {
  const Member& m = members_.back();
  sound_ = sound_ && file_.size() - begun_ == m.size;
  std::string crc;
  put(crc, m.checksum);
  file_.rewrite(m.place + 14, crc.data(), crc.size());
}

Result<bool> NpzWriter::finish() {
  if (file_.good() && !sound_)
    return Diagnostic{Severity::error, "cannot-write", "an array got other bytes than its shape says", "", {path_, 0, 0}, {}, {}};
  const uint64_t place = file_.size();
  for (const Member& m : members_) header(m, true);
  const uint64_t end = file_.size(), count = members_.size();
  const bool large = place >= small || count >= 0xffff;
  std::string out;
  if (large) {
    put(out, uint32_t(0x06064b50)), put(out, uint64_t(44)), put(out, uint16_t(45)), put(out, uint16_t(45)), put(out, uint32_t(0)),
        put(out, uint32_t(0));
    put(out, count), put(out, count), put(out, end - place), put(out, place);
    put(out, uint32_t(0x07064b50)), put(out, uint32_t(0)), put(out, end), put(out, uint32_t(1));
  }
  put(out, uint32_t(0x06054b50)), put(out, uint16_t(0)), put(out, uint16_t(0));
  put(out, uint16_t(large ? 0xffff : count)), put(out, uint16_t(large ? 0xffff : count));
  put(out, uint32_t(large ? small : end - place)), put(out, uint32_t(large ? small : place)), put(out, uint16_t(0));
  file_.write(out.data(), out.size());
  return file_.finish();
}

}  // namespace nuri::cli
