#pragma once

#include "http/http_fault.hpp"

#include <weir/http/request.hpp>

#include <optional>
#include <string_view>

namespace weir::http {

/// Reads a request target (RFC 9112 section 3.2) into target, path, segments and query of `r`:
/// origin form, or absolute form whose authority is what Host says. `r` has its headers already.
/// An encoded NUL is refused.
std::optional<http_fault> read_target(std::string_view target, request& r);

}  // namespace weir::http
