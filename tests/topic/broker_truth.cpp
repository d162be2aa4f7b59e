#include "topic/broker_conformance.hpp"

namespace weir {

publish_ticket broker_truth::open(call c) {
    calls_.emplace(++last_, std::move(c));
    return last_;
}

void broker_truth::answered(publish_ticket t, result<position> const& at) {
    auto& c = calls_.at(t);
    EXPECT_EQ(++c.answers, 1U) << "publish " << t << " answered again";
    if (at.has_value()) {
        c.at = *at;
        place(c.topic, *at, t);
    } else {
        c.refused = true;
        ++refusals_[at.error().code];
        EXPECT_EQ(at.error().stored, outcome::not_stored);
        EXPECT_FALSE(at.error().message.empty());
    }
}

void broker_truth::seen(message const& m) {
    auto const ticket = publish_ticket{std::stoull(m.payload)};
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
            auto& before = newest[about(ticket).member];
            EXPECT_LT(before, ticket) << epoch.first << ": a member's publishes changed places";
            before = ticket;
            ++placed;
        }
    }
    std::size_t stored = 0;
    for (auto const& [ticket, c] : calls_) stored += c.refused ? 0 : 1;
    EXPECT_EQ(placed, stored) << "an ok without a place, or a place taken twice";
}

void broker_witness::attach(std::string const& topic) {
    auto& v = of(topic);
    ASSERT_FALSE(v.wanted);
    v.wanted = true;
    ++v.answers_due;
    v.messages.clear();
    v.own_last = own_[topic];
    broker_->attach(topic);
}

void broker_witness::detach(std::string const& topic) {
    auto& v = of(topic);
    ASSERT_TRUE(v.wanted);
    v.wanted = v.attached = false;
    broker_->detach(topic);
}

publish_ticket broker_witness::publish(std::string const& topic, publication with) {
    auto const ticket =
        truth_->open({.member = member_, .topic = topic, .wanted = of(topic).wanted});
    own_[topic] = ticket;
    with.topic = topic;
    with.payload = std::to_string(ticket);
    broker_->publish(std::move(with), ticket);
    return ticket;
}

void broker_witness::on_attached(std::string_view topic, result<position> at) {
    auto& v = of(std::string(topic));
    ASSERT_GT(v.answers_due, 0U) << "an answer that nobody waits for";
    if (--v.answers_due != 0 || !v.wanted) return;  // taken back meanwhile
    if (!at.has_value()) {
        v.wanted = false;
        ++v.refusals;
        v.refused = at.error().code;
        return;
    }
    v.attached = true;
    v.tail = *at;
    if (v.own_last == 0) return;
    auto const& own = truth_->about(v.own_last);
    if (own.answers == 1 && !own.refused && own.at.epoch == at->epoch) {
        EXPECT_LE(own.at.offset, at->offset) << "attached before what it published earlier";
    }
}

void broker_witness::on_published(publish_ticket ticket, result<position> at) {
    EXPECT_EQ(truth_->about(ticket).member, member_);
    truth_->answered(ticket, at);
}

void broker_witness::on_message(message_ptr m) {
    truth_->seen(*m);
    auto const& origin = truth_->about(publish_ticket{std::stoull(m->payload)});
    EXPECT_FALSE(origin.member == member_ && !origin.wanted)
        << "published while it was not attached, received all the same";
    auto& v = of(m->topic);
    if (!v.attached) {
        ++late_;
        return;
    }
    EXPECT_EQ(m->at.epoch, v.tail.epoch);
    EXPECT_EQ(m->at.offset, v.tail.offset + 1) << m->topic;
    v.tail = m->at;
    v.messages.push_back(std::move(m));
}

void broker_witness::check() const {
    for (auto const& [topic, v] : views_) {
        EXPECT_EQ(v.answers_due, 0U) << topic << ": attach without an answer";
        EXPECT_EQ(v.wanted, v.attached) << topic;
        if (v.attached) {
            EXPECT_EQ(v.tail.offset, truth_->head(topic, v.tail.epoch))
                << topic << ": lost the end";
        }
    }
}

}  // namespace weir
