// The memory broker as the server runs it: one thread a shard, mail by a locked queue.

#include "topic/broker_conformance.hpp"

#include <weir/topic/memory_broker.hpp>

#include <gtest/gtest.h>

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
    std::size_t backlog(unsigned shard) const override {
        auto& box = boxes_.at(shard);
        std::scoped_lock const lock(box.mutex);
        return box.mails.size();
    }
    broker_mail take(unsigned shard) {
        auto& box = boxes_.at(shard);
        std::unique_lock lock(box.mutex);
        box.filled.wait(lock, [&] { return !box.mails.empty(); });
        auto mail = std::move(box.mails.front());
        box.mails.pop_front();
        return mail;
    }
    bool empty(unsigned shard) const { return backlog(shard) == 0; }

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
          broker({.shard = self, .shards = shards}, shared, post, *this, *this) {}

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

}  // namespace
}  // namespace weir
