#pragma once

#include <weir/base/clock.hpp>
#include <weir/message/message.hpp>
#include <weir/topic/name_hash.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

namespace weir {

/// Newest-wins delivery of one subscription, by key: at most one message of a key waits, and with
/// an interval no key is delivered more often than once in it. What is replaced was agreed to be
/// dispensable. Without an interval a replacement waits at the end; with one it goes when its key's
/// time has come. Its owner bounds bytes() by not calling keep(). Pure.
class conflated_messages {
public:
    explicit conflated_messages(nanoseconds interval) noexcept : interval_(interval) {}

    /// True: `m` may be delivered at once, and counts as delivered. False: its key's time has not
    /// come, or an older one of it waits: keep() it. Where `remembers` is false, a new key is not
    /// remembered, and so not paced.
    bool pass(message const& m, mono_time at, bool remembers = true);
    /// Waits from now on; answers whether it took the place of another.
    bool keep(message_ptr m, mono_time at);
    /// By how much keep() would make bytes() larger.
    std::size_t growth(message const& m) const;
    /// The next one whose time has come; null: none.
    message_ptr const* front(mono_time at) const noexcept;
    /// The same; taken, it counts as delivered.
    message_ptr take(mono_time at);

    /// From now on. What waits goes when its key's time has come by the new interval; without one
    /// at once, in the order of the offsets.
    void set_interval(nanoseconds interval, mono_time at);
    nanoseconds interval() const noexcept { return interval_; }

    /// When the next one may go; never: nothing waits.
    mono_time due() const noexcept;
    /// The lowest offset that waits. Not when nothing waits.
    std::uint64_t lowest() const noexcept;
    bool empty() const noexcept { return waiting_.empty(); }
    /// Of what waits, by stored_bytes(), and of the keys that are remembered.
    std::size_t bytes() const noexcept { return bytes_; }

private:
    using place = std::pair<mono_time, std::uint64_t>;  ///< when it may go, then which came first
    struct entry {
        message_ptr waiting;  ///< null: none
        place where;
        mono_time last = mono_time::min();  ///< when the key was delivered
    };
    using keys = std::unordered_map<std::string, entry, name_hash, std::equal_to<>>;
    entry& entry_of(std::string const& key);
    void forget(keys::iterator key);
    void forget_past(mono_time at);

    nanoseconds interval_;
    keys keys_;
    std::map<place, entry*> waiting_;
    std::uint64_t came_ = 0;
    std::size_t bytes_ = 0;
    std::size_t look_again_ = 64;  ///< forget what has passed at that many keys
};

}  // namespace weir
