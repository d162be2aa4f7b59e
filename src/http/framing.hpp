#pragma once

#include "http/body_reader.hpp"
#include "http/http_fault.hpp"

#include <weir/http/request.hpp>

#include <optional>

namespace weir::http {

/// Whether a message has exactly one length, said in one way (RFC 9112 section 6): no
/// Content-Length beside Transfer-Encoding, neither of them twice, a plain number, no coding but
/// "chunked", and that not in HTTP/1.0. `framing` is then none, counted or chunked.
std::optional<http_fault> read_framing(std::vector<field> const& headers, int minor_version,
                                       body_framing& framing);

/// Whether there is exactly one Host with something in it; HTTP/1.0 may leave it out.
std::optional<http_fault> check_host_line(request const& r);

}  // namespace weir::http
