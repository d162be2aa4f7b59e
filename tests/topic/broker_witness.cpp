#include "topic/broker_witness.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace weir {

void broker_witness::attach(std::string const& topic) {
    auto& v = of(topic);
    ASSERT_FALSE(v.wanted);
    v.wanted = true;
    ++v.answers_due;
    v.messages.clear();
    v.follows = {};
    v.merges = {};
    v.watches = {};
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
    bool const null = with.payload == "null";
    auto const ticket = truth_->open({.member = member_,
                                      .topic = topic,
                                      .wanted = of(topic).wanted,
                                      .key = with.key,
                                      .null = null});
    own_[topic] = ticket;
    with.topic = topic;
    (null ? with.from : with.payload) = std::to_string(ticket);
    broker_->publish(std::move(with), ticket);
    return ticket;
}

publish_ticket broker_witness::repeat(publish_ticket first, publication with) {
    auto const& topic = with.topic = truth_->about(first).topic;
    auto const ticket = truth_->open(
        {.member = member_, .topic = topic, .wanted = of(topic).wanted, .same_as = first});
    with.payload = std::to_string(first);
    broker_->publish(std::move(with), ticket);
    return ticket;
}

read_ticket broker_witness::read(log_query q) {
    auto const ticket = ++last_read_;
    asked_[ticket] = q.topic;
    broker_->read(std::move(q), ticket);
    return ticket;
}

read_ticket broker_witness::ask_members(std::string const& topic, std::uint32_t max) {
    auto const ticket = ++last_read_;
    asked_[ticket] = topic;
    broker_->members(topic, max, ticket);
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
    auto const& origin = truth_->about(broker_truth::ticket_of(*m));
    EXPECT_FALSE(origin.member == member_ && !origin.wanted && !origin.repeated)
        << "published while it was not attached, received all the same";
    auto& v = of(m->topic);
    if (!v.attached) {
        ++late_;
        return;
    }
    EXPECT_EQ(m->at.epoch, v.tail.epoch);
    EXPECT_EQ(m->at.offset, v.tail.offset + 1) << m->topic;
    v.tail = m->at;
    follow_message(v, *m);
    if (v.merges.active) merge_message(v, *m);
    v.messages.push_back(std::move(m));
}

void broker_witness::follow(std::string const& topic, position from, std::uint32_t per_page) {
    auto& f = of(topic).follows;
    f = {.active = true, .at = from, .per_page = per_page};
    // The answer may come inside the call.
    auto const next = f.waits_for = last_read_ + 1;
    EXPECT_EQ(read({.topic = topic, .at = from, .messages_max = per_page}), next);
}

void broker_witness::follow_page(view& v, std::string const& topic, log_page const& page) {
    auto& f = v.follows;
    if (page.missing) {
        auto const& lost = *page.missing;
        if (lost.reason == gap_reason::epoch) {
            EXPECT_NE(f.at.epoch, page.head.epoch);
            auto const first =
                page.messages.empty() ? page.head.offset : page.messages.front()->at.offset - 1;
            f.at = {page.head.epoch, first};
            EXPECT_EQ(lost.from, first == 0 ? 0U : 1U) << topic;
            EXPECT_EQ(lost.to, first) << topic << ": the range in front of the page";
            EXPECT_EQ(lost.count, first);
        } else {
            EXPECT_EQ(lost.from, f.at.offset + 1) << topic << ": lost what it has, or not all";
            EXPECT_EQ(lost.count, lost.to - lost.from + 1);
            EXPECT_LE(lost.to, page.head.offset);
            f.lost += lost.count;
            f.at.offset = lost.to;
        }
        f.losses.push_back(lost);
    }
    for (auto const& m : page.messages) {
        EXPECT_EQ(m->at.epoch, f.at.epoch);
        EXPECT_EQ(m->at.offset, f.at.offset + 1) << topic << ": a hole or a repetition in a page";
        truth_->seen(*m);
        f.at = m->at;
        ++f.seen;
    }
    if (page.more) {
        ASSERT_FALSE(page.messages.empty());
        f.waits_for = last_read_ + 1;
        read({.topic = topic, .at = f.at, .messages_max = f.per_page});
        return;
    }
    EXPECT_EQ(f.at, page.head) << topic << ": no more, but the head was not reached";
    f.live = true;
}

void broker_witness::follow_message(view& v, message const& m) {
    auto& f = v.follows;
    if (!f.live) return;
    EXPECT_EQ(m.at.offset, f.at.offset + 1) << m.topic << ": a hole at the hand-over";
    EXPECT_EQ(m.at.epoch, f.at.epoch);
    f.at = m.at;
    ++f.seen;
}

void broker_witness::merge(std::string const& topic, std::uint32_t per_page) {
    auto& s = of(topic).merges;
    s = {.active = true, .per_page = per_page};
    s.waits_for = last_read_ + 1;
    read({.topic = topic, .kind = log_query::what::state, .messages_max = per_page});
}

void broker_witness::merge_page(view& v, std::string const& topic, log_page const& page) {
    std::uint64_t last = 0;
    for (auto const& m : page.messages) {
        EXPECT_GT(m->at.offset, last) << topic << ": a page of a state is not in order";
        last = m->at.offset;
        merge_message(v, *m);
    }
    v.merges.whole = !page.more;
    if (!page.more) return;
    v.merges.waits_for = last_read_ + 1;
    read({.topic = topic,
          .kind = log_query::what::state,
          .at = position{page.head.epoch, last},
          .messages_max = v.merges.per_page});
}

void broker_witness::merge_message(view& v, message const& m) {
    if (m.key.empty()) return;
    auto& known = v.merges.keys[m.key];
    if (known.first < m.at.offset) known = {m.at.offset, m.payload != "null"};
}

void broker_witness::watch(std::string const& topic) {
    auto& w = of(topic).watches;
    w = {.active = true};
    w.waits_for = last_read_ + 1;
    ask_members(topic);
}

void broker_witness::on_read(read_ticket ticket, result<log_page> page) {
    auto const asked = asked_.extract(ticket);
    ASSERT_FALSE(asked.empty()) << "a page that nobody waits for";
    auto const& topic = asked.mapped();
    auto& v = of(topic);
    auto const& kept = pages_.emplace(ticket, std::move(page)).first->second;
    if (!kept.has_value()) {
        EXPECT_EQ(kept.error().code, errc::unavailable);
        return;
    }
    if (v.attached) {
        EXPECT_EQ(kept->head, v.tail) << topic << ": a page that is not in the topic's order";
    }
    if (v.follows.active && v.follows.waits_for == ticket) follow_page(v, topic, *kept);
    if (v.merges.active && v.merges.waits_for == ticket) merge_page(v, topic, *kept);
}

void broker_witness::on_members(read_ticket ticket, result<presence_page> page) {
    auto const asked = asked_.extract(ticket);
    ASSERT_FALSE(asked.empty()) << "a page that nobody waits for";
    auto& w = of(asked.mapped()).watches;
    if (page.has_value()) {
        for (std::size_t i = 1; i < page->members.size(); ++i) {
            EXPECT_LT(page->members[i - 1].user, page->members[i].user);
        }
    }
    if (page.has_value() && w.active && w.waits_for == ticket) {
        w.paged = true;
        w.version = page->version;
        EXPECT_EQ(page->total, page->members.size());
        for (auto const& m : page->members) w.users[m.user] = m.info;
    }
    member_pages_.emplace(ticket, std::move(page));
}

void broker_witness::on_presence(presence_change_ptr change) {
    auto& v = of(change->topic);
    auto& w = v.watches;
    EXPECT_FALSE(change->joined.empty() && change->left.empty());
    if (v.attached && w.paged) {
        EXPECT_EQ(change->version, w.version + 1) << "a change was lost or came twice";
        w.version = change->version;
        for (auto const& m : change->joined) {
            w.users.insert_or_assign(m.user, m.info);
        }
        for (auto const& user : change->left) w.users.erase(user);
    }
    changes_.push_back(std::move(change));
}

void broker_witness::check() const {
    EXPECT_TRUE(asked_.empty()) << "a read without an answer";
    for (auto const& [topic, v] : views_) {
        EXPECT_EQ(v.answers_due, 0U) << topic << ": attach without an answer";
        EXPECT_EQ(v.wanted, v.attached) << topic;
        if (v.attached) {
            EXPECT_EQ(v.tail.offset, truth_->head(topic, v.tail.epoch))
                << topic << ": lost the end";
        }
        if (v.attached && v.follows.active) {
            EXPECT_TRUE(v.follows.live) << topic;
            EXPECT_EQ(v.follows.at, v.tail) << topic << ": a follower is behind";
        }
        if (v.attached && v.merges.active) {
            EXPECT_TRUE(v.merges.whole) << topic;
            std::map<std::string, std::uint64_t> merged;
            for (auto const& [key, what] : v.merges.keys) {
                if (what.second) merged[key] = what.first;
            }
            EXPECT_EQ(merged, truth_->state(topic, v.tail.epoch)) << topic;
        }
    }
}

}  // namespace weir
