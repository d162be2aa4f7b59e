#include "topic/home_table.hpp"

#include <algorithm>

namespace weir {

bool by_home_name::operator()(topic_home const* a, topic_home const* b) const noexcept {
    return a->name() < b->name();
}
bool by_home_name::operator()(std::string_view a, topic_home const* b) const noexcept {
    return a < b->name();
}
bool by_home_name::operator()(topic_home const* a, std::string_view b) const noexcept {
    return a->name() < b;
}

home_table::home_table(memory_broker_settings const& settings, memory_broker_shared& shared,
                       policy_source const& policies, observer& counts)
    : settings_(settings), shared_(shared), policies_(policies), counts_(counts) {}

home_table::~home_table() {
    shared_.topics.fetch_sub(homes_.size(), std::memory_order_relaxed);
    shared_.history_bytes.fetch_sub(bytes_ + reserved_, std::memory_order_relaxed);
    shared_.logs[settings_.shard].oldest.store(memory_broker_shared::no_log);
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
    counts_.topics.set(homes_.size());
    return &home;
}

void home_table::add_interest(topic_home& home, unsigned shard) {
    home.interest.insert(shard);
    settle(home);
}

void home_table::remove_interest(topic_home& home, unsigned shard) {
    if (!home.interest.contains(shard)) return;  // its attach was refused
    home.interest.erase(shard);
    settle(home);
}

position home_table::advance(topic_home& home) {
    if (home.linked()) append_quiet(home);
    if (auto* const keep = home.keep_.get()) {
        if (ring_link<by_disuse>& unused = *keep; unused.linked()) unused_.append(unused);
    }
    ++home.head.offset;
    return home.head;
}

bool home_table::in_use(topic_home const& home) const noexcept {
    if (!home.interest.empty()) return true;
    auto const* const keep = home.keep_.get();
    if (keep == nullptr) return false;
    return keep->log.size() != 0 || keep->state.size() != 0 || clock_ < keep->known_until_ ||
           (keep->presence && !keep->presence->idle());
}

void home_table::settle(topic_home& home) noexcept {
    bool const used = in_use(home);
    if (used) {
        quiet_.remove(home);
    } else if (!home.linked()) {
        append_quiet(home);
    }
    auto* const keep = home.keep_.get();
    if (keep == nullptr) return;
    ring_link<by_disuse>& unused = *keep;
    bool const only_kept =
        used && home.interest.empty() && (!keep->presence || keep->presence->idle());
    if (!only_kept) {
        unused_.remove(unused);
    } else if (!unused.linked()) {
        unused_.append(unused);
    }
}

void home_table::tick(mono_time at) {
    if (last_tick_ != never) clock_ += std::max(nanoseconds{0}, nanoseconds{at - last_tick_});
    last_tick_ = at;
    if (reviewed_to_) review_policies();
    work_due(removed_a_tick);
    // At the limit, a sibling may have refused a topic while quiet ones stand here.
    bool const full = shared_.topics.load(std::memory_order_relaxed) >= settings_.topics_max;
    forget_overdue(forgotten_a_tick, full ? seconds{0} : quiet_time);
    auto const refusals = shared_.topics_refused.load(std::memory_order_relaxed);
    if (full) forget_unused(std::min(refusals - refusals_seen_, forgotten_a_tick));
    refusals_seen_ = refusals;
}

broker_topic home_table::facts_of(topic_home const& home) const {
    broker_topic facts{.name = home.name(), .at = home.head};
    if (auto const* const keep = home.keep_.get()) {
        facts.messages = keep->log.size();
        facts.bytes = keep->counted_;
        facts.state_keys = keep->state.size();
        if (keep->presence) facts.members = keep->presence->size();
    }
    return facts;
}

std::vector<broker_topic> home_table::list(std::string_view after, std::size_t max) const {
    std::vector<broker_topic> facts;
    for (auto at = in_order_.upper_bound(after); at != in_order_.end() && facts.size() < max;
         ++at) {
        facts.push_back(facts_of(**at));
    }
    return facts;
}

/// One place of the limit, which all shards count together: a free one, or that of the topic here
/// that was quiet for longest, or else unused for longest.
bool home_table::take_place() {
    auto taken = shared_.topics.load(std::memory_order_relaxed);
    while (taken < settings_.topics_max) {
        if (shared_.topics.compare_exchange_weak(taken, taken + 1, std::memory_order_relaxed)) {
            return true;
        }
    }
    if (!quiet_.empty()) {
        erase(quiet_.front());
    } else if (!unused_.empty()) {
        erase(*unused_.front().home);
        at(counts_.limited, limit_kind::topics).add();
    } else {
        at(counts_.limited, limit_kind::topics).add();
        shared_.topics_refused.fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    return true;
}

/// Its place in the count of all shards stays taken.
void home_table::erase(topic_home& home) {
    if (home.keep_) dissolve(home);
    quiet_.remove(home);
    in_order_.erase(home.in_order_);
    homes_.erase(homes_.find(home.name()));
    counts_.topics.set(homes_.size());
}

/// For siblings that found no place.
void home_table::forget_unused(std::size_t at_most) {
    for (; at_most != 0 && !unused_.empty(); --at_most) {
        erase(*unused_.front().home);
        at(counts_.limited, limit_kind::topics).add();
        shared_.topics.fetch_sub(1, std::memory_order_relaxed);
    }
}

void home_table::forget_overdue(std::size_t at_most, nanoseconds quiet_for) {
    for (; at_most != 0 && !quiet_.empty(); --at_most) {
        if (clock_ - quiet_.front().quiet_since_ < quiet_for) return;
        erase(quiet_.front());
        shared_.topics.fetch_sub(1, std::memory_order_relaxed);
    }
}

void home_table::append_quiet(topic_home& home) noexcept {
    home.quiet_since_ = clock_;
    quiet_.append(home);
}

}  // namespace weir
