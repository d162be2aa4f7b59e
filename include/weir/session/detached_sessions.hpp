#pragma once

#include <weir/base/ids.hpp>
#include <weir/base/observer.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// How many sessions may wait for their clients to come back.
struct detached_limits {
    std::size_t per_ip = 200;
    std::size_t per_user = 20;
    std::size_t total = 100'000;
};

/// The sessions of the process that are without a connection: where there are too many of an
/// address, of a user or of all, the one that waits for longest gives way. Thread-safe, one lock:
/// connections come and go far more seldom than messages.
class detached_sessions {
public:
    explicit detached_sessions(detached_limits limits);
    ~detached_sessions();

    /// New limits (reload); they count from the next add() on.
    void change(detached_limits limits);

    struct eviction {
        session_id session;
        limit_kind limit;
    };
    /// `ip` is an address_key(); `user` empty: anonymous. Answers who has to go for it: their
    /// shards end them, and no remove() follows.
    std::vector<eviction> add(session_id const& session, std::string_view ip,
                              std::string_view user);
    /// It has a connection again, or has ended. Nothing where it is not held.
    void remove(session_id const& session);

    /// The `n` that wait for longest, or all, for the sake of memory. As with add(), their shards
    /// end them, and no remove() follows.
    std::vector<session_id> take_oldest(std::size_t n);

    /// Some session of that address is here.
    bool waits_at(std::string_view ip) const;
    std::size_t size() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace weir
