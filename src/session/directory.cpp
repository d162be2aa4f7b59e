#include "session/directory_table.hpp"

#include <weir/session/directory.hpp>

#include <utility>

namespace weir {
namespace {

/// Nobody knows when a place becomes free. Short enough to be worth a try, long enough not to hurt.
constexpr milliseconds guess{5'000};

token_bucket::limit twice(double per_second) noexcept {
    return {per_second, 2 * per_second};
}

}  // namespace

struct directory::state {
    directory_table addresses;
    directory_table requests;  ///< by address; a rate of its own
    directory_table users;
    std::atomic<std::size_t> connections{0};

    std::atomic<std::size_t> connections_max{0};
    std::atomic<std::size_t> per_ip_max{0};
    std::atomic<std::size_t> per_user_max{0};
    std::atomic<double> handshake_rate{0};
    std::atomic<double> request_rate{0};
    std::atomic<double> message_rate{0};
};

directory::units::units(units&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), entry_(std::exchange(other.entry_, nullptr)) {}

directory::units& directory::units::operator=(units&& other) noexcept {
    if (this == &other) return *this;
    give_back();
    owner_ = std::exchange(other.owner_, nullptr);
    entry_ = std::exchange(other.entry_, nullptr);
    return *this;
}

directory::units::~units() {
    give_back();
}

void directory::units::give_back() noexcept {
    if (entry_ == nullptr) return;
    directory_table& table = *entry_->home;
    if (&table == &owner_->state_->addresses) {
        owner_->state_->connections.fetch_sub(1, std::memory_order_relaxed);
    }
    table.release(*std::exchange(entry_, nullptr));
}

milliseconds directory::units::take_message(mono_time at) const noexcept {
    if (entry_ == nullptr) return milliseconds(0);
    return entry_->take(twice(owner_->state_->message_rate.load(std::memory_order_relaxed)), at);
}

void directory::units::charge(std::uint32_t tokens, mono_time at) const noexcept {
    if (entry_ == nullptr) return;
    entry_->charge(twice(owner_->state_->message_rate.load(std::memory_order_relaxed)), at, tokens);
}

directory::directory(directory_limits limits) : state_(std::make_unique<state>()) {
    change(limits);
}

directory::~directory() = default;

void directory::change(directory_limits limits) {
    auto constexpr order = std::memory_order_relaxed;
    state_->connections_max.store(limits.connections, order);
    state_->per_ip_max.store(limits.connections_per_ip, order);
    state_->per_user_max.store(limits.connections_per_user, order);
    state_->handshake_rate.store(limits.handshakes_per_ip_per_second, order);
    state_->request_rate.store(limits.http_requests_per_ip_per_second, order);
    state_->message_rate.store(limits.messages_per_second_per_user, order);
}

std::optional<directory::refusal> directory::admit_handshake(std::string_view ip, mono_time at) {
    double const rate = state_->handshake_rate.load(std::memory_order_relaxed);
    milliseconds const wait = state_->addresses.take(ip, twice(rate), at);
    if (wait.count() == 0) return std::nullopt;
    return refusal{limit_kind::handshakes_per_ip, wait};
}

std::optional<directory::refusal> directory::admit_request(std::string_view ip, mono_time at) {
    double const rate = state_->request_rate.load(std::memory_order_relaxed);
    milliseconds const wait = state_->requests.take(ip, twice(rate), at);
    if (wait.count() == 0) return std::nullopt;
    return refusal{limit_kind::http_requests_per_ip, wait};
}

std::optional<directory::refusal> directory::enter(std::string_view ip, mono_time at, units& out) {
    // Counted first and taken back, so that two threads cannot both have the last place.
    std::size_t const before = state_->connections.fetch_add(1, std::memory_order_relaxed);
    if (before >= state_->connections_max.load(std::memory_order_relaxed)) {
        state_->connections.fetch_sub(1, std::memory_order_relaxed);
        return refusal{limit_kind::connections, guess};
    }
    std::size_t const max = state_->per_ip_max.load(std::memory_order_relaxed);
    entry* const e = state_->addresses.hold(ip, max, at);
    if (e == nullptr) {
        state_->connections.fetch_sub(1, std::memory_order_relaxed);
        return refusal{limit_kind::connections_per_ip, guess};
    }
    out = units(this, e);
    return std::nullopt;
}

std::optional<directory::refusal> directory::login(std::string_view user, mono_time at,
                                                   units& out) {
    std::size_t const max = state_->per_user_max.load(std::memory_order_relaxed);
    entry* const e = state_->users.hold(user, max, at);
    if (e == nullptr) return refusal{limit_kind::connections_per_user, guess};
    out = units(this, e);
    return std::nullopt;
}

std::size_t directory::connections() const noexcept {
    return state_->connections.load(std::memory_order_relaxed);
}

std::size_t directory::entries() const {
    return state_->addresses.size() + state_->requests.size() + state_->users.size();
}

}  // namespace weir
