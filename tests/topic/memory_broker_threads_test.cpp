// The memory broker as the server runs it: one thread a shard, mail by a locked queue.

#include "topic/broker_conformance.hpp"

#include <weir/topic/memory_broker.hpp>

#include <gtest/gtest.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace weir {
namespace {

constexpr unsigned shards = 3;
constexpr unsigned publishes = 300;  // by each shard
constexpr std::size_t expected = std::size_t{shards} * publishes;

class post_office final : public broker_post {
public:
    void post(unsigned shard, broker_mail mail) override {
        auto& box = boxes_.at(shard);
        {
            std::scoped_lock const lock(box.mutex);
            box.mails.push_back(std::move(mail));
        }
        box.filled.notify_one();
    }
    shard_backlog mail_waiting(unsigned shard) const override {
        auto& box = boxes_.at(shard);
        std::scoped_lock const lock(box.mutex);
        return {.messages = box.mails.size()};
    }
    shard_backlog backlog(unsigned shard) const override { return mail_waiting(shard); }
    bool bring(unsigned, memory_broker&, std::size_t) override { return false; }
    broker_mail take(unsigned shard) {
        auto& box = boxes_.at(shard);
        std::unique_lock lock(box.mutex);
        box.filled.wait(lock, [&] { return !box.mails.empty(); });
        auto mail = std::move(box.mails.front());
        box.mails.pop_front();
        return mail;
    }
    bool empty(unsigned shard) const { return mail_waiting(shard).messages == 0; }

private:
    struct box {
        mutable std::mutex mutex;
        std::condition_variable filled;
        std::deque<broker_mail> mails;
    };
    std::vector<box> boxes_ = std::vector<box>(shards);
};

/// Follows two topics, publishes to both, and works until it has seen everything.
struct shard_thread final : broker_listener, policy_source {
    shard_thread(unsigned self, memory_broker_shared& shared, post_office& post)
        : self_(self),
          post_(post),
          broker({.shard = self, .shards = shards}, shared, post, *this, *this, counts) {}

    void on_attached(std::string_view, result<position> at) override { attached += at.has_value(); }
    void on_published(publish_ticket, result<position> at) override { stored += at.has_value(); }
    void on_message(message_ptr m) override { seen[m->topic == "b"].push_back(m->payload); }

    void on_read(read_ticket, result<log_page>) override {}
    void on_members(read_ticket, result<presence_page>) override {}
    void on_presence(presence_change_ptr) override {}
    topic_policy policy_of(std::string_view) const override { return {}; }

    void run(std::latch& all_attached) {
        broker.attach("a");
        broker.attach("b");
        // Siblings whose topics are at home here wait for this shard's answers.
        while (attached < 2) broker.on_mail(post_.take(self_));
        all_attached.count_down();
        while (!all_attached.try_wait()) {
            if (!post_.empty(self_)) broker.on_mail(post_.take(self_));
            std::this_thread::yield();
        }
        for (unsigned i = 0; i != publishes; ++i) {
            auto const text = std::to_string(self_) + "." + std::to_string(i);
            broker.publish(make_publication("a", text), i);
            broker.publish(make_publication("b", text), i);
            if (!post_.empty(self_)) broker.on_mail(post_.take(self_));
        }
        while (seen[0].size() + seen[1].size() < 2 * expected || stored < 2 * publishes) {
            broker.on_mail(post_.take(self_));
        }
    }

    unsigned const self_;
    post_office& post_;
    observer counts;
    memory_broker broker;
    unsigned attached = 0;
    unsigned stored = 0;
    std::vector<std::string> seen[2];
};

TEST(memory_broker_threads, all_shards_see_one_order) {
    memory_broker_shared shared;
    post_office post;
    std::vector<std::unique_ptr<shard_thread>> all;
    for (unsigned i = 0; i != shards; ++i) {
        all.push_back(std::make_unique<shard_thread>(i, shared, post));
    }
    std::latch all_attached(shards);
    {
        std::vector<std::jthread> threads;
        for (auto& s : all) threads.emplace_back([&] { s->run(all_attached); });
    }
    for (auto const& s : all) {
        for (unsigned topic = 0; topic != 2; ++topic) {
            EXPECT_EQ(s->seen[topic].size(), expected);
            EXPECT_EQ(s->seen[topic], all.front()->seen[topic]);
        }
        EXPECT_EQ(s->stored, 2 * publishes);
    }
    EXPECT_EQ(shared.topics.load(), 2U);
}

/// Publishes everything twice by its dedupe id, enters, reads what is kept, and follows presence.
struct keeping_thread final : broker_listener, policy_source {
    keeping_thread(unsigned self, memory_broker_shared& shared, post_office& post)
        : self_(self),
          post_(post),
          broker({.shard = self, .shards = shards, .history_bytes_max = bytes_max}, shared, post,
                 *this, *this, counts) {}

    static constexpr std::size_t bytes_max = 150'000;  // about half of what is published
    static constexpr unsigned phases = 3;

    void on_attached(std::string_view, result<position>) override { ++attached; }
    void on_published(publish_ticket, result<position> at) override {
        ++answers;
        EXPECT_TRUE(at.has_value());
    }
    void on_message(message_ptr m) override { newest[m->topic == "b"] = m->at; }
    void on_read(read_ticket ticket, result<log_page> page) override {
        EXPECT_EQ(page->head, newest[ticket]);
        pages[ticket] = std::move(page.value());
        ++answers;
    }
    void on_members(read_ticket, result<presence_page> page) override {
        EXPECT_EQ(page->version, version);
        EXPECT_EQ(page->total, shards);
        ++answers;
    }
    void on_presence(presence_change_ptr change) override { EXPECT_EQ(change->version, ++version); }
    topic_policy policy_of(std::string_view) const override {
        topic_policy p;
        p.history.messages = publishes;
        p.state = state_kind::keyed;
        p.presence = true;
        return p;
    }

    template <class Done>
    void serve_until(Done done) {
        while (!done()) {
            if (post_.empty(self_)) {
                std::this_thread::yield();
            } else {
                broker.on_mail(post_.take(self_));
            }
        }
    }
    void meet(std::latch& all) {
        all.count_down();
        serve_until([&] { return all.try_wait(); });
    }

    void run(std::array<std::latch, phases>& all) {
        for (auto const* topic : {"a", "b"}) broker.attach(topic);
        serve_until([&] { return attached == 2; });
        meet(all[0]);
        broker.enter("a", "user" + std::to_string(self_), "");
        for (unsigned i = 0; i != publishes; ++i) {
            auto p = make_publication(i % 2 == 0 ? "a" : "b", std::to_string(i));
            p.key = std::to_string(self_);
            p.dedupe = std::to_string(i);
            p.scope = std::to_string(self_);
            broker.publish(p, i);
            broker.publish(std::move(p), i);
            if (!post_.empty(self_)) broker.on_mail(post_.take(self_));
        }
        serve_until([&] { return answers == 2 * publishes; });
        meet(all[1]);  // all have published and entered
        broker.read({.topic = "a", .messages_max = publishes}, 0);
        broker.read({.topic = "b", .kind = log_query::what::state}, 1);
        broker.members("a", 10, 2);
        serve_until([&] { return answers == 2 * publishes + 3; });
        meet(all[2]);
    }

    unsigned const self_;
    post_office& post_;
    observer counts;
    memory_broker broker;
    unsigned attached = 0;
    unsigned answers = 0;
    std::uint64_t version = 0;
    position newest[2];
    log_page pages[2];
};

TEST(memory_broker_threads, all_shards_agree_on_what_is_kept) {
    memory_broker_shared shared;
    post_office post;
    std::vector<std::unique_ptr<keeping_thread>> all;
    for (unsigned i = 0; i != shards; ++i) {
        all.push_back(std::make_unique<keeping_thread>(i, shared, post));
    }
    std::array<std::latch, keeping_thread::phases> phases{std::latch(shards), std::latch(shards),
                                                          std::latch(shards)};
    {
        std::vector<std::jthread> threads;
        for (auto& s : all) threads.emplace_back([&] { s->run(phases); });
    }
    for (auto const& s : all) {
        EXPECT_EQ(s->newest[0].offset, expected / 2) << "executed twice";
        EXPECT_EQ(s->pages[0].messages, all.front()->pages[0].messages);
        EXPECT_EQ(s->pages[1].messages, all.front()->pages[1].messages);
        EXPECT_EQ(s->pages[1].messages.size(), shards) << "one for each key";
    }
    EXPECT_EQ(shared.dedupe_ids.load(), expected);
    EXPECT_LE(shared.history_bytes.load(), keeping_thread::bytes_max);
    std::uint64_t trimmed = 0;
    for (auto const& s : all) trimmed += at(s->counts.limited, limit_kind::history_bytes).read();
    EXPECT_GT(trimmed, 0U);
    all.clear();
    EXPECT_EQ(shared.dedupe_ids.load(), 0U);
    EXPECT_EQ(shared.history_bytes.load(), 0U);
}

}  // namespace
}  // namespace weir
