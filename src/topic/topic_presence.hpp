#pragma once

#include "topic/ring_list.hpp"

#include <weir/base/clock.hpp>
#include <weir/base/memory_meter.hpp>
#include <weir/message/events.hpp>

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
/// less than `grace` ago, so that a reconnect does not flicker. They stand in pages with no
/// connections meanwhile.
///
/// Changes are told in batches. The first after a quiet second is due at once, others at the next
/// moment that is later (times are those of ticks, about a second apart). What is undone within a
/// batch is not told. A member whose info changes is told as joined again; the newest info counts.
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
    /// Nothing may be left to be told.
    presence_page page(std::size_t max) const;

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

    bool nothing_to_tell() const noexcept { return joined_.empty() && left_.empty(); }
    void tell(nanoseconds now) noexcept;
    void remove(members::iterator who, nanoseconds now);

    members members_;
    ring_list<member, by_leaving> leaving_;  ///< the first to go first
    /// To be told as joined; with the info that was told before, if any. The keys are of members_.
    std::map<std::string_view, std::optional<std::string>> joined_;
    std::map<std::string, std::string, std::less<>> left_;  ///< with the info that was told last
    std::uint64_t version_ = 0;
    nanoseconds flush_at_ = nanoseconds::max();
    std::optional<nanoseconds> flushed_at_;
};

}  // namespace weir
