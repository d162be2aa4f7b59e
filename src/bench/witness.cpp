#include "bench/witness.hpp"

#include <charconv>

namespace weir::bench {

std::string payload_of(std::uint32_t publisher, std::uint64_t number, std::int64_t nanoseconds,
                       std::size_t bytes) {
    std::string out = R"({"p":)" + std::to_string(publisher) + R"(,"n":)" + std::to_string(number) +
                      R"(,"t":)" + std::to_string(nanoseconds) + R"(,"x":")";
    if (out.size() + 2 < bytes) out.append(bytes - out.size() - 2, 'x');
    return out + "\"}";
}

std::optional<payload_marks> read_payload(std::string_view payload) noexcept {
    payload_marks m;
    auto const take = [&payload](std::string_view before, auto& value) {
        if (!payload.starts_with(before)) return false;
        payload.remove_prefix(before.size());
        auto const [end, error] =
            std::from_chars(payload.data(), payload.data() + payload.size(), value);
        if (error != std::errc()) return false;
        payload.remove_prefix(static_cast<std::size_t>(end - payload.data()));
        return true;
    };
    bool const whole = take(R"({"p":)", m.publisher) && take(R"(,"n":)", m.number) &&
                       take(R"(,"t":)", m.nanoseconds) && payload.starts_with(R"(,"x":")");
    if (!whole) return std::nullopt;
    return m;
}

}  // namespace weir::bench
