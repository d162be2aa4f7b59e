#pragma once

#include "session/id_hash.hpp"

#include <weir/message/message.hpp>
#include <weir/message/request_id.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <utility>

namespace weir {

/// The publishes with an id that a session has passed on and whose answers its client has not
/// confirmed: what makes a publish that is sent again after a resume execute once (contract:
/// Exactly once for publishers). Answers themselves are kept in the ring; here is only what they
/// were, as long as a resume could replay them.
class publish_journal {
public:
    enum class verdict : std::uint8_t {
        fresh,     ///< to be executed
        running,   ///< its answer is on its way
        replayed,  ///< its answer was, or is being, sent again by a resume
        answered,  ///< answered by this connection already, see the position
        conflict,  ///< that id names another message
    };
    struct opinion {
        verdict what = verdict::fresh;
        position at{};  ///< answered
    };

    /// `content` stands for the bytes of the message; `attachment` is the connection's number.
    opinion look(request_id id, std::uint64_t content, std::uint32_t attachment) const {
        auto const found = entries_.find(id);
        if (found == entries_.end()) return {};
        entry const& e = found->second;
        if (e.content != content) return {verdict::conflict};
        if (e.number == 0) return {verdict::running};
        if (e.attachment != attachment) return {verdict::replayed};
        if (e.failed) return {};  // what was refused may be tried again
        return {verdict::answered, e.at};
    }

    void add(request_id id, std::uint64_t content, std::uint32_t attachment) {
        entries_.insert_or_assign(stored_id(id),
                                  entry{.content = content, .attachment = attachment});
    }

    /// The message was sent again after a resume, which the answer that is replayed or on its way
    /// is enough for. Sent once more by the same connection, it is none of the resume's.
    void adopt(request_id id, std::uint32_t attachment) {
        auto const found = entries_.find(id);
        if (found != entries_.end()) found->second.attachment = attachment;
    }

    /// The answer became the numbered message `number`. Null `at`: it was a refusal.
    void answered(request_id id, std::uint64_t number, position const* at) {
        auto const found = entries_.find(id);
        if (found == entries_.end()) return;
        entry& e = found->second;
        e.number = number;
        e.failed = at == nullptr;
        if (at != nullptr) e.at = *at;
        by_number_.emplace_back(number, found->first);
    }

    /// The client can never be sent the first `count` numbered messages again.
    void forget(std::uint64_t count) {
        while (!by_number_.empty() && by_number_.front().first <= count) {
            auto const found = entries_.find(by_number_.front().second);
            // It may have been refused, tried again and be running under the same id.
            if (found != entries_.end() && found->second.number == by_number_.front().first) {
                entries_.erase(found);
            }
            by_number_.pop_front();
        }
    }

    /// Of those that are answered at most `count`, the newest: for a client that confirms nothing.
    void keep(std::size_t count) {
        while (by_number_.size() > count) forget(by_number_.front().first);
    }

    bool empty() const noexcept { return entries_.empty() && by_number_.empty(); }
    std::size_t size() const noexcept { return entries_.size(); }

private:
    struct entry {
        std::uint64_t content = 0;
        std::uint64_t number = 0;  ///< of the answer; 0: not answered
        position at{};
        std::uint32_t attachment = 0;
        bool failed = false;
    };
    std::unordered_map<stored_id, entry, id_hash, id_equal> entries_;
    std::list<std::pair<std::uint64_t, stored_id>>
        by_number_;  ///< ascending; empty it owns nothing
};

}  // namespace weir
