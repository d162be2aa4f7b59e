#include <weir/base/assert.hpp>
#include <weir/topic/topic_index.hpp>

#include <algorithm>
#include <deque>

namespace weir {
namespace {

/// Subscribers are scattered over the heap, and the loop's time is their first cache line.
constexpr std::ptrdiff_t prefetch_slots = 8;

/// An array keeps at most four times the room it needs.
constexpr std::size_t slack_max = 4;
constexpr std::size_t slots_kept = 64;

/// The hottest loop of the server. Empty and waiting slots fail the same comparison as those that
/// joined behind the message.
template <class Slot>
void deliver_to(Slot const* at, Slot const* const end, delivery& d) {
    auto const offset = d.what().at.offset;
    auto const* const far_end = end - std::min(prefetch_slots, end - at);
    for (; at != far_end; ++at) {
        __builtin_prefetch(at[prefetch_slots].who);
        if (offset > at->after) at->who->deliver(d);
    }
    for (; at != end; ++at) {
        if (offset > at->after) at->who->deliver(d);
    }
}

}  // namespace

struct topic_index::job {
    topic_entry* topic;
    std::uint32_t life;  ///< of the topic when the message came
    std::uint32_t next;  ///< the slot to go on with
    delivery what;
};

struct topic_index::queue {
    std::deque<job> jobs;
};

topic_index::topic_index(topic_interest& broker)
    : broker_(broker), queue_(std::make_unique<queue>()) {}

topic_index::~topic_index() = default;

std::pair<topic_entry*, std::uint32_t> topic_index::join(std::string_view topic, subscriber& who) {
    auto& entry = entry_of(topic);
    auto const slot = static_cast<std::uint32_t>(entry.slots_.size());
    entry.slots_.push_back({&who, topic_entry::not_yet});
    ++entry.live_;
    ++subscriptions_;

    hold(entry);  // a refusal from inside attach() would end it
    if (entry.attached_) {
        entry.slots_[slot].after = entry.tail_.offset;
        who.joined(entry, entry.tail_);
    } else if (!entry.wanted_) {
        entry.wanted_ = true;
        ++entry.answers_due_;
        broker_.attach(entry.name_);
    }
    bool const refused = entry.slots_[slot].who == nullptr;
    let_go(entry);
    if (refused) return {nullptr, 0};
    return {&entry, slot};
}

void topic_index::leave(topic_entry& topic, std::uint32_t slot) {
    auto& slots = topic.slots_;
    WEIR_ASSERT(slot < slots.size() && slots[slot].who != nullptr);
    --topic.live_;
    --subscriptions_;
    if (topic.jobs_ != 0) {
        slots[slot] = {};
    } else {
        auto const last = static_cast<std::uint32_t>(slots.size() - 1);
        slots[slot] = slots[last];
        slots.pop_back();
        if (slot != last) slots[slot].who->moved(topic, last, slot);
    }
    if (topic.live_ == 0 && topic.wanted_) {
        topic.wanted_ = false;
        topic.attached_ = false;
        ++topic.life_;
        broker_.detach(topic.name_);
    }
    if (topic.jobs_ == 0) settle(topic);
}

topic_entry* topic_index::find(std::string_view topic) noexcept {
    auto const at = topics_.find(topic);
    return at == topics_.end() || at->second->live_ == 0 ? nullptr : at->second.get();
}

void topic_index::on_attached(std::string_view topic, result<position> at) {
    auto const found = topics_.find(topic);
    if (found == topics_.end() || found->second->answers_due_ == 0) return;
    auto& entry = *found->second;
    hold(entry);
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
    hold(entry);
    queue_->jobs.push_back({&entry, entry.life_, 0, delivery(std::move(m))});
}

bool topic_index::fan_out(std::size_t budget) {
    auto& jobs = queue_->jobs;
    while (!jobs.empty() && budget != 0) {
        auto& current = jobs.front();
        auto& topic = *current.topic;
        std::size_t passed = 0;
        if (current.life == topic.life_) {
            // No slot goes away or changes its number while the job holds the topic.
            auto const left = topic.slots_.size() - current.next;
            passed = std::min(budget, left);
            auto const* const first = topic.slots_.data() + current.next;
            deliver_to(first, first + passed, current.what);
            budget -= passed;
            if (passed != left) {
                current.next += static_cast<std::uint32_t>(passed);
                return true;
            }
        }
        if (passed == 0) --budget;  // a job without receivers is not free either
        jobs.pop_front();
        let_go(topic);
    }
    return !jobs.empty();
}

bool topic_index::idle() const noexcept {
    return queue_->jobs.empty();
}
std::size_t topic_index::backlog() const noexcept {
    return queue_->jobs.size();
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
    auto const waiting = topic.slots_.size();
    for (std::size_t i = 0; i != waiting; ++i) {
        auto& slot = topic.slots_[i];
        if (slot.who == nullptr) continue;
        slot.after = at->offset;
        slot.who->joined(topic, at);
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
}

void topic_index::let_go(topic_entry& topic) {
    if (--topic.jobs_ == 0) settle(topic);
}

/// Nothing holds the topic: its slots may move, and an empty one may go, unless an answer is due
/// that a later attachment could take for its own.
void topic_index::settle(topic_entry& topic) {
    if (topic.slots_.size() != topic.live_) compact(topic);
    auto& slots = topic.slots_;
    if (slots.capacity() > std::max(slots_kept, slack_max * slots.size())) slots.shrink_to_fit();
    if (topic.live_ == 0 && topic.answers_due_ == 0) topics_.erase(topics_.find(topic.name_));
}

/// Fills the gaps from the end.
void topic_index::compact(topic_entry& topic) {
    auto& slots = topic.slots_;
    for (std::size_t gap = 0;; ++gap) {
        while (!slots.empty() && slots.back().who == nullptr) slots.pop_back();
        while (gap < slots.size() && slots[gap].who != nullptr) ++gap;
        if (gap >= slots.size()) return;
        auto const last = slots.size() - 1;
        slots[gap] = slots[last];
        slots.pop_back();
        slots[gap].who->moved(topic, static_cast<std::uint32_t>(last),
                              static_cast<std::uint32_t>(gap));
    }
}

}  // namespace weir
