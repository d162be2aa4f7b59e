#pragma once

#include <weir/base/ids.hpp>

#include <string_view>

namespace weir {

/// The one place that tells when sessions and topics begin and end: hooks, logs and metrics listen
/// here. Called on the thread of the shard where it happens, so a listener of several shards is
/// thread-safe. Must not call back into what tells it. The views live during the call.
class lifecycle_listener {
public:
    /// A session has begun: its client is about to be welcomed. A resume is not another one.
    virtual void connected(session_id const& session, std::string_view user) = 0;
    /// It is over and cannot be resumed. Once for each connected().
    virtual void disconnected(session_id const& session, std::string_view user) = 0;
    /// A topic has its first subscriber on this shard, with a connection or without.
    virtual void occupied(std::string_view topic) = 0;
    /// The last one has left. Once for each occupied().
    virtual void vacated(std::string_view topic) = 0;

protected:
    ~lifecycle_listener() = default;
};

}  // namespace weir
