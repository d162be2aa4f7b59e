#pragma once

#include "topic/ring_list.hpp"

#include <weir/base/clock.hpp>
#include <weir/base/memory_meter.hpp>
#include <weir/message/events.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Who is in one topic: users with at least one connection in it, and those whose last one went
/// less than `grace` ago, so that a reconnect does not flicker. They count as one connection
/// meanwhile.
///
/// Changes are told in batches. The first after a quiet second is due at once, others at the next
/// moment that is later (times are those of ticks, about a second apart). What is undone within a
/// batch is not told. A member whose info or number of connections changes is told as joined again;
/// the newest info counts.
///
/// A page does not end a batch. It has the version of the last change that was told, and what
/// happened since is in it already; the next change says that again. So a reader that applies every
/// change with a higher version than its page has what is there, and nothing that was undone since
/// the page is left out of that change.
class topic_presence {
public:
    static constexpr seconds grace{10};
    static constexpr seconds quiet{1};
    /// Members of a topic; who comes when there are as many stands in no list and is in no total.
    /// Who was turned away and comes again later is known by that connection alone.
    static constexpr std::size_t members_max = 100'000;
    static constexpr std::size_t page_max = 1000;    ///< members on one page
    static constexpr std::size_t change_max = 1000;  ///< users in one change

    /// False: turned away by members_max.
    bool enter(std::string_view user, std::string_view info, nanoseconds now);
    /// Of a user who is not known: does nothing.
    void exit(std::string_view user, nanoseconds now);
    /// Removes at most so many whose grace is over; how many it were.
    std::size_t expire(nanoseconds now, std::size_t at_most);
    /// Everybody leaves, without grace.
    void clear(nanoseconds now);

    /// When expire() or flush() has something to do; nanoseconds::max(): not before more happens.
    nanoseconds next_due() const noexcept;
    bool flush_due(nanoseconds now) const noexcept { return flush_at_ <= now; }
    /// All that is to be told, whether it is due or not, with the next versions.
    std::vector<presence_change_ptr> flush(std::string const& topic, nanoseconds now);
    presence_page page(std::size_t max);

    std::size_t size() const noexcept { return members_.size(); }
    bool idle() const noexcept { return members_.empty() && nothing_to_tell(); }

private:
    struct by_leaving;
    struct member : ring_link<by_leaving> {
        std::string const* user = nullptr;
        std::uint32_t connections = 0;
        std::string info;
        nanoseconds leaves_at{0};  ///< while in leaving_
    };
    using members =
        std::map<std::string, member, std::less<>,
                 counted_allocator<std::pair<std::string const, member>, memory_kind::presence>>;
    /// How a member stands in changes.
    struct shown {
        std::uint32_t connections = 0;
        std::string info;
        bool operator==(shown const&) const = default;
    };
    static shown shown_of(member const& m) { return {std::max(m.connections, 1U), m.info}; }
    /// Before a member changes: what was told of it.
    void changes(members::iterator who);
    void drop_if_undone(members::iterator who);

    bool nothing_to_tell() const noexcept { return joined_.empty() && left_.empty(); }
    void tell(nanoseconds now) noexcept;
    void remove(members::iterator who, nanoseconds now);

    members members_;
    ring_list<member, by_leaving> leaving_;  ///< the first to go first
    /// To be told as joined, and as left; with what was told before, if anything. The keys of the
    /// first are of members_.
    std::map<std::string_view, std::optional<shown>> joined_;
    std::map<std::string, std::optional<shown>, std::less<>> left_;
    bool paged_ = false;  ///< a page shows some of what is to be told
    std::uint64_t version_ = 0;
    nanoseconds flush_at_ = nanoseconds::max();
    std::optional<nanoseconds> flushed_at_;
};

}  // namespace weir
