#pragma once

#include "topic/broker_answers.hpp"
#include "topic/broker_conformance.hpp"

#include <weir/topic/memory_broker.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

/// One shard alone, or one whose siblings exist only as a post that keeps what it is given.
struct lone_shard final : broker_post, broker_listener, policy_source {
    explicit lone_shard(memory_broker_settings settings)
        : broker(settings, shared, *this, *this, *this, counts) {
        tick(seconds{0});
    }

    void post(unsigned shard, broker_mail mail) override {
        sent.emplace_back(shard, std::move(mail));
    }
    shard_backlog mail_waiting(unsigned shard) const override {
        auto const known = mails.find(shard);
        return known == mails.end() ? shard_backlog{} : known->second;
    }
    shard_backlog backlog(unsigned shard) const override {
        auto all = mail_waiting(shard);
        auto const known = fan_outs.find(shard);
        if (known == fan_outs.end()) return all;
        all.messages += known->second.messages;
        all.bytes += known->second.bytes;
        return all;
    }
    bool bring(unsigned, memory_broker&, std::size_t) override { return false; }
    void on_attached(std::string_view topic, result<position> at) override {
        attached.emplace_back(topic, std::move(at));
    }
    void on_published(publish_ticket, result<position> at) override {
        published.push_back(std::move(at));
    }
    void on_message(message_ptr m) override { messages.push_back(std::move(m)); }
    void on_read(read_ticket, result<log_page> page) override { pages.push_back(std::move(page)); }
    void on_members(read_ticket, result<presence_page> page) override {
        member_pages.push_back(std::move(page));
    }
    void on_presence(presence_change_ptr change) override { changes.push_back(std::move(change)); }
    topic_policy policy_of(std::string_view topic) const override {
        auto const known = policies.find(topic);
        return known == policies.end() ? topic_policy{} : known->second;
    }

    result<position> publish(publication p) {
        broker.publish(std::move(p), 1);
        return published.back();
    }
    result<position> publish(std::string topic, std::string payload = "1") {
        return publish(make_publication(std::move(topic), std::move(payload)));
    }
    result<log_page> read(log_query q) {
        broker.read(std::move(q), 1);
        return pages.back();
    }
    result<position> attach(std::string_view topic) {
        broker.attach(topic);
        return attached.back().second;
    }
    void tick(seconds later) { broker.upkeep().on_tick(time += later); }
    /// As time passes in the server: a tick a second.
    void pass(seconds how_long) {
        for (; how_long > seconds{0}; how_long -= seconds{1}) tick(seconds{1});
    }
    std::vector<broker_topic> list(std::string after, std::size_t max) {
        return list_of(broker, std::move(after), max);
    }
    std::optional<broker_topic> facts(std::string topic) {
        return facts_of(broker, std::move(topic));
    }
    /// The newest position of a topic.
    std::optional<position> find(std::string topic) {
        auto const known = facts(std::move(topic));
        return known ? std::optional(known->at) : std::nullopt;
    }
    std::size_t topics() const { return counts.topics.read(); }
    std::size_t history_bytes() const { return counts.history_bytes.read(); }
    std::uint64_t limited(limit_kind which) const { return at(counts.limited, which).read(); }
    std::vector<std::string> names() {
        std::vector<std::string> out;
        for (auto const& facts : list("", 100)) out.push_back(facts.name);
        return out;
    }

    memory_broker_shared shared;
    observer counts;
    std::map<unsigned, shard_backlog> mails;
    std::map<unsigned, shard_backlog> fan_outs;
    std::vector<std::pair<unsigned, broker_mail>> sent;
    std::vector<std::pair<std::string, result<position>>> attached;
    std::vector<result<position>> published;
    std::vector<message_ptr> messages;
    std::vector<result<log_page>> pages;
    std::vector<result<presence_page>> member_pages;
    std::vector<presence_change_ptr> changes;
    std::map<std::string, topic_policy, std::less<>> policies;
    mono_time time = mono_time{} + seconds{1'000'000};
    memory_broker broker;
};

/// A topic whose home is that shard.
inline std::string topic_at(unsigned home, unsigned shards) {
    for (int i = 0;; ++i) {
        auto name = "t" + std::to_string(i);
        if (memory_broker::home_of(name, shards) == home) return name;
    }
}

using offsets = std::vector<std::uint64_t>;

inline offsets on(result<log_page> const& page) {
    offsets out;
    for (auto const& m : page->messages) out.push_back(m->at.offset);
    return out;
}
inline topic_policy with_history(std::uint32_t messages, seconds age = seconds{0}) {
    topic_policy p;
    p.history = {.messages = messages, .age = age};
    return p;
}
inline topic_policy with_keys(std::uint32_t keys) {
    topic_policy p;
    p.state = state_kind::keyed;
    p.state_keys = keys;
    return p;
}
inline publication keyed(std::string topic, std::string key, std::string payload = "1") {
    auto p = make_publication(std::move(topic), std::move(payload));
    p.key = std::move(key);
    return p;
}
inline std::size_t size_of(std::string const& topic, std::size_t payload = 1) {
    return message_overhead_bytes + topic.size() + payload;
}

}  // namespace weir
