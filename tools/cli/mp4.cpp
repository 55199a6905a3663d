#include "tools/cli/mp4.h"

namespace nuri::cli {
namespace {

// Numbers are big endian.
struct Bytes : std::string {
  Bytes& u8(unsigned v) { return push_back(char(v)), *this; }
  Bytes& u16(unsigned v) { return u8(v >> 8).u8(v); }
  Bytes& u32(uint32_t v) { return u16(v >> 16).u16(v & 0xFFFF); }
  Bytes& u64(uint64_t v) { return u32(uint32_t(v >> 32)).u32(uint32_t(v)); }
  Bytes& text(const std::string& s) { return append(s), *this; }
  Bytes& zeros(size_t n) { return append(n, '\0'), *this; }
};

std::string box(const char* name, const std::string& inside) { return Bytes().u32(uint32_t(8 + inside.size())).text(name).text(inside); }
std::string full_box(const char* name, uint32_t flags, const std::string& inside) { return box(name, Bytes().u32(flags).text(inside)); }
Bytes matrix() { return Bytes().u32(0x10000).zeros(12).u32(0x10000).zeros(12).u32(0x40000000); }    // no turn

// Calls f(first byte, size) for each unit between start codes.
template <class F> void each_unit(const uint8_t* bytes, size_t size, F f) {
  size_t start = 0;                    // of the present unit; 0: none yet
  for (size_t i = 0; i + 3 <= size; ++i) {
    if (bytes[i] || bytes[i + 1] || bytes[i + 2] != 1) continue;
    if (start) f(bytes + start, i - (i > start && bytes[i - 1] == 0 ? 1 : 0) - start);
    start = i + 3;
  }
  if (start) f(bytes + start, size - start);
}

}  // namespace

Result<Mp4> Mp4::create(const std::string& path, uint32_t width, uint32_t height, uint32_t timescale, uint32_t duration) {
  Result<NewFile> file = NewFile::create(path);
  if (!file) return file.errors();
  Mp4 out(std::move(*file));
  out.width_ = width, out.height_ = height, out.timescale_ = timescale, out.duration_ = duration;
  const std::string kind = box("ftyp", Bytes().text("isom").u32(512).text("isomiso2avc1mp41"));
  out.file_.write(kind.data(), kind.size());
  out.data_ = out.file_.size();
  const Bytes data = Bytes().u32(1).text("mdat").u64(0);   // 1: the size follows in 64 bits; known at the end
  out.file_.write(data.data(), data.size());
  return out;
}

void Mp4::add(const uint8_t* bytes, size_t size, bool key) {
  const uint64_t before = file_.size();
  each_unit(bytes, size, [&](const uint8_t* unit, size_t length) {
    enum { sequence = 7, picture = 8 };
    const unsigned type = length > 0 ? unit[0] & 31 : 0;
    if (type == sequence) { sequence_.assign(reinterpret_cast<const char*>(unit), length); return; }
    if (type == picture) { picture_.assign(reinterpret_cast<const char*>(unit), length); return; }
    const Bytes prefix = Bytes().u32(uint32_t(length));
    file_.write(prefix.data(), 4);
    file_.write(unit, length);
  });
  sizes_.push_back(uint32_t(file_.size() - before));
  if (key) keys_.push_back(uint32_t(sizes_.size()));
}

std::string Mp4::index() const {
  const uint32_t count = uint32_t(sizes_.size()), length = count * duration_;
  constexpr uint32_t rounded = 1000;   // units per second of the film's own clock
  const uint32_t film_length = uint32_t((uint64_t(length) * rounded + timescale_ / 2) / timescale_);

  // avcC: profile, its compatibility and level as the sequence says; units have lengths of four bytes; 4:2:0, 8 bits
  const auto from = [&](size_t k) { return unsigned(uint8_t(k < sequence_.size() ? sequence_[k] : 0)); };
  Bytes coder = Bytes()
                    .u8(1)
                    .u8(from(1))
                    .u8(from(2))
                    .u8(from(3))
                    .u8(0xFF)
                    .u8(0xE1)
                    .u16(unsigned(sequence_.size()))
                    .text(sequence_)
                    .u8(1)
                    .u16(unsigned(picture_.size()))
                    .text(picture_);
  if (from(1) >= 100) coder.u8(0xFD).u8(0xF8).u8(0xF8).u8(0);
  const std::string colour =
      box("colr", Bytes().text("nclx").u16(1).u16(13).u16(1).u8(0));  // BT.709, sRGB's curve, BT.709's matrix, 16 .. 235
  const Bytes entry =
      Bytes().zeros(6).u16(1).zeros(16).u16(width_).u16(height_).u32(72 << 16).u32(72 << 16).u32(0).u16(1).zeros(32).u16(24).u16(0xFFFF);
  const std::string description = full_box("stsd", 0, Bytes().u32(1).text(box("avc1", Bytes(entry).text(box("avcC", coder)).text(colour))));

  Bytes sizes = Bytes().u32(0).u32(count), keys = Bytes().u32(uint32_t(keys_.size()));
  for (uint32_t n : sizes_) sizes.u32(n);
  for (uint32_t n : keys_) keys.u32(n);
  const std::string table = box("stbl", description + full_box("stts", 0, Bytes().u32(1).u32(count).u32(duration_)) +
                                            full_box("stss", 0, keys) + full_box("stsc", 0, Bytes().u32(1).u32(1).u32(count).u32(1)) +
                                            full_box("stsz", 0, sizes) + full_box("co64", 0, Bytes().u32(1).u64(data_ + 16)));
  const std::string where = box("dinf", full_box("dref", 0, Bytes().u32(1).text(full_box("url ", 1, ""))));   // in this file
  const std::string media =
      box("mdia", full_box("mdhd", 0, Bytes().u32(0).u32(0).u32(timescale_).u32(length).u16(0x55C4).u16(0)) +  // no language
                      full_box("hdlr", 0, Bytes().u32(0).text("vide").zeros(12).text("pictures").u8(0)) +
                      box("minf", full_box("vmhd", 1, Bytes().zeros(8)) + where + table));
  const std::string head = full_box("tkhd", 3,
                                    Bytes()
                                        .u32(0)
                                        .u32(0)
                                        .u32(1)
                                        .u32(0)
                                        .u32(film_length)
                                        .zeros(8)
                                        .u16(0)
                                        .u16(0)
                                        .u16(0)
                                        .u16(0)
                                        .text(matrix())
                                        .u32(width_ << 16)
                                        .u32(height_ << 16));
  const std::string film = full_box(
      "mvhd", 0, Bytes().u32(0).u32(0).u32(rounded).u32(film_length).u32(0x10000).u16(0x100).zeros(10).text(matrix()).zeros(24).u32(2));
  return box("moov", film + box("trak", head + media));
}

Result<bool> Mp4::finish() {
  const Bytes size = Bytes().u64(file_.size() - data_);
  const std::string moov = index();
  file_.rewrite(data_ + 8, size.data(), size.size());
  file_.write(moov.data(), moov.size());
  return file_.finish();
}

}  // namespace nuri::cli
