#include "base/log_line.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>

namespace weir::log {
namespace {

struct decoded {
    char32_t point = 0;
    std::size_t size = 0;  // 0: the byte at the front is no UTF-8
};

// RFC 3629, shortest form only, no surrogates.
decoded decode_front(std::string_view text) noexcept {
    auto const at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    unsigned const lead = at(0);
    if (lead < 0x80) return {lead, 1};
    std::size_t const size = lead < 0xC2   ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
    if (size == 0 || text.size() < size) return {};
    char32_t point = lead & (0xFFU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if ((at(i) & 0xC0U) != 0x80) return {};
        point = (point << 6U) | (at(i) & 0x3FU);
    }
    bool const overlong = (size == 3 && point < 0x800) || (size == 4 && point < 0x10000);
    bool const surrogate = point >= 0xD800 && point < 0xE000;
    if (overlong || surrogate || point > 0x10FFFF) return {};
    return {point, size};
}

// What could end a line, or make a terminal show something other than what is there.
bool deceives(char32_t point) noexcept {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) ||
           (point >= 0x200B && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) ||
           (point >= 0x2066 && point <= 0x2069) || point == 0xFEFF;
}

void append_hex(std::string& out, char32_t value, int digits) {
    static constexpr std::string_view hex = "0123456789abcdef";
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
        out.push_back(hex[(value >> static_cast<unsigned>(shift)) & 0xFU]);
    }
}

// The inside of a quoted string. A broken byte becomes \xNN for people, U+FFFD in JSON.
void append_escaped(std::string& out, format shape, std::string_view text) {
    while (!text.empty()) {
        auto const [point, size] = decode_front(text);
        if (size == 0) {
            if (shape == format::json) {
                out += "\\ufffd";
            } else {
                out += "\\x";
                append_hex(out, static_cast<unsigned char>(text[0]), 2);
            }
            text.remove_prefix(1);
            continue;
        }
        if (point == '"' || point == '\\') {
            out.push_back('\\');
            out.push_back(static_cast<char>(point));
        } else if (point == '\n') {
            out += "\\n";
        } else if (deceives(point)) {
            out += "\\u";
            append_hex(out, point, 4);
        } else {
            out += text.substr(0, size);
        }
        text.remove_prefix(size);
    }
}

// Cuts between characters, so that what is kept of valid UTF-8 stays valid.
std::string_view clip(std::string_view text, std::size_t bytes_max) noexcept {
    if (text.size() <= bytes_max) return text;
    std::size_t end = bytes_max;
    while (end > bytes_max - 4 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;
    return text.substr(0, end);
}

bool is_bare(std::string_view text) noexcept {
    auto const plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("_-.:/@+$*,").find(c) != std::string_view::npos;
    };
    for (char const c : text) {
        if (!plain(c)) return false;
    }
    return !text.empty();
}

void append_quoted(std::string& out, format shape, std::string_view text, std::size_t bytes_max) {
    auto const kept = clip(text, bytes_max);
    out.push_back('"');
    append_escaped(out, shape, kept);
    if (kept.size() < text.size()) out += "\u2026";
    out.push_back('"');
}

template <class Number>
void append_number(std::string& out, Number n) {
    std::array<char, 32> digits{};
    auto const [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), n);
    if (error == std::errc{}) out.append(digits.data(), end);
}

struct value_writer {
    std::string& out;
    format shape;

    void operator()(std::string_view text) const {
        if (shape == format::text && text.size() <= value_bytes_max && is_bare(text)) {
            out += text;
        } else {
            append_quoted(out, shape, text, value_bytes_max);
        }
    }
    void operator()(std::int64_t n) const { append_number(out, n); }
    void operator()(std::uint64_t n) const { append_number(out, n); }
    void operator()(double n) const {
        if (std::isfinite(n)) {
            append_number(out, n);
        } else {
            out += "null";  // JSON has no word for it
        }
    }
    void operator()(bool b) const { out += b ? "true" : "false"; }
};

void append_field(std::string& out, format shape, field const& f) {
    if (shape == format::json) {
        out.push_back(',');
        append_quoted(out, shape, f.key, event_bytes_max);
        out.push_back(':');
    } else {
        out.push_back(' ');
        if (is_bare(f.key)) {
            out += clip(f.key, event_bytes_max);
        } else {
            append_quoted(out, shape, f.key, event_bytes_max);
        }
        out.push_back('=');
    }
    std::visit(value_writer{out, shape}, f.value);
}

void append_padded(std::string& out, unsigned value, int digits) {
    std::array<char, 10> text{};
    for (int i = digits; i > 0; --i, value /= 10) {
        text[static_cast<std::size_t>(i - 1)] = static_cast<char>('0' + value % 10);
    }
    out.append(text.data(), static_cast<std::size_t>(digits));
}

// 2026-01-31T23:59:59.999Z
void append_time(std::string& out, wall_ms at) {
    using namespace std::chrono;
    sys_time<milliseconds> const instant{milliseconds(at)};
    auto const day = floor<days>(instant);
    year_month_day const date{day};
    hh_mm_ss const clock{instant - day};
    auto const part = [&](auto value, int digits) {
        append_padded(out, static_cast<unsigned>(value), digits);
    };
    part(static_cast<int>(date.year()), 4);
    out.push_back('-');
    part(static_cast<unsigned>(date.month()), 2);
    out.push_back('-');
    part(static_cast<unsigned>(date.day()), 2);
    out.push_back('T');
    part(clock.hours().count(), 2);
    out.push_back(':');
    part(clock.minutes().count(), 2);
    out.push_back(':');
    part(clock.seconds().count(), 2);
    out.push_back('.');
    part(clock.subseconds().count(), 3);
    out.push_back('Z');
}

void append_head(std::string& out, format shape, wall_ms at, level l, std::string_view event) {
    if (shape == format::json) {
        out += R"({"time":")";
        append_time(out, at);
        out += R"(","level":")";
        out += to_string(l);
        out += R"(","event":)";
        append_quoted(out, shape, event, event_bytes_max);
    } else {
        append_time(out, at);
        out.push_back(' ');
        out += to_string(l);
        out.append(6 - to_string(l).size(), ' ');
        append_escaped(out, shape, clip(event, event_bytes_max));
    }
}

}  // namespace

std::string_view to_string(level l) noexcept {
    static constexpr std::array<std::string_view, 6> names = {"trace", "debug", "info",
                                                              "warn",  "error", "off"};
    return names[static_cast<std::size_t>(l)];
}

std::string make_line(format shape, wall_ms at, level l, std::string_view event,
                      std::span<field const> fields) {
    // Room for the mark, the bracket and the end of the line.
    static constexpr std::size_t tail_bytes_max = 32;
    std::string out;
    out.reserve(256);
    append_head(out, shape, at, l, event);
    for (auto const& f : fields) {
        auto const before = out.size();
        append_field(out, shape, f);
        if (out.size() > line_bytes_max - tail_bytes_max) {
            out.resize(before);
            append_field(out, shape, {"truncated", true});
            break;
        }
    }
    if (shape == format::json) out.push_back('}');
    out.push_back('\n');
    return out;
}

}  // namespace weir::log
