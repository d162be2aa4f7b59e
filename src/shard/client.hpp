#pragma once

#include "shard/follower.hpp"

#include <weir/async/timing_wheel.hpp>
#include <weir/base/ids.hpp>
#include <weir/base/memory_meter.hpp>
#include <weir/session/directory.hpp>
#include <weir/session/session.hpp>
#include <weir/shard/facts.hpp>
#include <weir/topic/topic_index.hpp>
#include <weir/transport/transport.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

class shard;
struct encoded_message;

/// Where a client stands in its shard's registry; a stale one is recognised by its generation.
struct client_slot {
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
};

/// A connection that has no session yet: fresh from its handshake, or on its way to the session
/// that its hello asks to resume. What was negotiated travels with it; limits do not.
struct arrival {
    std::unique_ptr<carried_connection> connection;
    session::credential credential;
    directory::units place;
    std::string address;
    dialect_id dialect = native_json;  ///< as negotiated

    /// What it said already, where it was sent on (client::depart).
    struct journey {
        unsigned origin = 0;  ///< the shard that accepted it
        session_id wanted;
        std::uint32_t index = 0;  ///< its place in the registry of its shard
        std::string hello;        ///< the whole message
        bool binary = false;      ///< of a binary message
        session::login login;
        std::optional<resume_result> refused;  ///< sent back
    };
    std::unique_ptr<journey> from;
};

/// One session on its shard, with a connection or without: joins it (decides) to a transport
/// (bytes), the topic index and the broker. Owned by the shard's registry; dies from a post after
/// its session ended. On the shard's thread only.
///
/// client.cpp: transport and session. client_resume.cpp: connections that come and go.
/// client_topics.cpp: subscriptions. client_feed.cpp: what is sent when the outbox has room.
class client final : public counted_object<memory_kind::sessions>,
                     private transport_owner,
                     private session_port,
                     private subscriber,
                     private wheel_entry {
public:
    client(shard& owner, connection_id id, client_slot slot, arrival a);
    ~client();

    /// False: the kernel refused the descriptor.
    bool start();
    /// Handles again the hello of a connection whose resume was refused.
    void take_up(arrival::journey const& from);
    /// After start() and take_up(): from here on messages come.
    void begin_reading() {
        if (transport_) transport_->continue_reading();
    }

    connection_id id() const noexcept { return id_; }
    client_slot slot() const noexcept { return slot_; }
    weir::session& session() noexcept { return session_; }
    bool is_indexed() const noexcept { return indexed_; }
    bool is_parked() const noexcept { return parked_; }
    bool has_connection() const noexcept { return transport_ != nullptr; }
    std::string const& address() const noexcept { return address_; }
    connection_facts facts(bool with_topics) const;

    // From the server side.
    void on_published(std::uint32_t ticket, result<position> const& at);
    void on_read(std::uint32_t ticket, result<log_page> page);
    void on_members(std::uint32_t ticket, result<presence_page> const& page);
    /// A message of a reserved topic, from the server API.
    void give(message const& m, encoded_message& cache);
    void disconnect(close_reason why, std::string_view text);
    /// The rules are others: rates may be, and whose presence is counted.
    void review_rules();
    void send_away(goaway const& g, mono_time close_at);
    mono_time away_at() const noexcept { return away_at_; }
    void abort(close_reason why);

    // Connections that come and go.
    /// Takes the connection out, to be resumed elsewhere; the client is done.
    arrival depart();
    /// A new connection for this session, whose `hello` may_resume() agreed to.
    void attach(arrival& a, command const& hello);
    /// It goes on with what was read already behind that message.
    void read_on();
    /// Its time without a connection is over.
    void evict();
    // When memory is short (client_memory.cpp).
    struct holding {
        std::size_t waiting = 0;  ///< in its outbox, and of a message that is partly received
        std::size_t kept = 0;     ///< for a replay
    };
    holding memory_held() const noexcept;
    /// Closes the connection and frees what waits.
    void give_way();
    void forget_replay();
    /// What end_later() and leave_later() ask for, from a post.
    void end_now();
    void leave_now();

    /// Sends what waits, as far as the outbox has room; about `budget` messages. Answers how many.
    std::size_t feed(std::size_t budget);

private:
    struct subscription {
        topic_entry* topic = nullptr;
        std::uint32_t slot = 0;
        bool by_server = false;
        bool wants_presence = false;
        bool watches = false;              ///< told of presence
        bool present = false;              ///< counted in presence
        std::unique_ptr<follower> more{};  ///< null: live
        bool answered() const noexcept { return !more || more->feed.answered(); }
    };
    struct extra_state;
    class feed_link;
    /// So many subscriptions are looked through; with more there is a table.
    static constexpr std::size_t scanned_max = 16;

    // transport_owner
    void on_message(std::string_view text, bool binary) override;
    void on_traffic() override;
    void on_pong(std::string_view payload) override;
    std::size_t outbox_peek(std::span<frame const*> out) override;
    void outbox_committed(std::size_t n) override;
    void on_closing(close_reason why) override;
    void on_closed(closing const& c) override;
    // session_port
    void send(std::string_view body, bool numbered) override;
    void subscribe(std::string_view topic, subscribe_options const& with) override;
    join_answer change(std::string_view topic, subscribe_options const& with) override;
    void unsubscribe(std::string_view topic) override;
    bool subscribed(std::string_view topic) const override;
    std::size_t subscriptions() const override { return subscriptions_.size(); }
    std::vector<topic_name> topics() const override;
    void read(log_query q, publish_ticket ticket) override;
    void members(std::string_view topic, std::uint32_t max, publish_ticket ticket) override;
    std::optional<resume_result> resume(command::resume_request const& what) override;
    void publish(publication p, publish_ticket ticket) override;
    void ping_frame() override;
    void close(close_reason why, std::string_view text) override;
    void opened() override;
    // subscriber
    void deliver(delivery& d) override;
    void joined(topic_entry& topic, result<position> const& at) override;
    void presence_changed(topic_entry& topic, presence_delivery& d) override;
    void moved(topic_entry& topic, std::uint32_t from, std::uint32_t to) override;
    // wheel_entry
    void on_deadline(mono_time at) override;

    // client.cpp
    void push(frame_ref f);
    void drop_frames(drop_reason why);
    bool try_push(frame_ref f);
    void rearm();
    void log_end(closing const& c) const;
    void end();
    extra_state& extras();

    // client_topics.cpp
    subscription* find(std::string_view topic) const noexcept;
    subscription* find(topic_entry const& topic) const noexcept;
    subscription& add(topic_entry& topic, std::uint32_t slot);
    void begin(subscription& s, position const& at);
    void answer(subscription& s, join_answer const& a);
    void watch(subscription& s);
    void take_out(subscription& s);
    void forget(subscription& s);
    void leave_all();
    void show(subscription& s);
    void hide(subscription& s);
    frame_ref const& frame_of(delivery& d);
    // client_feed.cpp
    void want_feed();
    bool has_room() const noexcept;
    std::size_t room_bytes() const noexcept;
    follower& more_of(subscription& s);
    void settle(subscription& s);
    void count_waiting(follower& f, std::size_t bytes);
    void deliver_otherwise(subscription& s, delivery& d);
    void pace(subscription& s, double wish);
    bool conflates(subscription const& s) const;
    void feeds_attached();
    bool push_gap(std::string_view topic, loss const& what);
    void push_losses();

    shard& shard_;
    connection_id id_;
    client_slot slot_;
    weir::session session_;
    std::unique_ptr<transport> transport_;  ///< null: the session is detached
    directory::units place_;
    std::vector<subscription> subscriptions_;
    std::string address_;
    std::unique_ptr<extra_state> extras_;
    wall_ms connected_at_;
    mono_time away_at_ = never;  ///< when a draining client is closed
    mono_time armed_ = never;
    std::size_t waiting_bytes_ = 0;  ///< by key, of all subscriptions
    std::uint32_t messages_in_ = 0;
    std::uint32_t messages_out_ = 0;
    std::uint32_t followers_ = 0;  ///< subscriptions that are not simply live
    std::uint32_t next_read_ = 1;  ///< odd
    std::uint32_t feed_next_ = 0;  ///< the subscription that is fed first
    bool closing_ = false;         ///< the transport takes no more
    bool indexed_ = false;
    bool parked_ = false;  ///< counted among the detached sessions
    bool ended_ = false;
    bool feed_wanted_ = false;
    bool joined_inside_ = false;  ///< joined() came from inside join()
};

}  // namespace weir
