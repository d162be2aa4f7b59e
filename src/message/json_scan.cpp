#include "message/json_bytes.hpp"

#include <weir/message/json_scan.hpp>

#include <algorithm>
#include <limits>

namespace weir {
namespace {

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

constexpr bool is_hex(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::string_view between(char const* from, char const* to) noexcept {
    return {from, static_cast<std::size_t>(to - from)};
}

/// Each step takes the place where its piece begins and returns the place behind it, or null
/// after it has stored the fault. Open containers are bits of a word, so nesting costs nothing.
class scanner {
public:
    scanner(std::string_view text, int depth_max, json_fault& fault) noexcept
        : begin_(text.data()),
          end_(text.data() + text.size()),
          depth_max_(std::min(depth_max, json_scan_depth_max)),
          fault_(fault) {}

    bool object(json_members& sink);
    bool array(json_elements& sink);
    bool single_value();

private:
    char const* fail(char const* at, char const* what) noexcept;
    char const* space(char const* p) const noexcept;
    char const* open(char const* p, char bracket, char const* expected);
    char const* value(char const* p);
    char const* next_value(char const* p, int outside);
    char const* scalar(char const* p);
    char const* string(char const* p);
    char const* colon(char const* p);
    char const* key(char const* p, char const* expected);
    char const* escape(char const* p);
    char const* unicode_escape(char const* p);
    char const* hex_digits(char const* p, int count);
    char const* number(char const* p);
    char const* digits(char const* p);
    char const* literal(char const* p, std::string_view word);
    bool finish(char const* p);

    bool is(char const* p, char c) const noexcept { return p != end_ && *p == c; }
    bool in_object() const noexcept { return (objects_ & 1) != 0; }
    void pop() noexcept {
        objects_ >>= 1;
        --depth_;
    }

    char const* begin_;
    char const* end_;
    int depth_max_;
    int depth_ = 0;
    std::uint64_t objects_ = 0;  ///< lowest bit: the innermost container is an object
    json_fault& fault_;
};
static_assert(json_scan_depth_max <= std::numeric_limits<std::uint64_t>::digits);

char const* const wants_first_key = "expected a key in quotes or '}'";
char const* const wants_key = "expected a key in quotes";
char const* const wants_comma_or_brace = "expected ',' or '}'";
char const* const wants_comma_or_bracket = "expected ',' or ']'";

char const* scanner::fail(char const* at, char const* what) noexcept {
    fault_.byte = static_cast<std::size_t>(at - begin_);
    fault_.what = at == end_ ? "unexpected end of text" : what;
    return nullptr;
}

char const* scanner::space(char const* p) const noexcept {
    if (p != end_ && static_cast<unsigned char>(*p) > ' ') [[likely]]
        return p;
    while (p != end_ && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) ++p;
    return p;
}

bool scanner::object(json_members& sink) {
    char const* p = open(space(begin_), '{', "expected a JSON object");
    if (p == nullptr) return false;
    if (is(p, '}')) return finish(p + 1);
    for (char const* expected = wants_first_key;; expected = wants_key) {
        char const* const opening = p;
        if (!is(opening, '"')) return fail(opening, expected) != nullptr;
        char const* const key_end = string(opening + 1);
        if (key_end == nullptr) return false;
        char const* const begin = colon(key_end);
        if (begin == nullptr) return false;
        char const* const end = value(begin);
        if (end == nullptr) return false;
        if (!sink.member(between(opening + 1, key_end - 1), between(begin, end))) {
            return fail(opening, "duplicate key") != nullptr;
        }
        p = space(end);
        if (is(p, '}')) return finish(p + 1);
        if (!is(p, ',')) return fail(p, wants_comma_or_brace) != nullptr;
        p = space(p + 1);
    }
}

bool scanner::array(json_elements& sink) {
    char const* p = open(space(begin_), '[', "expected a JSON array");
    if (p == nullptr) return false;
    if (is(p, ']')) return finish(p + 1);
    for (;;) {
        char const* const end = value(p);
        if (end == nullptr) return false;
        if (!sink.element(between(p, end))) return fail(p, "too many elements") != nullptr;
        p = space(end);
        if (is(p, ']')) return finish(p + 1);
        if (!is(p, ',')) return fail(p, wants_comma_or_bracket) != nullptr;
        p = space(p + 1);
    }
}

bool scanner::single_value() {
    char const* const end = value(space(begin_));
    return end != nullptr && finish(end);
}

bool scanner::finish(char const* p) {
    p = space(p);
    if (p == end_) return true;
    return fail(p, "text after the end of the value") != nullptr;
}

char const* scanner::open(char const* p, char bracket, char const* expected) {
    if (!is(p, bracket)) return fail(p, expected);
    if (depth_ >= depth_max_) return fail(p, "nested too deep");
    objects_ = (objects_ << 1) | std::uint64_t{bracket == '{'};
    ++depth_;
    return space(p + 1);
}

/// One value of any kind: goes down and up through containers until it is back where it began.
char const* scanner::value(char const* p) {
    int const outside = depth_;
    do {
        if (is(p, '{')) {
            p = open(p, '{', "");
            if (p == nullptr) return nullptr;
            if (!is(p, '}')) {
                p = key(p, wants_first_key);
                if (p == nullptr) return nullptr;
                continue;
            }
            pop();
            ++p;
        } else if (is(p, '[')) {
            p = open(p, '[', "");
            if (p == nullptr) return nullptr;
            if (!is(p, ']')) continue;
            pop();
            ++p;
        } else {
            p = scalar(p);
            if (p == nullptr) return nullptr;
        }
        p = next_value(p, outside);
        if (p == nullptr) return nullptr;
    } while (depth_ != outside);
    return p;
}

/// From behind a value to where the next one of its container begins; closes what ends here.
char const* scanner::next_value(char const* p, int outside) {
    while (depth_ != outside) {
        p = space(p);
        if (is(p, ',')) {
            p = space(p + 1);
            return in_object() ? key(p, wants_key) : p;
        }
        if (!is(p, in_object() ? '}' : ']')) {
            return fail(p, in_object() ? wants_comma_or_brace : wants_comma_or_bracket);
        }
        pop();
        ++p;
    }
    return p;
}

char const* scanner::scalar(char const* p) {
    switch (p == end_ ? '\0' : *p) {
        case '"':
            return string(p + 1);
        case 't':
            return literal(p, "true");
        case 'f':
            return literal(p, "false");
        case 'n':
            return literal(p, "null");
        case '-':
        case '0':
        case '1':
        case '2':
        case '3':
        case '4':
        case '5':
        case '6':
        case '7':
        case '8':
        case '9':
            return number(p);
        default:
            return fail(p, "expected a value");
    }
}

char const* scanner::key(char const* p, char const* expected) {
    if (!is(p, '"')) return fail(p, expected);
    p = string(p + 1);
    return p == nullptr ? nullptr : colon(p);
}

char const* scanner::colon(char const* p) {
    p = space(p);
    if (!is(p, ':')) return fail(p, "expected ':'");
    return space(p + 1);
}

/// `p` is behind the opening quote; returns behind the closing one.
char const* scanner::string(char const* p) {
    for (;;) {
        p = json::find_special(p, end_);
        if (p == end_) return fail(p, "");
        auto const c = static_cast<unsigned char>(*p);
        if (c == '"') return p + 1;
        if (c == '\\') {
            p = escape(p + 1);
            if (p == nullptr) return nullptr;
            continue;
        }
        if (c < 0x20) return fail(p, "unescaped control character in a string");
        do {
            json::utf8_step const step = json::step_utf8(p, end_);
            if (!step.good) return fail(step.next, "invalid UTF-8");
            p = step.next;
        } while (p != end_ && static_cast<unsigned char>(*p) >= 0x80);
    }
}

/// `p` is behind the backslash.
char const* scanner::escape(char const* p) {
    switch (p == end_ ? '\0' : *p) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
            return p + 1;
        case 'u':
            return unicode_escape(p + 1);
        default:
            return fail(p, "invalid escape");
    }
}

/// `p` is behind the u. A high surrogate must be followed by the escape of a low one.
char const* scanner::unicode_escape(char const* p) {
    if (!is(p, 'd') && !is(p, 'D')) return hex_digits(p, 4);
    ++p;
    if (p == end_ || !is_hex(*p)) return fail(p, "invalid \\u escape");
    bool const surrogate = !(*p >= '0' && *p <= '7');
    if (!surrogate) return hex_digits(p, 3);
    bool const high = *p == '8' || *p == '9' || *p == 'a' || *p == 'A' || *p == 'b' || *p == 'B';
    if (!high) return fail(p, "unpaired surrogate");
    p = hex_digits(p, 3);
    if (p == nullptr) return nullptr;
    for (char const c : {'\\', 'u'}) {
        if (!is(p, c)) return fail(p, "unpaired surrogate");
        ++p;
    }
    if (p != end_ && !is_hex(*p)) return fail(p, "invalid \\u escape");
    if (!is(p, 'd') && !is(p, 'D')) return fail(p, "unpaired surrogate");
    ++p;
    if (p == end_ || !is_hex(*p)) return fail(p, "invalid \\u escape");
    if (is_digit(*p) || *p == 'a' || *p == 'A' || *p == 'b' || *p == 'B') {
        return fail(p, "unpaired surrogate");
    }
    return hex_digits(p, 3);
}

char const* scanner::hex_digits(char const* p, int count) {
    for (; count > 0; --count, ++p) {
        if (p == end_ || !is_hex(*p)) return fail(p, "invalid \\u escape");
    }
    return p;
}

/// `p` is at the first digit or the minus. What may follow a number is the caller's to check.
char const* scanner::number(char const* p) {
    if (*p == '-') ++p;
    if (is(p, '0')) {
        ++p;
        if (p != end_ && is_digit(*p)) return fail(p, "leading zero in a number");
    } else {
        p = digits(p);
        if (p == nullptr) return nullptr;
    }
    if (is(p, '.')) {
        p = digits(p + 1);
        if (p == nullptr) return nullptr;
    }
    if (is(p, 'e') || is(p, 'E')) {
        ++p;
        if (is(p, '+') || is(p, '-')) ++p;
        return digits(p);
    }
    return p;
}

/// At least one.
char const* scanner::digits(char const* p) {
    if (p == end_ || !is_digit(*p)) return fail(p, "expected a digit");
    do {
        ++p;
    } while (p != end_ && is_digit(*p));
    return p;
}

char const* scanner::literal(char const* p, std::string_view word) {
    for (char const c : word) {
        if (!is(p, c)) return fail(p, "invalid literal");
        ++p;
    }
    return p;
}

}  // namespace

bool scan_json_object(std::string_view text, int depth_max, json_members& sink, json_fault& fault) {
    return scanner(text, depth_max, fault).object(sink);
}

bool scan_json_array(std::string_view text, int depth_max, json_elements& sink, json_fault& fault) {
    return scanner(text, depth_max, fault).array(sink);
}

bool scan_json_value(std::string_view text, int depth_max, json_fault& fault) {
    return scanner(text, depth_max, fault).single_value();
}

}  // namespace weir
