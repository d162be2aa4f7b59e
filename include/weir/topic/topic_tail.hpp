#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/ids.hpp>
#include <weir/message/message.hpp>
#include <weir/topic/name_hash.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string_view>
#include <unordered_map>

namespace weir {

/// The recent messages of one topic without history on one shard, for all subscribers there that
/// are detached or slow: each of them is a position in it (ADR 0011). Made by the topic index for
/// the first such subscriber, and gone with the last. Pure; its time is that of the messages.
///
/// Bounded in messages, bytes and age: what is trimmed before a subscriber read it is lost for it.
/// On a topic that conflates, a message replaces an older one with the same key; that is no loss.
class topic_tail {
public:
    struct bounds {
        std::size_t messages = 16'384;
        std::size_t bytes = 1 << 20;  ///< by stored_bytes()
        nanoseconds age{0};           ///< 0: no bound
    };
    struct kind {
        bool conflates = false;
        bool keeps_volatile = false;  ///< the topic has a state, which keeps them, too
    };
    struct entry {
        message_ptr what;    ///< null: a volatile message, which is not kept
        session_id exclude;  ///< of a message that is not kept: who would not have got it
    };
    struct item {
        std::uint64_t offset;
        entry const* what;
    };

    /// Empty; all messages behind `begin` will be appended. `b` outlives it.
    topic_tail(bounds const& b, kind k, position const& begin) noexcept
        : bounds_(b), kind_(k), head_(begin), base_(begin.offset) {}
    topic_tail(topic_tail const&) = delete;
    topic_tail& operator=(topic_tail const&) = delete;

    /// The topic's next message.
    void append(message_ptr const& m);
    /// The first entry behind that offset; its `what` is null when there is none.
    item next(std::uint64_t after) const noexcept;

    /// Everything behind this offset is here.
    std::uint64_t base() const noexcept { return base_; }
    position const& head() const noexcept { return head_; }
    /// The newest trimmed message that removed a key (payload `null`); 0: none.
    std::uint64_t removal_trimmed() const noexcept { return removal_trimmed_; }
    bool conflates() const noexcept { return kind_.conflates; }
    std::size_t size() const noexcept { return entries_.size(); }
    std::size_t bytes() const noexcept { return bytes_; }

private:
    struct kept : entry {
        mono_time at{};
        std::size_t bytes = 0;
    };
    using entries = std::map<std::uint64_t, kept>;
    void replace(message const& m);
    void trim(mono_time at);
    void drop_oldest();

    bounds const& bounds_;
    kind const kind_;
    position head_;
    std::uint64_t base_;
    std::uint64_t removal_trimmed_ = 0;
    std::size_t bytes_ = 0;
    entries entries_;
    /// Of a tail that conflates: where the newest of each key is. The views are of the messages.
    std::unordered_map<std::string_view, entries::iterator, name_hash, std::equal_to<>> by_key_;
};

}  // namespace weir
