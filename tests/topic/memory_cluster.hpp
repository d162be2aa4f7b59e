#pragma once

#include "topic/broker_conformance.hpp"

#include <weir/topic/memory_broker.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

/// Memory brokers of one process without its threads: the next mail to arrive is drawn among the
/// first ones of all pairs.
class memory_cluster final : public broker_cluster, public broker_post, public policy_source {
public:
    explicit memory_cluster(cluster_wish const& wish) : random_(wish.seed), policy_(wish.policy) {
        auto const shards = static_cast<unsigned>(wish.listeners.size());
        stalled_.resize(shards);
        waiting_.resize(std::size_t{shards} * shards);
        for (unsigned i = 0; i != shards; ++i) {
            memory_broker_settings const settings{.shard = i,
                                                  .shards = shards,
                                                  .topics_max = wish.topics_max,
                                                  .backlog_messages_max = wish.backlog_max,
                                                  .dedupe_window = wish.dedupe_window,
                                                  .dedupe_max = wish.dedupe_max};
            members_.push_back(std::make_unique<memory_broker>(
                settings, shared_, *this, *wish.listeners[i], *this, counts_.emplace_back()));
            members_.back()->upkeep().on_tick(time_);
        }
    }

    memory_broker& member(unsigned i) override { return *members_.at(i); }
    unsigned member_for(std::string_view topic) const override {
        return memory_broker::home_of(topic, static_cast<unsigned>(members_.size()));
    }
    memory_broker_shared const& shared() const { return shared_; }
    std::size_t mails() const { return mails_; }

    bool pump() override {
        std::vector<std::size_t> ready;
        for (std::size_t pair = 0; pair != waiting_.size(); ++pair) {
            if (!waiting_[pair].empty() && !stalled_[to(pair)]) ready.push_back(pair);
        }
        if (ready.empty()) return false;
        auto const pair = random_.pick(ready);
        auto mail = std::move(waiting_[pair].front());
        waiting_[pair].pop_front();
        members_[to(pair)]->on_mail(std::move(mail));
        return true;
    }
    void forget_quiet() override {
        time_ += seconds{61};
        for (auto& m : members_) m->upkeep().on_tick(time_);
    }
    void pass(seconds time) override {
        for (; time > seconds{0}; time -= seconds{1}) {
            time_ += seconds{1};
            for (auto& m : members_) m->upkeep().on_tick(time_);
            settle();
        }
    }
    void stall(unsigned i) override { stalled_.at(i) = true; }
    void release(unsigned i) override { stalled_.at(i) = false; }

private:
    topic_policy policy_of(std::string_view topic) const override {
        return policy_ ? policy_(topic) : topic_policy{};
    }
    void post(unsigned shard, broker_mail mail) override {
        ++mails_;
        EXPECT_NE(shard, mail.from) << "mail to itself";
        waiting_.at(mail.from * members_.size() + shard).push_back(std::move(mail));
    }
    shard_backlog mail_waiting(unsigned shard) const override {
        shard_backlog all;
        for (std::size_t from = 0; from != members_.size(); ++from) {
            auto const& mails = waiting_.at(from * members_.size() + shard);
            all.messages += mails.size();
            for (auto const& mail : mails) all.bytes += mail_bytes(mail);
        }
        return all;
    }
    shard_backlog backlog(unsigned shard) const override { return mail_waiting(shard); }
    bool bring(unsigned, memory_broker&, std::size_t) override { return false; }
    std::size_t to(std::size_t pair) const { return pair % members_.size(); }

    dice random_;
    std::function<topic_policy(std::string_view)> policy_;
    memory_broker_shared shared_;
    std::deque<observer> counts_;
    std::vector<std::unique_ptr<memory_broker>> members_;
    std::vector<std::deque<broker_mail>> waiting_;  ///< by sender, then receiver
    std::vector<bool> stalled_;
    mono_time time_ = mono_time{} + seconds{100'000};
    std::size_t mails_ = 0;
};

}  // namespace weir
