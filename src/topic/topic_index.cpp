#include <weir/base/assert.hpp>
#include <weir/topic/topic_index.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <span>

namespace weir {
namespace {

/// Subscribers are scattered over the heap, and the loop's time is their first cache line.
constexpr std::ptrdiff_t prefetch_slots = 8;

/// Messages of one topic that are fanned out side by side: as many as a transport writes at once.
constexpr std::size_t run_max = 64;

struct run_item {
    std::uint64_t offset;
    delivery* what;
};

/// The hottest loop of the server. All messages of a run go to one subscriber before the next, so
/// that they leave in one write of its connection and its memory is touched once. Empty and
/// waiting slots fail the same comparison as those that joined behind the message.
template <class Slot>
void deliver_to(Slot const* at, Slot const* const end, std::span<run_item const> run) {
    auto const give = [run](Slot const& s) {
        for (run_item const& r : run) {
            if (r.offset > s.after) s.who->deliver(*r.what);  // it may leave: looked up each time
        }
    };
    auto const* const far_end = end - std::min(prefetch_slots, end - at);
    for (; at != far_end; ++at) {
        __builtin_prefetch(at[prefetch_slots].who);
        give(*at);
    }
    for (; at != end; ++at) give(*at);
}

}  // namespace

struct topic_index::job {
    topic_entry* topic;
    std::uint32_t life;  ///< of the topic when the message came
    delivery what;
};

struct topic_index::queue {
    /// A change of presence, and how far it is among the topic's watchers.
    struct telling {
        topic_entry* topic;
        presence_delivery what;
        std::size_t next = 0;
        std::size_t end = 0;  ///< who came later has asked for a page that has it
    };
    std::deque<telling> tellings;
    std::deque<job> jobs;
    std::size_t run = 0;   ///< the first so many jobs are under way together; 0: none
    std::size_t next = 0;  ///< the slot they go on with
    std::size_t item = 0;  ///< what that slot has of the run already
    std::size_t bytes = 0;

    /// Takes up the first job and those behind it that are of the same topic, at most `budget`.
    void begin(std::size_t budget) {
        job const& first = jobs.front();
        auto const most = std::min({jobs.size(), run_max, budget});
        next = item = 0;
        for (run = 1; run != most; ++run) {
            if (jobs[run].topic != first.topic || jobs[run].life != first.life) break;
        }
    }
};

topic_index::topic_index(topic_interest& broker)
    : broker_(broker), queue_(std::make_unique<queue>()) {}

topic_index::~topic_index() = default;

std::pair<topic_entry*, std::uint32_t> topic_index::join(std::string_view topic, subscriber& who,
                                                         bool live) {
    auto& entry = entry_of(topic);
    auto slot = static_cast<std::uint32_t>(live ? entry.slots_.size() : entry.held_.size());
    if (live) {
        entry.slots_.push_back({&who, topic_entry::not_yet});
    } else {
        entry.held_.push_back(&who);
        slot |= topic_entry::held_bit;
    }
    ++entry.live_;
    ++subscriptions_;

    pin(entry);  // a refusal from inside attach() would end it
    if (entry.attached_) {
        if (live) entry.slots_[slot].after = entry.tail_.offset;
        who.joined(entry, entry.tail_);
    } else if (!entry.wanted_) {
        entry.wanted_ = true;
        ++entry.answers_due_;
        broker_.attach(entry.name_);
    }
    bool const refused = live ? entry.slots_[slot].who == nullptr
                              : entry.held_[slot & ~topic_entry::held_bit] == nullptr;
    let_go(entry);
    if (refused) return {nullptr, 0};
    return {&entry, slot};
}

void topic_index::use_tail(topic_entry& topic) {
    if (topic.tail_users_++ != 0) return;
    topic_policy const& rule = policy(topic);
    topic_tail::kind const kind{.conflates = rule.slow == slow_policy::conflate,
                                .keeps_volatile = rule.state != state_kind::none};
    auto const& q = *queue_;
    bool const under_way =
        q.run != 0 && q.jobs.front().topic == &topic && q.jobs.front().life == topic.life_;
    position begin{topic.tail_.epoch, topic.begun_};
    if (under_way) begin.offset = q.jobs.front().what.what().at.offset - 1;
    topic.tail_of_ = std::make_unique<topic_tail>(tail_bounds_, kind, begin);
    for (std::size_t i = 0; under_way && i != q.run; ++i) {
        topic.tail_of_->append(q.jobs[i].what.shared());
    }
}

void topic_index::release_tail(topic_entry& topic) noexcept {
    WEIR_ASSERT(topic.tail_users_ != 0);
    if (--topic.tail_users_ == 0) topic.tail_of_.reset();
}

topic_policy const& topic_index::policy(topic_entry& topic) const {
    if (topic.generation_ != generation_) {
        topic.policy_ = broker_.policy_of(topic.name_);
        topic.generation_ = generation_;
    }
    return topic.policy_;
}

void topic_index::watch(topic_entry& topic, subscriber& who) {
    if (!topic.watchers_) topic.watchers_ = std::make_unique<topic_entry::watcher_list>();
    auto& [all, places] = *topic.watchers_;
    if (places.try_emplace(&who, static_cast<std::uint32_t>(all.size())).second) {
        all.push_back(&who);
    }
}

void topic_index::unwatch(topic_entry& topic, subscriber& who) noexcept {
    if (!topic.watchers_) return;
    auto& [all, places] = *topic.watchers_;
    auto const known = places.find(&who);
    if (known == places.end()) return;
    all[known->second] = nullptr;
    places.erase(known);
    if (topic.jobs_ == 0) compact_watchers(topic);
}

void topic_index::on_presence(presence_change_ptr change) {
    auto* const topic = find(change->topic);
    if (topic == nullptr || !topic->watchers_ || topic->watchers_->places.empty()) return;
    pin(*topic);
    queue_->tellings.push_back({.topic = topic,
                                .what = presence_delivery(std::move(change)),
                                .end = topic->watchers_->all.size()});
}

/// At most so many watchers; how many it were.
std::size_t topic_index::tell_watchers(std::size_t budget) {
    auto& tellings = queue_->tellings;
    std::size_t told = 0;
    while (!tellings.empty() && told != budget) {
        auto& first = tellings.front();
        auto& topic = *first.topic;
        for (; first.next != first.end && told != budget; ++told) {
            auto* const who = topic.watchers_->all[first.next++];
            if (who != nullptr) who->presence_changed(topic, first.what);
        }
        if (first.next != first.end) break;
        tellings.pop_front();
        let_go(topic);
    }
    return told;
}

/// Nothing holds the topic: once half of the places are empty, those behind move up.
void topic_index::compact_watchers(topic_entry& topic) noexcept {
    if (!topic.watchers_) return;
    auto& [all, places] = *topic.watchers_;
    if (places.size() * 2 > all.size()) return;
    if (places.empty()) return topic.watchers_.reset();
    std::erase(all, nullptr);
    for (std::uint32_t i = 0; i != all.size(); ++i) places.find(all[i])->second = i;
}

topic_entry* topic_index::find(std::string_view topic) noexcept {
    auto const at = topics_.find(topic);
    return at == topics_.end() || at->second->live_ == 0 ? nullptr : at->second.get();
}

void topic_index::on_attached(std::string_view topic, result<position> at) {
    auto const found = topics_.find(topic);
    if (found == topics_.end() || found->second->answers_due_ == 0) return;
    auto& entry = *found->second;
    pin(entry);
    --entry.answers_due_;
    // Earlier answers belong to attachments that were taken back since.
    if (entry.answers_due_ == 0 && entry.wanted_) {
        if (at.has_value()) {
            accept(entry, at);
        } else {
            refuse(entry, at);
        }
    }
    let_go(entry);
}

void topic_index::on_message(message_ptr m) {
    auto const found = topics_.find(m->topic);
    if (found == topics_.end() || !found->second->attached_) return;
    auto& entry = *found->second;
    WEIR_ASSERT(m->at.epoch == entry.tail_.epoch && m->at.offset > entry.tail_.offset);
    entry.tail_ = m->at;
    pin(entry);
    queue_->bytes += stored_bytes(*m);
    queue_->jobs.push_back({&entry, entry.life_, delivery(entry, std::move(m))});
}

bool topic_index::fan_out(std::size_t budget) {
    auto& q = *queue_;
    budget -= tell_watchers(std::min(budget, std::max<std::size_t>(budget / 4, 1)));
    while (!q.jobs.empty() && budget != 0) {
        if (q.run == 0) {
            q.begin(budget);
            begin_run();
        }
        auto& topic = *q.jobs.front().topic;
        bool const alive = q.jobs.front().life == topic.life_;
        if (alive && q.next != topic.slots_.size()) {
            budget -= advance_run(topic, budget);
            // No slot goes away or changes its number while the jobs hold the topic.
            if (q.next != topic.slots_.size()) continue;
        } else {
            budget -= std::min(budget, q.run);  // jobs without receivers are not free either
        }
        auto const done = std::exchange(q.run, 0);
        for (std::size_t i = 0; i != done; ++i) {
            q.bytes -= stored_bytes(q.jobs.front().what.what());
            q.jobs.pop_front();
            let_go(topic);
        }
    }
    tell_watchers(budget);
    return !idle();
}

/// What a fan-out has begun with belongs to the tail.
void topic_index::begin_run() {
    auto& q = *queue_;
    topic_entry& topic = *q.jobs.front().topic;
    if (q.jobs.front().life != topic.life_) return;
    topic.begun_ = q.jobs[q.run - 1].what.what().at.offset;
    for (std::size_t i = 0; topic.tail_of_ && i != q.run; ++i) {
        topic.tail_of_->append(q.jobs[i].what.shared());
    }
}

/// Takes the run on by at most `budget` deliveries and answers how many it used: whole slots, or,
/// where the budget is smaller than the run, part of one.
std::size_t topic_index::advance_run(topic_entry& topic, std::size_t budget) {
    auto& q = *queue_;
    std::array<run_item, run_max> run;
    for (std::size_t i = 0; i != q.run; ++i) {
        run[i] = {q.jobs[i].what.what().at.offset, &q.jobs[i].what};
    }
    auto const* const first = topic.slots_.data() + q.next;
    if (q.item == 0 && budget >= q.run) {
        auto const slots = std::min(topic.slots_.size() - q.next, budget / q.run);
        q.next += slots;
        deliver_to(first, first + slots, std::span<run_item const>(run.data(), q.run));
        return slots * q.run;
    }
    auto const items = std::min(budget, q.run - q.item);
    auto const from = std::exchange(q.item, q.item + items);
    if (q.item == q.run) {
        q.item = 0;
        ++q.next;
    }
    deliver_to(first, first + 1, std::span<run_item const>(run.data() + from, items));
    return items;
}

bool topic_index::idle() const noexcept {
    return queue_->jobs.empty() && queue_->tellings.empty();
}
std::size_t topic_index::backlog() const noexcept {
    return queue_->jobs.size();
}
std::size_t topic_index::backlog_bytes() const noexcept {
    return queue_->bytes;
}
std::size_t topic_index::topics() const noexcept {
    return topics_.size();
}
std::size_t topic_index::subscriptions() const noexcept {
    return subscriptions_;
}

topic_entry& topic_index::entry_of(std::string_view topic) {
    if (auto const known = topics_.find(topic); known != topics_.end()) return *known->second;
    auto made = std::make_unique<topic_entry>();
    made->name_ = topic;
    std::string_view const name = made->name_;
    return *topics_.emplace(name, std::move(made)).first->second;
}

void topic_index::accept(topic_entry& topic, result<position> const& at) {
    topic.attached_ = true;
    topic.tail_ = *at;
    topic.begun_ = at->offset;
    auto const waiting = topic.slots_.size();
    auto const held = topic.held_.size();
    for (std::size_t i = 0; i != waiting; ++i) {
        auto& slot = topic.slots_[i];
        if (slot.who == nullptr) continue;
        if (slot.after != topic_entry::on_hold) slot.after = at->offset;
        slot.who->joined(topic, at);
    }
    for (std::size_t i = 0; i != held; ++i) {
        if (auto* const who = topic.held_[i]) who->joined(topic, at);
    }
}

void topic_index::refuse(topic_entry& topic, result<position> const& why) {
    topic.wanted_ = false;
    auto const waiting = topic.slots_.size();
    for (std::size_t i = 0; i != waiting; ++i) {
        auto* const who = std::exchange(topic.slots_[i], {}).who;
        if (who == nullptr) continue;
        --topic.live_;
        --subscriptions_;
        who->joined(topic, why);
    }
    topic.to_hold_ = 0;
    for (auto*& held : topic.held_) {
        auto* const who = std::exchange(held, nullptr);
        if (who == nullptr) continue;
        --topic.live_;
        --subscriptions_;
        who->joined(topic, why);
    }
}

void topic_index::let_go(topic_entry& topic) {
    if (--topic.jobs_ == 0) settle(topic);
}

}  // namespace weir
