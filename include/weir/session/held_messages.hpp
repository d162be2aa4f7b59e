#pragma once

#include <weir/base/observer.hpp>
#include <weir/message/events.hpp>
#include <weir/message/message.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <variant>

namespace weir {

/// What a message costs while it is held for one subscriber. The message itself is shared, but
/// nobody else may hold it any more, so it counts whole.
std::size_t held_bytes(message const& m) noexcept;

/// The messages of one subscription that wait beside a full outbox, oldest first, and the losses
/// among them: each loss stands where the lost messages would, and grows while no message comes
/// between. Whoever owns it bounds its bytes by drop_oldest(). Pure.
class held_messages {
public:
    void add(message_ptr m);
    /// The newest message does not get in.
    void lose(message const& m, gap_reason why);
    /// The oldest message becomes a loss. Not when there is none.
    void drop_oldest(gap_reason why);

    /// The next thing to send, and the same taken off. Not when empty().
    using item = std::variant<message_ptr, loss>;
    item const& front() const noexcept { return items_.front(); }
    item take();

    bool empty() const noexcept { return items_.empty(); }
    bool has_message() const noexcept { return messages_ != 0; }
    std::size_t bytes() const noexcept { return bytes_; }

private:
    std::deque<item> items_;  ///< never two losses of one reason in a row
    std::size_t messages_ = 0;
    std::size_t bytes_ = 0;
};

/// One more lost message: `into` grows to cover it.
void extend(loss& into, message const& m) noexcept;

}  // namespace weir
