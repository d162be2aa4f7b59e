#pragma once

#include <weir/config/load.hpp>
#include <weir/config/settings.hpp>

#include <string>

/// Settings as text, from the option table. No output ever holds a secret.
namespace weir::config {

/// `weir config`: every option with its comment and, where it is not the default, its origin.
/// Loads to the same settings again, but for inline secrets: those are printed as comments, so
/// that they come back empty and never wrong.
std::string print_effective(settings values, provenance const& origins);

/// `weir config --defaults`: the sample file, config/weir.yaml.
std::string print_defaults();

/// The tables of docs/configuration.md.
std::string print_reference_markdown();

}  // namespace weir::config
