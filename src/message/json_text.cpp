#include "message/json_bytes.hpp"

#include <weir/message/json_text.hpp>

#include <charconv>

namespace weir {
namespace {

constexpr std::string_view hex = "0123456789abcdef";

void append_escape(std::string& out, unsigned char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\b':
            out += "\\b";
            return;
        case '\f':
            out += "\\f";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            out += "\\u00";
            out += hex[c >> 4];
            out += hex[c & 15];
    }
}

template <class Int>
void append_integer(std::string& out, Int n) {
    char digits[20];
    auto const written = std::to_chars(std::begin(digits), std::end(digits), n);
    out.append(digits, written.ptr);
}

constexpr std::uint32_t hex_value(char c) noexcept {
    if (c <= '9') return static_cast<std::uint32_t>(c - '0');
    return static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
}

constexpr std::uint32_t four_hex(char const* p) noexcept {
    return (hex_value(p[0]) << 12 | hex_value(p[1]) << 8 | hex_value(p[2]) << 4 | hex_value(p[3])) &
           0xFFFF;
}

void append_utf8(std::string& out, std::uint32_t c) {
    auto const add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (c < 0x80) return add(c);
    if (c < 0x800) {
        add(0xC0 | c >> 6);
    } else {
        if (c < 0x10000) {
            add(0xE0 | c >> 12);
        } else {
            add(0xF0 | c >> 18);
            add(0x80 | (c >> 12 & 0x3F));
        }
        add(0x80 | (c >> 6 & 0x3F));
    }
    add(0x80 | (c & 0x3F));
}

/// The character of the \u escape whose digits begin at `p`; moves `p` behind it, and behind the
/// second half of a surrogate pair.
std::uint32_t read_unicode(char const*& p, char const* end) noexcept {
    if (end - p < 4) {
        p = end;
        return 0;
    }
    std::uint32_t const first = four_hex(p);
    p += 4;
    bool const pair = first >= 0xD800 && first <= 0xDBFF && end - p >= 6;
    if (!pair) return first;
    std::uint32_t const second = four_hex(p + 2);
    p += 6;
    return 0x10000 + ((first & 0x3FF) << 10 | (second & 0x3FF));
}

constexpr char plain_escape(char c) noexcept {
    switch (c) {
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return c;
    }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    char const* p = text.data();
    char const* const end = p + text.size();
    out += '"';
    for (;;) {
        char const* const special = json::find_special(p, end);
        out.append(p, special);
        p = special;
        if (p == end) break;
        auto const c = static_cast<unsigned char>(*p);
        if (c < 0x80) {
            append_escape(out, c);
            ++p;
            continue;
        }
        json::utf8_step const step = json::step_utf8(p, end);
        if (step.good) {
            out.append(p, step.next);
            p = step.next;
        } else {
            out += "\xEF\xBF\xBD";
            p = step.next == p ? p + 1 : step.next;
        }
    }
    out += '"';
}

void append_json_integer(std::string& out, std::int64_t n) {
    append_integer(out, n);
}
void append_json_integer(std::string& out, std::uint64_t n) {
    append_integer(out, n);
}

void append_unescaped(std::string& out, std::string_view raw) {
    char const* p = raw.data();
    char const* const end = p + raw.size();
    while (p != end) {
        auto const* found =
            static_cast<char const*>(std::memchr(p, '\\', static_cast<std::size_t>(end - p)));
        char const* const backslash = found == nullptr ? end : found;
        out.append(p, backslash);
        p = backslash;
        if (end - p < 2) break;
        char const c = p[1];
        p += 2;
        if (c == 'u') {
            append_utf8(out, read_unicode(p, end));
        } else {
            out += plain_escape(c);
        }
    }
}

}  // namespace weir
