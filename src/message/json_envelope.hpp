#pragma once

#include <weir/base/observer.hpp>

#include <algorithm>
#include <array>
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

/// The frequent ones first; `unknown` for every other name.
inline command_type find_type(std::string_view name) noexcept {
    using enum command_type;
    for (auto const t : {publish, received, ping, pong, subscribe, unsubscribe, hello, auth,
                         history, presence, sync, call}) {
        if (name == to_string(t)) return t;
    }
    return unknown;
}

/// True for a scanned number without fraction and exponent.
inline bool is_integer(std::string_view raw) noexcept {
    return std::ranges::all_of(raw.substr(raw.front() == '-' ? 1 : 0),
                               [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace weir::json
