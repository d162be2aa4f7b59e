#pragma once

#include <weir/base/clock.hpp>
#include <weir/message/events.hpp>
#include <weir/message/message.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace weir {

/// Newest-wins delivery of one subscription, by key: at most one message of a key waits, and with
/// an interval no key is delivered more often than once in it. What is replaced was agreed to be
/// dispensable and is no loss; what is pushed out by drop_oldest() is one. Without an interval a
/// replacement waits at the end; with one it goes when its key's time has come. Pure.
class conflated_messages {
public:
    /// Keys whose time is remembered; those beyond are not paced, only conflated.
    static constexpr std::size_t paced_keys_max = 65'536;

    explicit conflated_messages(nanoseconds interval) noexcept : interval_(interval) {}

    /// True: `m` may be delivered at once, and counts as delivered. False: its key's time has not
    /// come, or an older one of it waits: keep() it.
    bool pass(message const& m, mono_time at);
    /// Waits from now on; answers whether it took the place of another.
    bool keep(message_ptr m, mono_time at);
    /// The next one whose time has come; null: none.
    message_ptr const* front(mono_time at) const noexcept;
    /// The same; taken, it counts as delivered.
    message_ptr take(mono_time at);
    /// Not when nothing waits.
    void drop_oldest(gap_reason why);
    /// One that is not kept at all; it belongs to the loss.
    void lose(message const& m, gap_reason why);
    std::optional<loss> take_loss() noexcept { return std::exchange(lost_, std::nullopt); }
    bool has_loss() const noexcept { return lost_.has_value(); }
    std::optional<loss> const& lost() const noexcept { return lost_; }

    /// When the next one may go; never: nothing waits.
    mono_time due() const noexcept;
    bool empty() const noexcept { return waiting_.empty(); }
    std::size_t bytes() const noexcept { return bytes_; }

private:
    using place = std::pair<mono_time, std::uint64_t>;  ///< when it may go, then who came first
    struct entry {
        message_ptr waiting;  ///< null: none
        place where;
        mono_time next{};  ///< the key may be delivered again
    };
    void forget_past(mono_time at);

    nanoseconds interval_;
    std::unordered_map<std::string, entry> keys_;
    std::map<place, entry*> waiting_;
    std::optional<loss> lost_;
    std::uint64_t came_ = 0;
    std::size_t bytes_ = 0;
    std::size_t look_again_ = 64;  ///< forget what has passed at that many keys
};

}  // namespace weir
