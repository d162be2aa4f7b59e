#include "message/reference_json.hpp"

#include <nlohmann/json.hpp>

namespace weir::tests {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_one_of(char c, std::string_view set) {
    return set.find(c) != std::string_view::npos;
}

/// Every beginning of every UTF-8 sequence of more than one byte, from the characters themselves.
class sequences {
public:
    sequences() : beginnings_(std::size_t{1} << 24), whole_(std::size_t{1} << 24) {
        for (std::uint32_t c = 0x80; c <= 0x10FFFF; ++c) {
            if (c >= 0xD800 && c <= 0xDFFF) continue;
            if (c < 0x800) {
                add({0xC0 | c >> 6, 0x80 | (c & 63)});
            } else if (c < 0x10000) {
                add({0xE0 | c >> 12, 0x80 | (c >> 6 & 63), 0x80 | (c & 63)});
            } else if ((c & 63) == 0) {  // the fourth byte is any continuation
                add({0xF0 | c >> 18, 0x80 | (c >> 12 & 63), 0x80 | (c >> 6 & 63)}, false);
            }
        }
    }
    bool begins(std::string_view bytes) const {
        if (bytes.size() < 4) return beginnings_[index(bytes)];
        return begins(bytes.substr(0, 3)) && (static_cast<unsigned char>(bytes[3]) & 0xC0) == 0x80;
    }
    bool whole(std::string_view bytes) const { return bytes.size() == 4 || whole_[index(bytes)]; }

private:
    static std::size_t index(std::string_view bytes) {
        std::size_t i = 0;
        for (char const c : bytes) i = i << 8 | static_cast<unsigned char>(c);
        return i;
    }
    void add(std::vector<std::uint32_t> const& bytes, bool complete = true) {
        std::size_t i = 0;
        for (std::uint32_t const b : bytes) {
            i = i << 8 | b;
            beginnings_[i] = true;
        }
        if (complete) whole_[i] = true;
    }
    std::vector<bool> beginnings_, whole_;
};

/// Takes every event and remembers why it ended.
struct listener : nlohmann::json_sax<nlohmann::json> {
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, string_t const&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override { return true; }
    bool key(string_t&) override { return true; }
    bool end_object() override { return true; }
    bool start_array(std::size_t) override { return true; }
    bool end_array() override { return true; }
    bool parse_error(std::size_t, std::string const&,
                     nlohmann::detail::exception const& why) override {
        constexpr int number_overflow = 406;
        overflow = why.id == number_overflow;
        return false;
    }
    bool overflow = false;
};

sequences const& all_sequences() {
    static sequences const s;
    return s;
}

}  // namespace

bool reference_json::feed(unsigned char byte) {
    char const c = static_cast<char>(byte);
    switch (at_) {
        case at::value:
            return is_space(c) || feed_value(c, false);
        case at::first_element:
            return is_space(c) || feed_value(c, true);
        case at::first_key:
            if (c == '}') return close(c);
            [[fallthrough]];
        case at::key:
            if (is_space(c)) return true;
            at_ = at::string;
            in_key_ = true;
            return c == '"';
        case at::colon:
            if (is_space(c)) return true;
            at_ = at::value;
            return c == ':';
        case at::after:
            return is_space(c) || feed_after(c);
        case at::string:
            return feed_string(byte);
        case at::escape:
            at_ = c == 'u' ? at::hex : at::string;
            return is_one_of(c, R"("\/bfnrtu)");
        case at::hex:
            return feed_hex(c);
        case at::low_backslash:
            at_ = at::low_u;
            return c == '\\';
        case at::low_u:
            at_ = at::hex;
            return c == 'u';
        case at::sequence:
            return feed_sequence(byte);
        case at::word: {
            bool const good = c == word_.front();
            word_.remove_prefix(1);
            if (word_.empty()) at_ = at::after;
            return good;
        }
        default:
            return feed_number(c);
    }
}

bool reference_json::feed_value(char c, bool may_close) {
    if (may_close && c == ']') return close(c);
    if (object_only_ && open_.empty() && c != '{') return false;
    if (c == '{' || c == '[') return open(c);
    in_key_ = false;
    switch (c) {
        case '"':
            at_ = at::string;
            return true;
        case 't':
            word_ = "rue";
            at_ = at::word;
            return true;
        case 'f':
            word_ = "alse";
            at_ = at::word;
            return true;
        case 'n':
            word_ = "ull";
            at_ = at::word;
            return true;
        case '-':
            at_ = at::minus;
            return true;
        case '0':
            at_ = at::zero;
            return true;
        default:
            at_ = at::digits;
            return is_digit(c);
    }
}

bool reference_json::open(char bracket) {
    open_.push_back(bracket);
    at_ = bracket == '{' ? at::first_key : at::first_element;
    return open_.size() <= depth_max_;
}

bool reference_json::close(char bracket) {
    if (open_.empty() || open_.back() != (bracket == '}' ? '{' : '[')) return false;
    open_.pop_back();
    at_ = at::after;
    return true;
}

bool reference_json::feed_after(char c) {
    if (c == '}' || c == ']') return close(c);
    if (c != ',' || open_.empty()) return false;
    at_ = open_.back() == '{' ? at::key : at::value;
    return true;
}

bool reference_json::feed_string(unsigned char c) {
    if (c == '"') {
        at_ = in_key_ ? at::colon : at::after;
        in_key_ = false;
        return true;
    }
    if (c == '\\') {
        at_ = at::escape;
        return true;
    }
    if (c < 0x80) return c >= 0x20;
    at_ = at::sequence;
    return feed_sequence(c);
}

bool reference_json::feed_sequence(unsigned char c) {
    partial_ += static_cast<char>(c);
    if (!all_sequences().begins(partial_)) return false;
    if (partial_.size() > 1 && all_sequences().whole(partial_)) {
        partial_.clear();
        at_ = at::string;
    }
    return true;
}

bool reference_json::feed_hex(char c) {
    if (!is_one_of(c, "0123456789abcdefABCDEF")) return false;
    partial_ += c;
    bool const d = is_one_of(partial_[0], "dD");
    if (needs_low_ && !d) return false;
    bool surrogate = false;
    if (partial_.size() >= 2 && d) {
        bool const high = is_one_of(partial_[1], "89abAB");
        bool const low = is_one_of(partial_[1], "cdefCDEF");
        if (needs_low_ != low) return false;
        surrogate = high;
    }
    if (partial_.size() < 4) return true;
    partial_.clear();
    at_ = surrogate ? at::low_backslash : at::string;
    needs_low_ = surrogate;
    return true;
}

bool reference_json::number_may_end() const {
    return at_ == at::zero || at_ == at::digits || at_ == at::fraction ||
           at_ == at::exponent_digits;
}

bool reference_json::feed_number(char c) {
    if (is_digit(c)) {
        switch (at_) {
            case at::minus:
                at_ = c == '0' ? at::zero : at::digits;
                return true;
            case at::zero:
                return false;
            case at::point:
                at_ = at::fraction;
                return true;
            case at::exponent:
            case at::exponent_sign:
                at_ = at::exponent_digits;
                return true;
            default:
                return true;
        }
    }
    if (c == '.' && (at_ == at::zero || at_ == at::digits)) {
        at_ = at::point;
        return true;
    }
    if (is_one_of(c, "eE") && number_may_end() && at_ != at::exponent_digits) {
        at_ = at::exponent;
        return true;
    }
    if (is_one_of(c, "+-") && at_ == at::exponent) {
        at_ = at::exponent_sign;
        return true;
    }
    if (!number_may_end()) return false;
    at_ = at::after;
    return is_space(c) || feed_after(c);
}

bool reference_json::complete() const {
    return open_.empty() && (at_ == at::after || number_may_end());
}

std::size_t reference_fault(std::string_view text, int depth_max, bool object_only) {
    reference_json reference(depth_max, object_only);
    for (std::size_t i = 0; i != text.size(); ++i) {
        if (!reference.feed(static_cast<unsigned char>(text[i]))) return i;
    }
    return reference.complete() ? std::string_view::npos : text.size();
}

std::optional<bool> nlohmann_accepts(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) return std::nullopt;
    if (text.find('\0') != std::string_view::npos) return std::nullopt;
    listener events;
    bool const good = nlohmann::json::sax_parse(text, &events);
    if (events.overflow) return std::nullopt;
    return good;
}

}  // namespace weir::tests
