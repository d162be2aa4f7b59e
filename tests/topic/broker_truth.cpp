#include "topic/broker_truth.hpp"

namespace weir {

publish_ticket broker_truth::open(call c) {
    if (c.same_as != 0) calls_.at(c.same_as).repeated = true;
    calls_.emplace(++last_, std::move(c));
    return last_;
}

void broker_truth::answered(publish_ticket t, result<position> const& at) {
    auto& c = calls_.at(t);
    EXPECT_EQ(++c.answers, 1U) << "publish " << t << " answered again";
    if (at.has_value()) {
        c.at = *at;
        place(c.topic, *at, c.same_as != 0 ? c.same_as : t);
    } else {
        c.refused = true;
        ++refusals_[at.error().code];
        EXPECT_EQ(at.error().stored, outcome::not_stored);
        EXPECT_FALSE(at.error().message.empty());
    }
}

publish_ticket broker_truth::ticket_of(message const& m) {
    return std::stoull(m.payload == "null" ? m.from : m.payload);
}

void broker_truth::seen(message const& m) {
    auto const ticket = ticket_of(m);
    EXPECT_EQ(about(ticket).topic, m.topic);
    EXPECT_FALSE(about(ticket).refused) << "refused, but it came";
    place(m.topic, m.at, ticket);
}

void broker_truth::place(std::string const& topic, position const& at, publish_ticket t) {
    EXPECT_GE(at.offset, 1U);
    auto const [known, first] = order_[{topic, at.epoch.value}].emplace(at.offset, t);
    EXPECT_EQ(known->second, t) << topic << " has two messages at " << at.offset;
}

std::uint64_t broker_truth::head(std::string const& topic, epoch_id epoch) const {
    auto const known = order_.find({topic, epoch.value});
    return known == order_.end() || known->second.empty() ? 0 : known->second.rbegin()->first;
}

std::map<std::uint64_t, publish_ticket> const& broker_truth::order(std::string const& topic,
                                                                   epoch_id epoch) const {
    static std::map<std::uint64_t, publish_ticket> const none;
    auto const known = order_.find({topic, epoch.value});
    return known == order_.end() ? none : known->second;
}

std::map<std::string, std::uint64_t> broker_truth::state(std::string const& topic,
                                                         epoch_id epoch) const {
    std::map<std::string, std::uint64_t> keys;
    for (auto const& [offset, ticket] : order(topic, epoch)) {
        auto const& c = about(ticket);
        if (c.key.empty()) continue;
        if (c.null) {
            keys.erase(c.key);
        } else {
            keys[c.key] = offset;
        }
    }
    return keys;
}

std::size_t broker_truth::refusals(errc code) const {
    auto const known = refusals_.find(code);
    return known == refusals_.end() ? 0 : known->second;
}

void broker_truth::check() const {
    for (auto const& [ticket, c] : calls_) EXPECT_EQ(c.answers, 1U) << "publish " << ticket;
    std::size_t placed = 0;
    for (auto const& [epoch, order] : order_) {
        std::uint64_t expected = 0;
        std::map<unsigned, publish_ticket> newest;  // of each member
        for (auto const& [offset, ticket] : order) {
            EXPECT_EQ(offset, ++expected) << "a hole in " << epoch.first;
            ++placed;
            if (about(ticket).repeated) continue;  // another's may have been executed
            auto& before = newest[about(ticket).member];
            EXPECT_LT(before, ticket) << epoch.first << ": a member's publishes changed places";
            before = ticket;
        }
    }
    std::size_t stored = 0;
    for (auto const& [ticket, c] : calls_) stored += c.refused || c.same_as != 0 ? 0 : 1;
    EXPECT_EQ(placed, stored) << "an ok without a place, or a place taken twice";
}

}  // namespace weir
