#pragma once

#include "config/fault_list.hpp"

#include <weir/config/load.hpp>

namespace weir::config {

/// Reads the file of every secret that names one into its value, and looks whether the TLS files
/// are there. Makes faults of what cannot be read, is empty or is given twice.
void read_secret_files(settings& values, provenance const& origins, file_reader const& read,
                       fault_list& faults);

/// Where a path was set, or the nearest thing around it that was.
origin origin_of(provenance const& origins, std::string_view path);

}  // namespace weir::config
