#include "topic/pattern.hpp"

#include <weir/base/assert.hpp>
#include <weir/message/command.hpp>
#include <weir/topic/rules.hpp>

#include <algorithm>

namespace weir {
namespace {

constexpr std::string_view one_segment = "*";
constexpr std::string_view the_rest = "**";
constexpr std::string_view the_owner = "{user}";

bool is_alphanumeric(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_topic_character(char c) noexcept {
    return is_alphanumeric(c) || std::string_view("_-=@:").find(c) != std::string_view::npos;
}

/// Stands in a user's segment as it is; every other byte is written `=XX`.
bool is_plain(char c) noexcept {
    return is_alphanumeric(c) || c == '_' || c == '-';
}

std::string_view literal_fault(std::string_view text) noexcept {
    if (text.empty()) return "a segment of the pattern is empty";
    if (text.front() == '$')
        return "names that start with '$' are reserved, no pattern reaches them";
    if (text.find('*') != std::string_view::npos)
        return "'*' and '**' stand for whole segments only";
    if (text.find_first_of("{}") != std::string_view::npos) {
        return "the only placeholder is {user}, and it stands for a whole segment";
    }
    if (!std::all_of(text.begin(), text.end(), is_topic_character)) {
        return "the pattern has a character that no topic name can have";
    }
    return {};
}

}  // namespace

std::string_view topic_pattern_fault(std::string_view pattern) noexcept {
    if (pattern.empty()) return "the pattern is empty";
    if (pattern.size() > topic_bytes_max) return "the pattern is longer than any topic name";
    bool owner_seen = false;
    for (std::size_t at = 0; at <= pattern.size();) {
        auto const end = std::min(pattern.find('.', at), pattern.size());
        auto const part = pattern.substr(at, end - at);
        if (part == the_rest) {
            if (end != pattern.size()) return "'**' stands for the rest and must come last";
        } else if (part == the_owner) {
            if (owner_seen) return "{user} can stand in a pattern only once";
            owner_seen = true;
        } else if (part != one_segment) {
            if (auto const fault = literal_fault(part); !fault.empty()) return fault;
        }
        at = end + 1;
    }
    return {};
}

topic_pattern::topic_pattern(std::string_view text) {
    WEIR_ASSERT(topic_pattern_fault(text).empty());
    for (std::size_t at = 0; at <= text.size();) {
        auto const end = std::min(text.find('.', at), text.size());
        auto const part = text.substr(at, end - at);
        if (part == the_rest) {
            segments_.push_back({kind::rest, {}});
        } else if (part == one_segment) {
            segments_.push_back({kind::any, {}});
        } else if (part == the_owner) {
            segments_.push_back({kind::owner, {}});
            has_owner_ = true;
        } else {
            segments_.push_back({kind::literal, std::string(part)});
        }
        at = end + 1;
    }
}

bool topic_pattern::matches(std::string_view topic, std::string_view& owner) const noexcept {
    if (topic.empty()) return false;
    std::size_t at = 0;  // one past the end of the name when its segments are used up
    for (auto const& wanted : segments_) {
        if (at > topic.size()) return false;
        if (wanted.what == kind::rest) return true;
        auto const end = std::min(topic.find('.', at), topic.size());
        auto const part = topic.substr(at, end - at);
        if (wanted.what == kind::literal && part != wanted.text) return false;
        if (wanted.what == kind::owner) owner = part;
        at = end + 1;
    }
    return at > topic.size();
}

bool segment_names_user(std::string_view segment, std::string_view user) noexcept {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::size_t at = 0;
    for (char const c : user) {
        if (is_plain(c)) {
            if (at == segment.size() || segment[at] != c) return false;
            ++at;
            continue;
        }
        auto const byte = static_cast<unsigned char>(c);
        if (segment.size() - at < 3 || segment[at] != '=' || segment[at + 1] != hex[byte >> 4] ||
            segment[at + 2] != hex[byte & 15]) {
            return false;
        }
        at += 3;
    }
    return at == segment.size();
}

}  // namespace weir
