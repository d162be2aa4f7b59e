#pragma once

#include "bench/figures.hpp"
#include "bench/history_checker.hpp"

namespace weir::bench {

/// Adds what a checker counted and found to a report, and tells the findings on standard error.
/// True: nothing was wrong.
bool add_verdict(report& out, history_checker const& checker, std::string const& who = {});

}  // namespace weir::bench
