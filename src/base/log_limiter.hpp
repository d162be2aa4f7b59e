#pragma once

#include <weir/base/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weir::log {

/// Decides which of the lines that strangers cause are written. Pure: time is passed in; not
/// thread-safe, its owner locks.
///
/// A pair of (event, source) may write lines_per_source a minute. Sources cost an attacker
/// nothing, so the pairs are at most sources_max, the oldest minute forgotten first, and an event
/// may write lines_per_event a minute whatever the sources. No left-out line goes uncounted: what
/// a forgotten pair still owed is passed on to its event.
class log_limiter {
public:
    static constexpr std::uint32_t lines_per_source = 10;
    static constexpr std::uint32_t lines_per_event = 600;
    static constexpr std::size_t sources_max = 4096;
    static constexpr std::size_t events_max = 256;
    static constexpr std::size_t source_bytes_max = 64;  ///< longer ones count as their beginning
    static constexpr seconds window{60};

    struct verdict {
        bool pass = false;
        std::uint64_t suppressed = 0;         ///< of this source, since its last line
        std::uint64_t suppressed_others = 0;  ///< of the event, not in any `suppressed`
    };

    verdict admit(mono_time now, std::string_view event, std::string_view source);
    std::size_t sources() const noexcept { return by_source_.size(); }

private:
    struct text_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    template <class Value>
    using table = std::unordered_map<std::string, Value, text_hash, std::equal_to<>>;

    struct budget {
        mono_time start{};
        std::uint32_t used = 0;
        std::uint64_t suppressed = 0;

        bool take(mono_time now, std::uint32_t lines) noexcept;
    };
    struct source_entry {
        budget lines;
        std::string event;
        std::list<std::string_view>::iterator place;  // in oldest_first_; views this entry's key
    };

    budget& event_budget(mono_time now, std::string_view event);
    source_entry& source_of(mono_time now, std::string_view event, std::string_view source);
    void forget_oldest();

    table<budget> by_event_;
    table<source_entry> by_source_;
    std::list<std::string_view> oldest_first_;
};

}  // namespace weir::log
