#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/close_reason.hpp>
#include <weir/base/ids.hpp>
#include <weir/message/message.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// Whom an operation of the server API means: one session or all of a user's. One of the two is
/// set.
struct session_target {
    session_id session;
    std::string user;
};

/// One connection as the server API shows it, at one moment.
struct connection_facts {
    std::uint64_t connection = 0;
    session_id session;
    std::string user;
    std::string address;
    unsigned shard = 0;
    bool secure = false;
    bool open = false;      ///< welcome was sent
    bool detached = false;  ///< it has no connection, and waits for one
    wall_ms opened_at = 0;
    std::uint64_t bytes_in = 0, bytes_out = 0;
    std::uint64_t messages_in = 0, messages_out = 0;
    std::size_t outbox_frames = 0, outbox_bytes = 0;
    std::size_t replay_frames = 0, replay_bytes = 0;
    std::vector<std::string> topics;  ///< only where one connection is asked for
    std::size_t subscriptions = 0;
};

/// One topic: position and what is kept from its home, subscribers summed over shards.
struct topic_facts {
    std::string name;
    position at;
    std::uint64_t subscribers = 0;
    std::size_t messages = 0;    ///< in its log
    std::size_t bytes = 0;       ///< of log and state
    std::size_t state_keys = 0;  ///< a `last` state has one
    std::size_t members = 0;     ///< users, when the topic has presence
};

}  // namespace weir
