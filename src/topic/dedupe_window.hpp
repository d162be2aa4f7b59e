#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/memory_meter.hpp>
#include <weir/message/message.hpp>
#include <weir/topic/broker.hpp>
#include <weir/topic/name_hash.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace weir {

/// Which publishes were executed of late, by topic, scope and dedupe id. An id is remembered for
/// `window`, and a little longer while expire() is behind, which harms nobody: who comes later than
/// the window does not say it again.
///
/// `taken` counts the ids of several windows that share one bound, and outlives them. An id costs
/// up to 700 bytes: its three names, and about 150 beside them.
class dedupe_window {
public:
    dedupe_window(nanoseconds window, std::size_t ids_max, std::atomic<std::size_t>& taken)
        : window_(window), ids_max_(ids_max), taken_(taken) {}
    dedupe_window(dedupe_window const&) = delete;
    dedupe_window& operator=(dedupe_window const&) = delete;
    ~dedupe_window();

    /// A publish as this class knows it.
    struct print {
        std::string id;
        std::uint64_t content;  ///< of event, payload and key
    };
    print print_of(publication const& p) const;

    enum class verdict : std::uint8_t { fresh, repeated, other_content };
    /// `repeated`: with the position the first one got.
    std::pair<verdict, position> look_up(print const& what) const;
    /// A fresh one gets its position. False: as many are remembered as may be, and it is not.
    bool remember(print what, position const& at, nanoseconds now);
    /// Forgets at most so many whose window is over; how many it were.
    std::size_t expire(nanoseconds now, std::size_t at_most);

    std::size_t size() const noexcept { return ids_.size(); }

private:
    struct entry {
        std::uint64_t content;
        position at;
        nanoseconds since;
        memory_units<memory_kind::dedupe> text{};  ///< of the key
    };
    template <class T>
    using allocator = counted_allocator<T, memory_kind::dedupe>;
    using ids = std::unordered_map<std::string, entry, name_hash, std::equal_to<>,
                                   allocator<std::pair<std::string const, entry>>>;
    bool take_place() noexcept;

    nanoseconds const window_;
    std::size_t const ids_max_;
    std::atomic<std::size_t>& taken_;
    name_hash hash_;
    ids ids_;
    std::deque<ids::value_type const*, allocator<ids::value_type const*>>
        by_age_;  ///< the oldest first
};

}  // namespace weir
