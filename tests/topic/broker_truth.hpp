#pragma once

#include <weir/topic/broker.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace weir {

inline publication make_publication(std::string topic, std::string payload = "1") {
    publication p;
    p.topic = std::move(topic);
    p.payload = std::move(payload);
    return p;
}

/// Everything that was published, by everybody, and where it came to stand.
class broker_truth {
public:
    struct call {
        unsigned member;
        std::string topic;
        bool wanted;  ///< the publisher's own shard was interested when it published
        std::string key = {};
        bool null = false;           ///< its payload was null
        publish_ticket same_as = 0;  ///< repeats that publish, by its dedupe id
        bool repeated = false;       ///< others repeat it: whichever came first was executed
        unsigned answers = 0;
        bool refused = false;
        position at = {};
    };

    publish_ticket open(call c);
    call const& about(publish_ticket t) const { return calls_.at(t); }
    void answered(publish_ticket t, result<position> const& at);
    /// The payload of a message is the ticket of its publish, or null; then its `from` is.
    static publish_ticket ticket_of(message const& m);
    void seen(message const& m);
    std::uint64_t head(std::string const& topic, epoch_id epoch) const;
    /// Every publish answered once; the offsets of each epoch are 1, 2, 3, …; a member's own
    /// publishes to a topic stand in the order of its calls.
    void check() const;
    std::size_t refusals(errc code) const;
    /// The offsets' publishes of the topic's epoch.
    std::map<std::uint64_t, publish_ticket> const& order(std::string const& topic,
                                                         epoch_id epoch) const;
    /// What a keyed state of the topic holds after all of its messages: offsets by key.
    std::map<std::string, std::uint64_t> state(std::string const& topic, epoch_id epoch) const;

private:
    using epoch_key = std::pair<std::string, std::uint64_t>;
    void place(std::string const& topic, position const& at, publish_ticket t);
    std::map<publish_ticket, call> calls_;
    std::map<epoch_key, std::map<std::uint64_t, publish_ticket>> order_;
    std::map<errc, std::size_t> refusals_;
    publish_ticket last_ = 0;
};

}  // namespace weir
