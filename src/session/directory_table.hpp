#pragma once

#include "session/bucket_step.hpp"

#include <weir/session/directory.hpp>
#include <weir/topic/name_hash.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weir {

class directory_table;

/// One address or user. `bucket` is anybody's; the rest is guarded by its stripe's lock.
struct directory_entry {
    directory_entry(directory_table& t, std::string_view key, mono_time at)
        : home(&t), name(key), bucket(at.time_since_epoch().count()) {}

    directory_table* home;
    std::string name;
    std::size_t holders = 0;
    std::atomic<std::int64_t> bucket;  ///< a token_bucket's point in time, in ns

    /// As token_bucket::take, for several threads at once.
    milliseconds take(token_bucket::limit const& l, mono_time at) noexcept;
    /// As token_bucket::charge.
    void charge(token_bucket::limit const& l, mono_time at, std::uint32_t tokens) noexcept;
    bool full(mono_time at) const noexcept {
        return bucket.load(std::memory_order_relaxed) <= at.time_since_epoch().count();
    }
};

/// Entries of one kind by name, in stripes with a lock each. Calls with a time also drop a few
/// entries that nobody holds and whose bucket is full, so that memory follows use.
class directory_table {
public:
    using entry = directory_entry;

    static constexpr std::size_t stripe_count = 64;
    static constexpr std::size_t idle_max = 65'536 / stripe_count;  ///< of one stripe

    /// Takes one token of `name`; zero: taken.
    milliseconds take(std::string_view name, token_bucket::limit const& l, mono_time at);
    /// Counts one holder of `name`; null where there are `max` already.
    entry* hold(std::string_view name, std::size_t max, mono_time at);
    void release(entry& e) noexcept;
    std::size_t size() const;

private:
    using entries = std::list<entry>;
    struct stripe {
        mutable std::mutex lock;
        entries held;
        entries idle;  ///< without holders, the longest first
        /// Keys live in entries.
        std::unordered_map<std::string_view, entries::iterator, name_hash> by_name;
    };
    stripe& stripe_of(std::string_view name) noexcept;
    /// The entry of that name, made at the end of `idle` when there was none.
    entries::iterator find(stripe& s, std::string_view name, mono_time at);
    static void sweep(stripe& s, mono_time at);
    static void drop_oldest(stripe& s);

    name_hash hash_;
    std::array<stripe, stripe_count> stripes_;
};

}  // namespace weir
