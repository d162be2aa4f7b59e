#include "topic/home_table.hpp"

#include <algorithm>

namespace weir {

bool by_home_name::operator()(topic_home const* a, topic_home const* b) const noexcept {
    return *a->name_ < *b->name_;
}
bool by_home_name::operator()(std::string_view a, topic_home const* b) const noexcept {
    return a < *b->name_;
}
bool by_home_name::operator()(topic_home const* a, std::string_view b) const noexcept {
    return *a->name_ < b;
}

home_table::home_table(std::size_t topics_max, memory_broker_shared& shared)
    : topics_max_(topics_max), shared_(shared) {
    quiet_.before = quiet_.behind = &quiet_;
}

home_table::~home_table() {
    shared_.topics.fetch_sub(homes_.size(), std::memory_order_relaxed);
}

topic_home* home_table::find(std::string_view topic) noexcept {
    auto const at = homes_.find(topic);
    return at == homes_.end() ? nullptr : &at->second;
}

topic_home* home_table::find_or_create(std::string_view topic) {
    if (auto* const known = find(topic)) return known;
    forget_overdue(2, quiet_time);
    if (!take_place()) return nullptr;
    auto const [at, created] = homes_.try_emplace(std::string(topic));
    auto& home = at->second;
    home.name_ = &at->first;
    home.head.epoch = epochs_.next();
    home.in_order_ = in_order_.insert(&home).first;
    append_quiet(home);
    return &home;
}

void home_table::add_interest(topic_home& home, unsigned shard) {
    if (home.interest.empty()) unlink(home);
    home.interest.insert(shard);
}

void home_table::remove_interest(topic_home& home, unsigned shard) {
    if (!home.interest.contains(shard)) return;  // its attach was refused
    home.interest.erase(shard);
    if (home.interest.empty()) append_quiet(home);
}

position home_table::advance(topic_home& home) {
    if (home.interest.empty()) {
        unlink(home);
        append_quiet(home);
    }
    ++home.head.offset;
    return home.head;
}

void home_table::tick(mono_time at) {
    if (last_tick_ != never) clock_ += std::max(nanoseconds{0}, nanoseconds{at - last_tick_});
    last_tick_ = at;
    // At the limit, a sibling may have refused a topic while quiet ones stand here.
    bool const full = shared_.topics.load(std::memory_order_relaxed) >= topics_max_;
    forget_overdue(forgotten_a_tick, full ? seconds{0} : quiet_time);
}

std::vector<memory_broker::topic_facts> home_table::list(std::string_view after,
                                                         std::size_t max) const {
    std::vector<memory_broker::topic_facts> facts;
    for (auto at = in_order_.upper_bound(after); at != in_order_.end() && facts.size() < max;
         ++at) {
        topic_home const& home = **at;
        facts.push_back({*home.name_, home.head, home.interest.size()});
    }
    return facts;
}

/// One place of the limit, which all shards count together: a free one, or that of the topic that
/// was quiet for longest here.
bool home_table::take_place() {
    auto taken = shared_.topics.load(std::memory_order_relaxed);
    while (taken < topics_max_) {
        if (shared_.topics.compare_exchange_weak(taken, taken + 1, std::memory_order_relaxed)) {
            return true;
        }
    }
    if (quiet_.behind == &quiet_) return false;
    erase_longest_quiet();
    return true;
}

void home_table::erase_longest_quiet() {
    auto& home = static_cast<topic_home&>(*quiet_.behind);
    unlink(home);
    in_order_.erase(home.in_order_);
    homes_.erase(homes_.find(*home.name_));
}

void home_table::forget_overdue(std::size_t at_most, nanoseconds quiet_for) {
    for (; at_most != 0 && quiet_.behind != &quiet_; --at_most) {
        if (clock_ - static_cast<topic_home&>(*quiet_.behind).quiet_since_ < quiet_for) return;
        erase_longest_quiet();
        shared_.topics.fetch_sub(1, std::memory_order_relaxed);
    }
}

void home_table::append_quiet(topic_home& home) noexcept {
    home.quiet_since_ = clock_;
    home.before = quiet_.before;
    home.behind = &quiet_;
    quiet_.before->behind = &home;
    quiet_.before = &home;
}

void home_table::unlink(topic_home& home) noexcept {
    home.before->behind = home.behind;
    home.behind->before = home.before;
}

}  // namespace weir
