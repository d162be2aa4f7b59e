#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir {

/// Fills with bytes from the kernel's generator (getrandom). Aborts if there is none.
void random_bytes(std::span<std::byte> out);
std::uint64_t random_u64();

/// RFC 4648 section 5, without padding.
std::string to_base64url(std::span<std::byte const> bytes);

/// 128 bits: a session's public name, or its secret. As text, 22 characters of base64url.
struct id128 {
    std::array<std::byte, 16> bytes{};

    static id128 random();
    static std::optional<id128> parse(std::string_view text) noexcept;
    std::string text() const;
    bool empty() const noexcept { return *this == id128{}; }
    auto operator<=>(id128 const&) const = default;
};
using session_id = id128;

/// Compares without telling by its time where the first difference is. For secrets.
bool equal_constant_time(id128 const& a, id128 const& b) noexcept;

/// Names a connection inside the process: unique for its life, never reused.
enum class connection_id : std::uint64_t {};
std::string to_text(connection_id id);

/// An opaque random name of one unbroken life of a topic's log. As text, 11 of base64url.
struct epoch_id {
    std::uint64_t value = 0;
    static epoch_id random();
    static std::optional<epoch_id> parse(std::string_view text) noexcept;
    std::string text() const;
    bool operator==(epoch_id const&) const = default;
};

}  // namespace weir

template <>
struct std::hash<weir::id128> {
    std::size_t operator()(weir::id128 const& id) const noexcept;
};
