#pragma once

#include <weir/base/observer.hpp>
#include <weir/message/message.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Messages of a topic that are lost for a subscriber, or must be taken for lost.
struct loss {
    std::uint64_t from = 0, to = 0;  ///< offsets, both inclusive; 0: not known
    std::uint64_t count = 0;         ///< how many messages; 0: not known
    gap_reason reason = gap_reason::trimmed;
    bool operator==(loss const&) const = default;
};

/// What a subscription recovered of the past: of the offsets from `from` to `to`, all but those in
/// `missing` follow the answer. Nothing was to be recovered where `from` is above `to`.
struct receipt {
    std::uint64_t from = 0, to = 0;
    std::optional<loss> missing;
};

/// A page of a topic's log.
struct history_page {
    std::span<message_ptr const> messages;  ///< in the order of their offsets
    position head;                          ///< the topic's newest message
    bool more = false;                      ///< ask on from its end
    std::optional<loss> missing{};          ///< asked for, and not there
};

/// The answer to a subscribe.
struct subscribed {
    std::string_view topic;
    std::optional<position> at;  ///< the topic's newest message as of the answer
    bool recovered = false;      ///< the past that was asked for follows, whole
    std::optional<receipt> what;
    std::optional<std::uint64_t> state;  ///< so many messages of the state follow first
    bool conflating = false;             ///< the newest wins: jumps in the offsets are no loss
};

struct presence_member {
    std::string user;
    std::uint32_t connections = 0;
    std::string info;  ///< JSON; empty: none
    bool operator==(presence_member const&) const = default;
};

/// Who is in a topic, as of `version`; later changes have higher versions.
struct presence_page {
    std::uint64_t version = 0;
    std::uint64_t total = 0;               ///< users
    std::vector<presence_member> members;  ///< in the order of names; at most what was asked for
};

/// One step of a topic's presence: `version` follows the one before it.
struct presence_change {
    std::string topic;
    std::uint64_t version = 0;
    std::vector<presence_member> joined;
    std::vector<std::string> left;
};
using presence_change_ptr = std::shared_ptr<presence_change const>;

/// The state of one topic, or a page of it, for the answer to a `sync`.
struct topic_state_page {
    std::string topic;
    position at;                        ///< what the state is as of
    std::vector<message_ptr> messages;  ///< in the order of their offsets
    bool more = false;                  ///< ask on behind the last one's offset
};

}  // namespace weir
