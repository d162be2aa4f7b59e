#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/memory_meter.hpp>
#include <weir/message/message.hpp>
#include <weir/topic/broker.hpp>
#include <weir/topic/policy.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir {

/// The newest messages of one topic, without holes, within its history_policy. Times are any
/// monotonic count and never go back.
///
/// What is too old is not read any more from the moment it is; its memory goes with expire().
/// Appending and removing are amortised O(1), a page costs what is on it.
class topic_log {
public:
    /// Begins behind the topic's message `head`.
    topic_log(std::uint64_t head, history_policy const& policy) noexcept
        : head_(head), policy_(policy) {}

    /// The topic's next message. Pushes out what no longer fits; one that is larger than the
    /// policy's bytes is not kept at all, nor anything before it.
    void append(message_ptr m, nanoseconds at);
    /// The same for one that finds no room: neither it nor anything before it is kept.
    void pass_over(message const& m);
    /// Removes at most so many that are too old; how many it were.
    std::size_t expire(nanoseconds now, std::size_t at_most);
    /// When the oldest message is too old; nanoseconds::max(): never.
    nanoseconds next_expiry() const noexcept;
    /// Removes the oldest message, which must exist, for the sake of others.
    void drop_oldest();
    void clear();
    /// Trims to the new policy at once, age apart.
    void set_policy(history_policy const& policy);

    /// Of kinds `after` and `before`. `head` is the topic's, and its offset this log's.
    ///
    /// `after` without `at` begins with the oldest. What it wanted and is not there is `missing`,
    /// with the reason for which the newest of it went. An `at` of another epoch, or one that does
    /// not exist yet, is a loss with reason `epoch`: its range is what this epoch had and is not
    /// kept (none: without range), and all that is kept follows. `before` an `at` of another epoch
    /// nothing is known to lie.
    log_page read(log_query const& q, position const& head, nanoseconds now) const;

    std::size_t size() const noexcept { return entries_.size() - first_; }
    std::size_t bytes() const noexcept { return bytes_; }  ///< by stored_bytes()
    std::uint64_t head() const noexcept { return head_; }

private:
    struct entry {
        message_ptr what;
        nanoseconds at;
    };
    void remove_oldest(gap_reason why);
    void trim();
    /// The first that is not too old, as an index of entries_.
    std::size_t first_live(nanoseconds now) const noexcept;
    std::uint64_t offset_of(std::size_t index) const noexcept {
        return head_ + 1 - (entries_.size() - index);
    }
    std::size_t index_of(std::uint64_t offset) const noexcept {
        return entries_.size() - static_cast<std::size_t>(head_ + 1 - offset);
    }
    void read_after(log_query const& q, std::size_t live, log_page& page) const;
    void read_before(log_query const& q, std::size_t live, log_page& page) const;

    std::uint64_t head_;
    history_policy policy_;
    /// Those in front of first_ are gone; they are swept out when they are the larger half.
    std::vector<entry, counted_allocator<entry, memory_kind::logs>> entries_;
    std::size_t first_ = 0;
    std::size_t bytes_ = 0;
    gap_reason newest_gone_ = gap_reason::trimmed;  ///< why the newest that is not here went
};

}  // namespace weir
