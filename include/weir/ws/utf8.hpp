#pragma once

#include <cstdint>
#include <string_view>

namespace weir::ws {

/// Validates UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF) that comes
/// in pieces. Fails at the first byte that cannot belong to valid text, wherever the pieces part.
class utf8_validator {
public:
    /// False once anything was wrong; stays false until reset().
    bool feed(std::string_view piece) noexcept;
    /// Everything so far is valid and no sequence is half open.
    bool complete() const noexcept { return need_ == 0; }
    void reset() noexcept { *this = utf8_validator{}; }

private:
    std::uint8_t need_ = 0;    // continuation bytes to come; `failed` after a fault
    std::uint8_t low_ = 0x80;  // bounds of the next one
    std::uint8_t high_ = 0xBF;
};

/// The whole of `text` is valid.
bool is_utf8(std::string_view text) noexcept;

}  // namespace weir::ws
