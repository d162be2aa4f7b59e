#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/observer.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

struct directory_entry;

struct directory_limits {
    std::size_t connections = 100'000;
    std::size_t connections_per_ip = 100;
    std::size_t connections_per_user = 20;
    double handshakes_per_ip_per_second = 20;      ///< burst is twice that; 0: no limit
    double http_requests_per_ip_per_second = 100;  ///< burst is twice that; 0: no limit
    double messages_per_second_per_user = 200;     ///< burst is twice that; 0: no limit
};

/// What counts as one address: an IPv4 address, also one mapped into IPv6, as it is; an IPv6
/// address by its /64, because one customer has a whole one. What is no address: as it is.
std::string address_key(std::string_view ip);

/// The few facts that are global to the process: how many connections there are, by address and
/// by user, and the rates that are shared by them. Thread-safe: an entry is found under a striped
/// lock once, at admission or login; what is used per message is an atomic in it. An entry without
/// holders is dropped once its buckets would be full again, by later calls; at most 65536 of
/// each kind wait for that. Outlives its units.
class directory {
    using entry = directory_entry;

public:
    /// A counted place; gives it back when destroyed. Move-only.
    class [[nodiscard]] units {
    public:
        units() = default;
        units(units&&) noexcept;
        units& operator=(units&&) noexcept;
        ~units();
        explicit operator bool() const noexcept { return entry_ != nullptr; }
        /// User units only: one message of this user, whatever its connection. Zero: taken;
        /// else how long until one can be.
        milliseconds take_message(mono_time at) const noexcept;
        /// Likewise: what a message cost beyond one, as token_bucket::charge.
        void charge(std::uint32_t tokens, mono_time at) const noexcept;

    private:
        friend class directory;
        units(directory* owner, entry* e) noexcept : owner_(owner), entry_(e) {}
        void give_back() noexcept;
        directory* owner_ = nullptr;
        entry* entry_ = nullptr;
    };

    explicit directory(directory_limits limits);
    ~directory();

    /// New limits (reload); what is held stays held. From any thread.
    void change(directory_limits limits);

    struct refusal {
        limit_kind limit;
        milliseconds retry_after;  ///< true for a rate; for a count, a guess
    };
    // `ip` is an address_key().
    /// One handshake from an address: takes from its rate. Nothing: go on.
    std::optional<refusal> admit_handshake(std::string_view ip, mono_time at);
    /// One HTTP request from an address that is no handshake, likewise.
    std::optional<refusal> admit_request(std::string_view ip, mono_time at);
    /// One connection from an address. On success `out` holds its place.
    std::optional<refusal> enter(std::string_view ip, mono_time at, units& out);
    /// One connection of a user.
    std::optional<refusal> login(std::string_view user, mono_time at, units& out);

    std::size_t connections() const noexcept;
    /// Addresses and users that are remembered, held or not.
    std::size_t entries() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace weir
