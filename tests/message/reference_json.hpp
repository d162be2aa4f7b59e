#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::tests {

/// RFC 8259 once more, a byte at a time and as plainly as it can be said: feed() is false for the
/// first byte after which no text could become JSON. What the scanner is compared with, so nothing
/// is shared with it; UTF-8 is not checked by rules but by having encoded every character.
class reference_json {
public:
    reference_json(int depth_max, bool object_only)
        : depth_max_(static_cast<std::size_t>(depth_max < 0 ? 0 : depth_max)),
          object_only_(object_only) {}

    bool feed(unsigned char c);
    /// The text may end here.
    bool complete() const;

private:
    enum class at : std::uint8_t {
        value,
        first_element,
        first_key,
        key,
        colon,
        after,
        string,
        escape,
        hex,
        low_backslash,
        low_u,
        sequence,
        word,
        minus,
        zero,
        digits,
        point,
        fraction,
        exponent,
        exponent_sign,
        exponent_digits,
    };

    bool feed_value(char c, bool may_close);
    bool feed_after(char c);
    bool feed_string(unsigned char c);
    bool feed_hex(char c);
    bool feed_sequence(unsigned char c);
    bool feed_number(char c);
    bool open(char bracket);
    bool close(char bracket);
    bool number_may_end() const;

    std::size_t depth_max_;
    bool object_only_;
    at at_ = at::value;
    std::vector<char> open_;
    bool in_key_ = false;
    bool needs_low_ = false;
    std::string partial_;  ///< hex digits, or bytes of a sequence
    std::string_view word_;
};

/// Where `text` stops being a beginning of JSON: its size when only something is missing, npos
/// when it is complete.
std::size_t reference_fault(std::string_view text, int depth_max, bool object_only);

/// What nlohmann::json says; nothing where it is no judge: it converts numbers, so it refuses one
/// that no double holds (1e400); it skips a byte order mark; a NUL between tokens ends its text.
std::optional<bool> nlohmann_accepts(std::string_view text);

}  // namespace weir::tests
