#pragma once

#include "http/body_reader.hpp"
#include "http/head_scanner.hpp"
#include "http/http_fault.hpp"

#include <weir/http/limits.hpp>
#include <weir/http/request.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace weir::http {

/// Bytes to one request, without I/O. First the head, then, once allow_body() said how much may
/// come, the body. What has more than one reading is refused (RFC 9112 section 11.2). One request.
class request_reader {
public:
    explicit request_reader(limits const& bounds) : scanner_(head_scanner::kind::request, bounds) {}

    enum class step {
        more,    ///< give it what was not used, and more behind it
        head,    ///< the head is whole; call again for the body
        done,    ///< the request is whole
        failed,  ///< see fault(); no further calls
    };
    struct progress {
        step at = step::more;
        std::size_t used = 0;  ///< drop that many bytes from the front
    };
    progress read(std::string_view bytes);

    /// After `head`.
    request& message() noexcept { return request_; }
    bool has_body() const noexcept;          ///< a body that is not empty is announced
    bool keep_alive() const noexcept;        ///< as far as the client is concerned
    bool expects_continue() const noexcept;  ///< waits for 100 before it sends the body
    /// Bounds the body; more, or the announcement of more, is 413.
    void allow_body(std::size_t bytes_max) { body_.emplace(framing_, bytes_max); }

    http_fault const& fault() const noexcept { return fault_; }

private:
    progress read_head(std::string_view bytes);
    progress read_body(std::string_view bytes);
    std::optional<http_fault> take_head(std::string_view head);

    head_scanner scanner_;
    body_framing framing_;
    std::optional<body_reader> body_;
    request request_;
    http_fault fault_;
    bool head_done_ = false;
};

}  // namespace weir::http
