#include "tools/record/file.h"

#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include "tools/record/journal_driver.h"

namespace nuri::record {
namespace {

using hdf5::Handle;

constexpr size_t small = 512;                    // bytes: a dataset of at most so many lies in its header
constexpr unsigned branches = 8;                 // of a node of the tree of chunks, halved: small nodes, for most datasets have one chunk
constexpr unsigned compact_links = 64, compact_attributes = 32;   // of a group, before they get a tree of their own
constexpr size_t label_length = 16;              // bytes of a name in `mask`: "demo_" and 10 digits

hid_t in_file(Type type) {
  switch (type) {
    case Type::u8: return H5T_STD_U8LE;
    case Type::i32: return H5T_STD_I32LE;
    case Type::u32: return H5T_STD_U32LE;
    case Type::u64: return H5T_STD_U64LE;
    case Type::f32: return H5T_IEEE_F32LE;
    default: return H5T_IEEE_F64LE;
  }
}
hid_t in_memory(Type type) {
  switch (type) {
    case Type::u8: return H5T_NATIVE_UINT8;
    case Type::i32: return H5T_NATIVE_INT32;
    case Type::u32: return H5T_NATIVE_UINT32;
    case Type::u64: return H5T_NATIVE_UINT64;
    case Type::f32: return H5T_NATIVE_FLOAT;
    default: return H5T_NATIVE_DOUBLE;
  }
}

Handle text_type() {
  Handle type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

std::vector<hsize_t> extent(const Column& column, uint64_t rows) {
  std::vector<hsize_t> out{rows};
  out.insert(out.end(), column.shape.begin(), column.shape.end());
  return out;
}

}  // namespace

bool File::hold(bool fine, const char* what) {
  const int disk = journal_->error();
  if (error_ || (fine && !disk)) return good();
  const std::string why = disk ? std::strerror(disk) : hdf5::why();
  error_ = Diagnostic{Severity::error, "cannot-write", (disk ? "the file cannot be written" : std::string(what) + " failed") + (why.empty() ? "" : ": " + why),
                      journal_->committed() > 0 ? "the file is as of its last commit, and every episode in it is whole" : "", {path_, 0, 0}, {}, {}};
  return false;
}

Result<std::unique_ptr<File>> File::create(const std::string& path, int level, Disk& disk) {
  const auto held = hdf5::lock();
  auto journal = Journal::create(path, disk);
  if (!journal) return journal.errors();
  std::unique_ptr<File> out(new File(path, level));
  out->journal_ = std::move(*journal);
  const Handle making(H5Pcreate(H5P_FILE_CREATE)), access(H5Pcreate(H5P_FILE_ACCESS));
  use_journal(access, *out->journal_);
  out->group_making_ = Handle(H5Pcreate(H5P_GROUP_CREATE));
  H5Pset_obj_track_times(out->group_making_, false);
  H5Pset_link_phase_change(out->group_making_, compact_links, compact_links / 2);
  H5Pset_attr_phase_change(out->group_making_, compact_attributes, compact_attributes / 2);
  H5Pset_istore_k(making, branches);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  out->file_ = Handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, making, access));
  if (out->file_) H5Fset_libver_bounds(out->file_, H5F_LIBVER_V18, H5F_LIBVER_V18);   // of all but the root
  out->hold(bool(out->file_), "making the file");
  if (out->error_) return *out->error_;
  return out;
}

File::~File() {
  const auto held = hdf5::lock();
  journal_->abandon();
  file_ = Handle();
  group_making_ = Handle();
}

Handle File::root() { return open(file_, "/"); }

Handle File::group(hid_t at, const std::string& name) {
  if (!good()) return {};
  Handle out(H5Gcreate2(at, name.c_str(), H5P_DEFAULT, group_making_, H5P_DEFAULT));
  hold(bool(out), "making a group");
  return out;
}

Handle File::open(hid_t at, const std::string& name) {
  if (!good()) return {};
  Handle out(H5Gopen2(at, name.c_str(), H5P_DEFAULT));
  hold(bool(out), "opening a group");
  return out;
}

void File::move(const std::string& from, const std::string& to) {
  if (good()) hold(H5Lmove(file_, from.c_str(), file_, to.c_str(), H5P_DEFAULT, H5P_DEFAULT) >= 0, "moving a group");
}

void File::remove(const std::string& path) {
  if (good()) hold(H5Ldelete(file_, path.c_str(), H5P_DEFAULT) >= 0, "removing a group");
}

void File::put(hid_t at, const std::string& name, hid_t type, hid_t memory, const void* value) {
  if (!good()) return;
  const bool there = H5Aexists(at, name.c_str()) > 0;
  const Handle scalar(H5Screate(H5S_SCALAR));
  const Handle attribute(there ? H5Aopen(at, name.c_str(), H5P_DEFAULT) : H5Acreate2(at, name.c_str(), type, scalar, H5P_DEFAULT, H5P_DEFAULT));
  hold(attribute && H5Awrite(attribute, memory, value) >= 0, "writing an attribute");
}

void File::put(hid_t at, const std::string& name, const std::string& text) {
  const Handle type = text_type();
  const char* const from = text.c_str();
  put(at, name, type, type, &from);
}

Handle File::make(hid_t at, const std::string& name, hid_t type, const Column& column, uint64_t rows, bool grows) {
  std::vector<hsize_t> dims = extent(column, rows), most = dims;
  if (grows) most[0] = H5S_UNLIMITED;
  const Handle space(H5Screate_simple(int(dims.size()), dims.data(), most.data())), making(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(making, false);
  const size_t row = H5Tget_size(type) * (column.row_bytes() / bytes_of(column.type));
  if (!grows && row * rows > 0 && row * rows <= small) {
    H5Pset_layout(making, H5D_COMPACT);
  } else if (row * rows > 0) {
    std::vector<hsize_t> chunk = extent(column, grows ? column.chunk : std::min(column.chunk, rows));
    H5Pset_chunk(making, int(chunk.size()), chunk.data());
    if (level_ > 0) {
      if (H5Tget_size(type) > 1) H5Pset_shuffle(making);
      H5Pset_deflate(making, unsigned(level_));
    }
  }
  Handle out(H5Dcreate2(at, name.c_str(), type, space, H5P_DEFAULT, making, H5P_DEFAULT));
  if (!hold(bool(out), "making a dataset")) return {};
  if (!column.labels.empty()) put(out, "columns", nlohmann::json(column.labels).dump());
  if (column.every > 0) put(out, "every", int64_t(column.every)), put(out, "rate", column.rate);
  return out;
}

void File::write(hid_t at, const Column& column, uint64_t rows, const void* data) {
  if (!good()) return;
  const Handle set = make(at, column.path, in_file(column.type), column, rows, false);
  if (set && rows * column.row_bytes() > 0) hold(H5Dwrite(set, in_memory(column.type), H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0, "writing a dataset");
}

void File::append(hid_t at, const Column& column, uint64_t before, uint64_t rows, const void* data) {
  if (!good() || rows == 0) return;
  const Handle set = before == 0 ? make(at, column.path, in_file(column.type), column, rows, true) : Handle(H5Dopen2(at, column.path.c_str(), H5P_DEFAULT));
  if (!hold(bool(set), "opening a dataset") || column.row_bytes() == 0) return;
  const std::vector<hsize_t> dims = extent(column, before + rows), count = extent(column, rows);
  if (before > 0 && !hold(H5Dset_extent(set, dims.data()) >= 0, "extending a dataset")) return;
  std::vector<hsize_t> start(dims.size(), 0);
  start[0] = before;
  const Handle there(H5Dget_space(set)), here(H5Screate_simple(int(count.size()), count.data(), nullptr));
  H5Sselect_hyperslab(there, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
  hold(H5Dwrite(set, in_memory(column.type), here, there, H5P_DEFAULT, data) >= 0, "writing a dataset");
}

void File::text(hid_t at, const std::string& name, const std::string& text) {
  if (!good()) return;
  const Handle type = text_type(), scalar(H5Screate(H5S_SCALAR)), making(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(making, false);
  const Handle set(H5Dcreate2(at, name.c_str(), type, scalar, H5P_DEFAULT, making, H5P_DEFAULT));
  const char* const from = text.c_str();
  hold(set && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &from) >= 0, "writing a text");
}

void File::bytes(hid_t at, const std::string& name, std::span<const std::byte> bytes) {
  constexpr uint64_t chunk = 1 << 20;
  write(at, {name, Type::u8, {}, chunk, {}, 0, 0}, bytes.size(), bytes.data());
}

void File::parameters(hid_t at, const std::string& name, const std::vector<Parameter>& list) {
  struct Row { char field[48]; int32_t item; double value; };
  if (!good()) return;
  std::vector<Row> rows(list.size());
  for (size_t i = 0; i < list.size(); ++i) {
    rows[i] = {{}, list[i].item, list[i].value};
    std::strncpy(rows[i].field, parameter_name(list[i].number), sizeof(Row::field) - 1);
  }
  const Handle word(H5Tcopy(H5T_C_S1)), memory(H5Tcreate(H5T_COMPOUND, sizeof(Row)));
  H5Tset_size(word, sizeof(Row::field));
  H5Tinsert(memory, "field", offsetof(Row, field), word);
  H5Tinsert(memory, "item", offsetof(Row, item), H5T_NATIVE_INT32);
  H5Tinsert(memory, "value", offsetof(Row, value), H5T_NATIVE_DOUBLE);
  const Handle disk(H5Tcreate(H5T_COMPOUND, sizeof(Row::field) + 12));
  H5Tinsert(disk, "field", 0, word);
  H5Tinsert(disk, "item", sizeof(Row::field), H5T_STD_I32LE);
  H5Tinsert(disk, "value", sizeof(Row::field) + 4, H5T_IEEE_F64LE);
  const Column column{name, Type::u8, {}, std::max<uint64_t>(rows.size(), 1), {}, 0, 0};
  const Handle set = make(at, name, disk, column, rows.size(), false);
  if (set && !rows.empty()) hold(H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()) >= 0, "writing parameters");
}

void File::names(hid_t at, const std::string& name, uint64_t before, const std::vector<std::string>& list) {
  if (!good() || list.empty()) return;
  const Handle type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type, label_length);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  std::string packed(list.size() * label_length, '\0');
  for (size_t i = 0; i < list.size(); ++i) list[i].copy(packed.data() + i * label_length, label_length);
  Handle set;
  const hsize_t total = before + list.size(), count = list.size(), start = before;
  if (before == 0) {
    const hsize_t most = H5S_UNLIMITED, chunk = 1024;
    const Handle space(H5Screate_simple(1, &total, &most)), making(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_obj_track_times(making, false);
    H5Pset_chunk(making, 1, &chunk);
    set = Handle(H5Dcreate2(at, name.c_str(), type, space, H5P_DEFAULT, making, H5P_DEFAULT));
  } else {
    set = Handle(H5Dopen2(at, name.c_str(), H5P_DEFAULT));
    if (set) H5Dset_extent(set, &total);
  }
  if (!hold(bool(set), "writing names")) return;
  const Handle there(H5Dget_space(set)), here(H5Screate_simple(1, &count, nullptr));
  H5Sselect_hyperslab(there, H5S_SELECT_SET, &start, nullptr, &count, nullptr);
  hold(H5Dwrite(set, type, here, there, H5P_DEFAULT, packed.data()) >= 0, "writing names");
}

void File::commit() {
  if (good() && hold(H5Fflush(file_, H5F_SCOPE_LOCAL) >= 0, "writing the file")) hold(journal_->commit(), "writing the file");
}

void File::close() {
  const auto held = hdf5::lock();
  if (!file_) return;
  if (!good()) journal_->abandon();
  if (hold(H5Fclose(file_.release()) >= 0, "closing the file")) hold(journal_->commit(), "closing the file");
  journal_->close();
}

}  // namespace nuri::record
