#include <weir/base/error.hpp>

#include <array>
#include <stdexcept>

namespace weir {

std::string_view to_string(errc code) noexcept {
    static constexpr std::array<std::string_view, errc_count> names = {
        "bad_request", "unsupported", "unauthorized", "token_expired", "reauth_required",
        "forbidden",   "too_large",   "rate_limited", "limit_reached", "not_subscribed",
        "conflict",    "unavailable", "timeout",      "internal"};
    return names[static_cast<std::size_t>(code)];
}

void throw_exception_from_error(fault const& error, boost::source_location const&) {
    throw std::logic_error("value of a failed result: " + error.message);
}

}  // namespace weir
