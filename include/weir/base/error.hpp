#pragma once

#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

/// The error codes of the protocol and of the server API; a closed set, also a metric label.
enum class errc : std::uint8_t {
    bad_request,
    unsupported,
    unauthorized,
    token_expired,
    reauth_required,
    forbidden,
    too_large,
    rate_limited,
    limit_reached,
    not_subscribed,
    conflict,
    unavailable,
    timeout,
    internal,
};
inline constexpr std::size_t errc_count = 14;

/// The name on the wire, such as "bad_request".
std::string_view to_string(errc code) noexcept;

/// What an error says about a publish: whether the message may be stored all the same.
enum class outcome : std::uint8_t { unstated, not_stored, unknown };

/// A refusal or failure that somebody outside is told about.
struct fault {
    errc code = errc::internal;
    std::string message;                       ///< a sentence for a person; no secrets
    std::chrono::milliseconds retry_after{0};  ///< 0: not stated
    outcome stored = outcome::unstated;
};

/// Thrown only when somebody takes the value of a failed result: a bug of ours.
[[noreturn]] void throw_exception_from_error(fault const& error, boost::source_location const&);

template <class T>
using result = boost::system::result<T, fault>;

}  // namespace weir
