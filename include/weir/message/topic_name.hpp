#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

/// What is wrong with a topic name, as a sentence; empty for a good one. 1 to 200 bytes of
/// `A-Z a-z 0-9 _ - = @ : .`, segments separated by '.', none empty; `$` may start the first
/// segment only (contract: Topic names).
std::string_view topic_name_fault(std::string_view name) noexcept;

/// The same with its place, for messages that say where.
struct topic_fault {
    std::string_view what;  ///< static storage
    std::size_t byte = 0;   ///< offset in the name
};
std::optional<topic_fault> find_topic_fault(std::string_view name) noexcept;

/// `$user.ID` and `$session.ID`: everyone's own, written by the server API only.
inline bool is_reserved_topic(std::string_view name) noexcept {
    return !name.empty() && name.front() == '$';
}

/// A user id as one segment: bytes outside `A-Za-z0-9_-` written `=XX`, upper-case hex.
std::string escape_segment(std::string_view raw);

}  // namespace weir
