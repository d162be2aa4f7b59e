#pragma once

#include <weir/base/observer.hpp>
#include <weir/message/request_id.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// The names that client messages are made of.
namespace weir::json {

/// Every field that some client message has, in the order of `part_names`.
enum class part : std::uint8_t {
    type,
    id,
    topic,
    event,
    payload,
    key,
    dedupe,
    token,
    since,
    last,
    state,
    presence,
    rate,
    volatile_flag,
    echo,
    count,
    method,
    topics,
};
inline constexpr std::array<std::string_view, 18> part_names = {
    "type", "id",    "topic",    "event", "payload",  "key",  "dedupe", "token",  "since",
    "last", "state", "presence", "rate",  "volatile", "echo", "count",  "method", "topics"};
static_assert(part_names[static_cast<std::size_t>(part::topics)] == "topics");

/// The part with this name, as an index; no more than six comparisons.
inline std::optional<std::size_t> find_part(std::string_view name) noexcept {
    using enum part;
    auto const among = [&](auto... parts) -> std::optional<std::size_t> {
        for (part const p : {parts...}) {
            auto const i = static_cast<std::size_t>(p);
            if (name == part_names[i]) return i;
        }
        return std::nullopt;
    };
    switch (name.size()) {
        case 2:
            return among(id);
        case 3:
            return among(key);
        case 4:
            return among(type, last, echo, rate);
        case 5:
            return among(topic, event, count, token, since, state);
        case 6:
            return among(dedupe, method, topics);
        case 7:
            return among(payload);
        case 8:
            return among(volatile_flag, presence);
        default:
            return std::nullopt;
    }
}

/// Every type that a client may name, the frequent ones first.
inline constexpr std::array types_by_use = {
    command_type::publish,   command_type::received,    command_type::ping,  command_type::pong,
    command_type::subscribe, command_type::unsubscribe, command_type::hello, command_type::auth,
    command_type::history,   command_type::presence,    command_type::sync,  command_type::call};
/// True when each type but `unknown` and `invalid` stands in the table, once.
constexpr bool names_every_type() {
    std::array<int, command_type_count> seen{};
    for (command_type const t : types_by_use) ++seen[static_cast<std::size_t>(t)];
    for (std::size_t i = 0; i != seen.size(); ++i) {
        auto const t = static_cast<command_type>(i);
        bool const nameless = t == command_type::unknown || t == command_type::invalid;
        if (seen[i] != (nameless ? 0 : 1)) return false;
    }
    return true;
}
static_assert(names_every_type(), "a new command_type needs its place in types_by_use");

/// `unknown` for every other name.
inline command_type find_type(std::string_view name) noexcept {
    for (command_type const t : types_by_use) {
        if (name == to_string(t)) return t;
    }
    return command_type::unknown;
}

/// True for a scanned number without fraction and exponent.
inline bool is_integer(std::string_view raw) noexcept {
    return std::ranges::all_of(raw.substr(raw.front() == '-' ? 1 : 0),
                               [](char c) { return c >= '0' && c <= '9'; });
}

/// A scanned number as an id; nothing where it is no integer, or one of more than 64 bits.
inline std::optional<request_id> integer_id(std::string_view raw) noexcept {
    if (!is_integer(raw)) return std::nullopt;
    char const* const end = raw.data() + raw.size();
    if (raw.front() == '-') {
        std::int64_t n = 0;
        if (std::from_chars(raw.data(), end, n).ec != std::errc{}) return std::nullopt;
        return request_id::of_negative(n);
    }
    std::uint64_t n = 0;
    if (std::from_chars(raw.data(), end, n).ec != std::errc{}) return std::nullopt;
    return request_id::of(n);
}

}  // namespace weir::json
