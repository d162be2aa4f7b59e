#pragma once

#include <weir/message/request_id.hpp>
#include <weir/topic/broker.hpp>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace weir {

/// Publishes that carry an id and wait for the broker's word. Brokers mostly answer in the order
/// of asking, so the search starts at the oldest; what is answered in front is let go in batches.
class waiting_publishes {
public:
    void add(publish_ticket ticket, request_id id) {
        entries_.push_back({ticket, stored_id(id)});
        ++waiting_;
    }

    /// The id of what that ticket names, once; nothing where none waits.
    std::optional<stored_id> take(publish_ticket ticket) {
        std::size_t i = first_;
        while (i != entries_.size() && (entries_[i].ticket != ticket || entries_[i].id.empty()))
            ++i;
        if (i == entries_.size()) return std::nullopt;
        stored_id id = std::move(entries_[i].id);
        entries_[i].id.clear();  // empty: this one is answered
        --waiting_;
        forget_answered();
        return id;
    }

    std::size_t size() const noexcept { return waiting_; }
    bool empty() const noexcept { return waiting_ == 0; }

private:
    struct entry {
        publish_ticket ticket;
        stored_id id;
    };

    void forget_answered() {
        while (first_ != entries_.size() && entries_[first_].id.empty()) ++first_;
        if (first_ == entries_.size()) {
            std::vector<entry>().swap(entries_);
            first_ = 0;
        } else if (first_ > entries_.size() / 2) {
            entries_.erase(entries_.begin(),
                           entries_.begin() + static_cast<std::ptrdiff_t>(first_));
            first_ = 0;
        }
    }

    std::vector<entry> entries_;  ///< oldest first, some of them answered
    std::size_t first_ = 0;       ///< all before are answered
    std::size_t waiting_ = 0;
};

}  // namespace weir
