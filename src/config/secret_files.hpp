#pragma once

#include "config/fault_list.hpp"

#include <weir/config/load.hpp>

namespace weir::config {

/// Reads the file of every secret that names one into its value, and checks that the TLS files are
/// there. A file that is also among `from.credentials` is replaced by that copy. Reports what
/// cannot be read, is empty or is given twice.
void read_secret_files(settings& values, provenance const& origins, sources const& from,
                       fault_list& faults);

/// Where a path was set, or the nearest thing around it that was.
origin origin_of(provenance const& origins, std::string_view path);

}  // namespace weir::config
