#include "session/directory_table.hpp"

#include <weir/base/assert.hpp>

namespace weir {

milliseconds directory_entry::take(token_bucket::limit const& l, mono_time at) noexcept {
    std::int64_t was = bucket.load(std::memory_order_relaxed);
    for (;;) {  // ends: each round lost means that another thread took one
        bucket_step const s = step_bucket(mono_time(nanoseconds(was)), l, at);
        if (s.wait.count() != 0) return s.wait;
        std::int64_t const full = s.full.time_since_epoch().count();
        if (bucket.compare_exchange_weak(was, full, std::memory_order_relaxed)) return s.wait;
    }
}

void directory_entry::charge(token_bucket::limit const& l, mono_time at,
                             std::uint32_t tokens) noexcept {
    std::int64_t was = bucket.load(std::memory_order_relaxed);
    std::int64_t full = 0;
    do {
        mono_time const then = charge_bucket(mono_time(nanoseconds(was)), l, at, tokens);
        full = then.time_since_epoch().count();
    } while (!bucket.compare_exchange_weak(was, full, std::memory_order_relaxed));
}

directory_table::stripe& directory_table::stripe_of(std::string_view name) noexcept {
    // The high bits: the maps inside use the low ones.
    std::size_t const h = hash_(name);
    return stripes_[(h >> 48) % stripe_count];
}

directory_table::entries::iterator directory_table::find(stripe& s, std::string_view name,
                                                         mono_time at) {
    if (auto const found = s.by_name.find(name); found != s.by_name.end()) return found->second;
    entries made;
    auto const e = made.emplace(made.end(), *this, name, at);
    s.by_name.emplace(e->name, e);
    s.idle.splice(s.idle.end(), made);
    return e;
}

milliseconds directory_table::take(std::string_view name, token_bucket::limit const& l,
                                   mono_time at) {
    stripe& s = stripe_of(name);
    std::lock_guard const guard(s.lock);
    sweep(s, at);
    return find(s, name, at)->take(l, at);
}

directory_table::entry* directory_table::hold(std::string_view name, std::size_t max,
                                              mono_time at) {
    stripe& s = stripe_of(name);
    std::lock_guard const guard(s.lock);
    sweep(s, at);
    auto const e = find(s, name, at);
    if (e->holders >= max) return nullptr;
    if (e->holders++ == 0) s.held.splice(s.held.end(), s.idle, e);
    return &*e;
}

void directory_table::release(entry& e) noexcept {
    stripe& s = stripe_of(e.name);
    std::lock_guard const guard(s.lock);
    WEIR_ASSERT(e.holders > 0);
    if (--e.holders != 0) return;
    // Kept, so that leaving and coming back does not fill the bucket.
    s.idle.splice(s.idle.end(), s.held, s.by_name.find(e.name)->second);
    if (s.idle.size() > idle_max) drop_oldest(s);
}

/// Two at most for each one that a call can add: what waits shrinks whenever the table is used.
/// Full buckets come about in the order of the list, give or take the time one takes to fill.
void directory_table::sweep(stripe& s, mono_time at) {
    for (int i = 0; i != 2 && !s.idle.empty() && s.idle.front().full(at); ++i) drop_oldest(s);
    if (s.idle.size() >= idle_max) drop_oldest(s);
}

void directory_table::drop_oldest(stripe& s) {
    s.by_name.erase(s.idle.front().name);
    s.idle.pop_front();
}

std::size_t directory_table::size() const {
    std::size_t n = 0;
    for (stripe const& s : stripes_) {
        std::lock_guard const guard(s.lock);
        n += s.by_name.size();
    }
    return n;
}

}  // namespace weir
