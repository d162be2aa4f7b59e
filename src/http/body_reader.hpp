#pragma once

#include "http/http_fault.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::http {

/// How a message says where its body ends (RFC 9112 section 6.3).
struct body_framing {
    enum class kind : std::uint8_t { none, counted, chunked, to_end };
    kind how = kind::none;
    std::uint64_t bytes = 0;  ///< counted
};

/// Bytes to a body, without I/O. Chunks are taken strictly: lines end in CR LF, a size is
/// hexadecimal digits and nothing else; extensions and trailers are bounded together, read and
/// dropped (RFC 9112 section 7.1). Beast's reader of chunks is not used: a last chunk that comes in
/// pieces trips its assertions (Boost 1.81).
class body_reader {
public:
    /// More than `bytes_max` is refused, as soon as it is announced.
    body_reader(body_framing framing, std::size_t bytes_max);

    enum class state { more, done, failed };
    struct progress {
        state at = state::more;
        std::size_t used = 0;  ///< drop that many bytes from the front
    };
    progress read(std::string_view bytes);
    /// The peer has ended: true where that ends the body, too.
    bool end() const noexcept { return step_ == step::to_end; }

    http_fault const& fault() const noexcept { return fault_; }
    std::string& body() noexcept { return body_; }

private:
    enum class step : std::uint8_t { counted, size_line, data, data_end, trailers, to_end, done };
    bool take_line(std::string_view line);
    bool take_size(std::string_view line);
    bool take_trailer(std::string_view line);
    std::size_t take_data(std::string_view bytes);
    bool fail(http_fault const& f);

    step step_ = step::done;
    std::uint64_t left_ = 0;  // of the counted body or of the chunk
    std::size_t bytes_max_;
    std::size_t dropped_ = 0;  // bytes of extensions and trailers
    bool failed_ = false;
    http_fault fault_;
    std::string body_;
};

}  // namespace weir::http
