#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// A pattern of topic names, taken apart once. topic_pattern_fault() has passed its text.
class topic_pattern {
public:
    explicit topic_pattern(std::string_view text);

    /// True when the name has this shape; then `owner` is the segment at `{user}`, if there is one.
    bool matches(std::string_view topic, std::string_view& owner) const noexcept;
    bool has_owner() const noexcept { return has_owner_; }

private:
    enum class kind : std::uint8_t { literal, any, owner, rest };
    struct segment {
        kind what;
        std::string text;  ///< of a literal
    };
    std::vector<segment> segments_;
    bool has_owner_ = false;
};

/// Whether the segment is escape_segment(user), without making that string.
bool segment_names_user(std::string_view segment, std::string_view user) noexcept;

}  // namespace weir
