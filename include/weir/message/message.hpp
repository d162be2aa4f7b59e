#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/ids.hpp>
#include <weir/base/memory_meter.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace weir {

/// A place in the order of one topic: offsets 1, 2, 3, … within an epoch.
struct position {
    epoch_id epoch;
    std::uint64_t offset = 0;
    bool operator==(position const&) const = default;
};

/// One published message, after its topic's home gave it a position. Immutable once shared; the
/// only thing with content that crosses shards, as message_ptr.
struct message {
    std::string topic;
    std::string event;    ///< empty: none
    std::string payload;  ///< JSON text, byte for byte as the publisher wrote it; never empty
    std::string key;      ///< empty: none
    std::string from;     ///< publishing user; empty: none
    position at;
    wall_ms time = 0;
    session_id exclude;        ///< `echo: false`: this session does not get it; empty: nobody
    bool is_volatile = false;  ///< first to be dropped, never collected for the absent
    mono_time received{};      ///< when this process read the publish; for the latency histogram
    memory_units<memory_kind::messages> counted{};  ///< set by share()
};
using message_ptr = std::shared_ptr<message const>;

/// The message as it is shared from here on: counted until the last reference to it is gone.
message_ptr share(message&& m);

}  // namespace weir
