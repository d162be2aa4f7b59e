#pragma once

#include "session/held_commands.hpp"
#include "session/publish_journal.hpp"
#include "session/waiting_publishes.hpp"

#include <weir/base/memory_meter.hpp>
#include <weir/session/session.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// Most of these are empty for most sessions most of the time: allocated at first need, let go on
/// a tick that finds nothing in it.
struct session::extra_state : counted_object<memory_kind::sessions> {
    /// Bound of each list of what waits for an answer.
    static constexpr std::size_t waiting_max = 1024;

    /// Bound of questions under way; each may take a page of memory.
    static constexpr std::size_t queries_max = 16;

    struct query {
        stored_id id;
        std::vector<std::uint32_t> tickets;  ///< of its reads
        bool is_sync = false;
        std::size_t due = 0;                   ///< sync: reads not answered
        std::size_t bytes = 0;                 ///< sync: of what they gave
        std::vector<topic_state_page> states;  ///< sync: one for each ticket
    };
    std::optional<std::size_t> query_of(std::uint32_t ticket) const noexcept;
    query take_query(std::size_t which);

    struct pending_subscribe {
        std::string topic;
        stored_id id;  ///< empty: no `ok` is wanted
        bool by_server = false;
        bool wants_nothing = false;  ///< `last: 0`
    };

    std::optional<fault> refused;  ///< the handshake's credential
    std::vector<pending_subscribe> subscribes;
    waiting_publishes publishes;
    publish_journal journal;
    std::vector<query> queries;
    std::unique_ptr<held_commands> held;  ///< null: no question is pending
    /// Subscriptions whose right is asked for again after a resume.
    struct review {
        authority_ticket ticket;
        std::string topic;
    };
    std::vector<review> reviews;
    std::optional<resume_result> resume_refused;  ///< elsewhere, before this connection came here
    std::vector<mono_time> faults;  ///< those of the last minute that cost, oldest first
    mono_time refusals_since{};     ///< begin of the second in which `refusals` are counted
    std::uint64_t refusals = 0;
    std::optional<mono_time> last_unasked;  ///< rate_limited without id was last said

    /// Nothing was ever in here but what is answered now.
    bool spent() const noexcept {
        return subscribes.empty() && publishes.empty() && journal.empty() && queries.empty() &&
               !held && reviews.empty() && faults.empty() && refusals == 0 && !refused &&
               !resume_refused && !last_unasked;
    }
    /// Nothing in here is needed any more.
    bool empty(mono_time at) const {
        return subscribes.empty() && publishes.empty() && journal.empty() && queries.empty() &&
               !held && reviews.empty() && (faults.empty() || at - faults.back() >= seconds(60));
    }

    bool waiting_for(std::string_view topic) const noexcept {
        for (auto const& p : subscribes) {
            if (p.topic == topic) return true;
        }
        return false;
    }
};

/// A position as a client sent it (session_queries.cpp).
position place_of(since_position const& since) noexcept;

}  // namespace weir
