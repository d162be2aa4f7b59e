#pragma once

#include <weir/base/clock.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::client_engine {

/// A place in a topic's order, as the wire names it.
struct place {
    std::string epoch;
    std::uint64_t offset = 0;
    bool operator==(place const&) const = default;
};

/// Messages that the server says are lost; 0: not stated.
struct declared_loss {
    std::uint64_t from = 0, to = 0, count = 0;
    std::string reason = {};
};

/// What the server answered to a subscribe.
struct subscribe_answer {
    std::optional<place> at;
    bool recovered = false;
    struct recovery {
        std::uint64_t from = 0, to = 0;
        std::optional<declared_loss> missing = std::nullopt;
    };
    std::optional<recovery> receipt;
    std::optional<std::uint64_t> state = std::nullopt;  ///< so many messages of the state follow
    bool conflating = false;
    bool again = false;  ///< it was active: only its options were replaced
};

/// A message of a topic, as views into the text that came.
struct topic_message {
    std::uint64_t offset = 0;
    std::string key = {};
    std::string_view payload;
};

/// Names one client of a fleet, and one of its subscriptions: they count from 0.
struct seat {
    std::uint32_t client = 0;
    std::uint32_t slot = 0;
    bool operator==(seat const&) const = default;
};

/// What happens to clients, in the order in which each saw it. Nothing here is believed: the
/// checker compares what different clients saw.
class witness {
public:
    /// `since`: what the client knew when it asked; nothing: it did not ask for the past.
    virtual void subscribed(seat s, subscribe_answer const& a,
                            std::optional<place> const& since) = 0;
    virtual void delivered(seat s, std::uint64_t offset, std::string_view payload) = 0;
    /// Calls delivered() if it is not overridden.
    virtual void took(seat s, topic_message const& m) { delivered(s, m.offset, m.payload); }
    virtual void gap(seat s, declared_loss const& what) = 0;
    /// A `position` message: every message up to there was sent, or replaced by a newer one.
    virtual void positioned(seat /*s*/, place const& /*at*/) {}
    /// Somebody joined or left.
    virtual void presence_changed(seat /*s*/, std::uint64_t /*version*/) {}

    /// `number` is the publisher's own, see payload_of().
    virtual void acknowledged(std::uint32_t client, std::uint64_t number, std::uint32_t topic,
                              place const& at) = 0;
    /// The server said that it is not stored.
    virtual void refused(std::uint32_t client, std::uint64_t number) = 0;
    /// Nobody will ever say what became of it.
    virtual void unknown(std::uint32_t client, std::uint64_t number) = 0;

    /// The session could not be resumed. `silent`: since the last message of the server.
    virtual void not_resumed(std::uint32_t /*client*/, std::string_view /*reason*/,
                             milliseconds /*silent*/) {}
    /// The answer to resuming_client::request(), and its payload as JSON.
    virtual void answered(std::uint32_t /*client*/, std::string_view /*id*/,
                          std::string_view /*payload*/) {}

    /// The server broke the protocol.
    virtual void broken(std::uint32_t client, std::string text) = 0;
    /// For the account of what happened before something was found wrong.
    enum class event : std::uint8_t { opened, resumed, anew, lost, given_up };
    virtual void happened(std::uint32_t client, event what, std::uint64_t detail) = 0;

protected:
    ~witness() = default;
};

}  // namespace weir::client_engine
