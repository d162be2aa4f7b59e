#include <weir/message/command.hpp>
#include <weir/message/topic_name.hpp>

#include <array>

namespace weir {
namespace {

constexpr std::array<bool, 256> allowed = [] {
    std::array<bool, 256> t{};
    for (char const c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789_-=@:.")) {
        t[static_cast<unsigned char>(c)] = true;
    }
    return t;
}();

constexpr bool stands_for_itself(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

}  // namespace

std::optional<topic_fault> find_topic_fault(std::string_view name) noexcept {
    if (name.empty()) return topic_fault{"a name has at least one byte", 0};
    std::size_t const start = name.front() == '$' ? 1 : 0;
    for (std::size_t i = start; i != name.size(); ++i) {
        if (i == topic_bytes_max) return topic_fault{"a name has at most 200 bytes", i};
        char const c = name[i];
        if (!allowed[static_cast<unsigned char>(c)]) {
            if (c == '$') return topic_fault{"`$` may only begin a name", i};
            return topic_fault{"a character that is not one of A-Z a-z 0-9 _ - = @ : .", i};
        }
        if (c == '.' && (i == start || name[i - 1] == '.')) return topic_fault{"empty segment", i};
    }
    if (name.size() == start || name.back() == '.')
        return topic_fault{"empty segment", name.size()};
    return std::nullopt;
}

std::string_view topic_name_fault(std::string_view name) noexcept {
    auto const found = find_topic_fault(name);
    return found ? found->what : std::string_view{};
}

std::string escape_segment(std::string_view raw) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string segment;
    segment.reserve(raw.size());
    for (char const c : raw) {
        if (stands_for_itself(c)) {
            segment += c;
            continue;
        }
        auto const byte = static_cast<unsigned char>(c);
        segment += '=';
        segment += hex[byte >> 4];
        segment += hex[byte & 15];
    }
    return segment;
}

}  // namespace weir
