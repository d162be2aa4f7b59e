#pragma once

#include <weir/async/timing_wheel.hpp>
#include <weir/base/ids.hpp>
#include <weir/session/directory.hpp>
#include <weir/session/session.hpp>
#include <weir/shard/facts.hpp>
#include <weir/topic/topic_index.hpp>
#include <weir/transport/ws_connection.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

class shard;

/// Where a client stands in its shard's registry; a stale one is recognised by its generation.
struct client_slot {
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
};

/// What the acceptor knows of a connection that was upgraded.
struct arrival {
    raw_socket socket;
    ws_parameters parameters;
    session::credential credential;
    directory::units place;
    std::string address;
};

/// One client on its shard: joins a session (decides) to a transport (bytes), the topic index and
/// the broker. Owned by the shard's registry; dies from a post after its transport closed. On the
/// shard's thread only.
class client final : private transport_owner,
                     private session_port,
                     private subscriber,
                     private wheel_entry {
public:
    client(shard& owner, connection_id id, client_slot slot, arrival a);
    ~client();

    /// False: the kernel refused the descriptor.
    bool start();

    connection_id id() const noexcept { return id_; }
    client_slot slot() const noexcept { return slot_; }
    session& talk() noexcept { return session_; }
    bool matches(session_target const& t) const noexcept;
    connection_facts facts(bool with_topics) const;

    // From the server side.
    void on_published(std::uint32_t ticket, result<position> const& at);
    void give(std::string_view body);  ///< a numbered frame, from the server API
    void disconnect(close_reason why, std::string_view text);
    void send_away(goaway const& g, mono_time close_at);
    void abort(close_reason why);

private:
    struct subscription {
        topic_entry* topic;
        std::uint32_t slot;
    };

    // transport_owner
    void on_message(std::string_view text, bool binary) override;
    void on_traffic() override;
    void on_pong(std::string_view payload) override;
    std::size_t outbox_peek(std::span<frame const*> out) override;
    void outbox_committed(std::size_t n) override;
    void on_closed(closing const& c) override;
    // session_port
    void send(std::string_view body, bool numbered) override;
    void subscribe(std::string_view topic) override;
    void unsubscribe(std::string_view topic) override;
    bool subscribed(std::string_view topic) const override;
    std::optional<position> position_of(std::string_view topic) const override;
    std::size_t subscriptions() const override { return subscriptions_.size(); }
    void publish(publication p, publish_ticket ticket) override;
    void ping_frame() override;
    void close(close_reason why, std::string_view text) override;
    void opened() override;
    // subscriber
    void deliver(delivery& d) override;
    void joined(topic_entry& topic, result<position> const& at) override;
    void moved(topic_entry& topic, std::uint32_t from, std::uint32_t to) override;
    // wheel_entry
    void on_deadline(mono_time at) override;

    void push(frame_ref f);
    void rearm();
    void leave_all();

    shard& shard_;
    connection_id id_;
    client_slot slot_;
    session session_;
    ws_connection transport_;
    directory::units place_;
    std::vector<subscription> subscriptions_;
    std::string address_;
    wall_ms connected_at_;
    mono_time away_at_ = never;  ///< when a draining client is closed
    mono_time armed_ = never;
    std::uint32_t messages_in_ = 0;
    std::uint32_t messages_out_ = 0;
    bool closing_ = false;
    bool indexed_ = false;
};

}  // namespace weir
