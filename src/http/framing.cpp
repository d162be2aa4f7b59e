#include "http/framing.hpp"

#include <weir/http/host_check.hpp>

#include <algorithm>
#include <charconv>

namespace weir::http {
namespace {

// No body is that long, and every number of so many digits fits 64 bits.
constexpr std::size_t length_digits_max = 18;

bool is_length(std::string_view text) noexcept {
    return !text.empty() && text.size() <= length_digits_max &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<http_fault> read_framing(std::vector<field> const& headers, int minor_version,
                                       body_framing& framing) {
    std::string const* length = nullptr;
    std::string const* coding = nullptr;
    for (field const& f : headers) {
        if (equal_ignoring_case(f.name, "content-length")) {
            if (length != nullptr) return http_fault{400, "Content-Length is given twice"};
            length = &f.value;
        } else if (equal_ignoring_case(f.name, "transfer-encoding")) {
            if (coding != nullptr) return http_fault{400, "Transfer-Encoding is given twice"};
            coding = &f.value;
        }
    }
    if (length != nullptr && coding != nullptr) {
        return http_fault{400, "Content-Length and Transfer-Encoding are given both"};
    }
    framing = {};
    if (length != nullptr) {
        if (!is_length(*length)) return http_fault{400, "Content-Length is not a number"};
        framing.how = body_framing::kind::counted;
        std::from_chars(length->data(), length->data() + length->size(), framing.bytes);
    }
    if (coding != nullptr) {
        if (minor_version == 0) return http_fault{400, "HTTP/1.0 has no Transfer-Encoding"};
        if (!equal_ignoring_case(*coding, "chunked")) {
            return http_fault{501, "no transfer coding but chunked is known here"};
        }
        framing.how = body_framing::kind::chunked;
    }
    return std::nullopt;
}

std::optional<http_fault> check_host_line(request const& r) {
    auto const hosts = r.count("host");
    if (hosts > 1) return http_fault{400, "Host is given twice"};
    if (hosts == 0) {
        if (r.minor_version == 0) return std::nullopt;
        return http_fault{400, "Host is missing"};
    }
    if (!parse_authority(r.header("host"))) return http_fault{400, "Host is malformed"};
    return std::nullopt;
}

}  // namespace weir::http
