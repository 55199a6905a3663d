// A journal as a virtual file driver of HDF5.
#pragma once
#include "tools/record/hdf5.h"
#include "tools/record/journal.h"

namespace nuri::record {

// Files that are made with this list of access properties lie in the journal, which outlives them. One file at a time.
void use_journal(hid_t access, Journal& journal);

}  // namespace nuri::record
