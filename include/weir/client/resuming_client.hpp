#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/dice.hpp>
#include <weir/client/witness.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::client_engine {

class json_object;

/// How a connection ended, or was refused.
struct ending {
    std::optional<std::uint16_t> code =
        std::nullopt;             ///< of the server's close frame; nothing: it broke
    int status = 0;               ///< of a refused handshake; 0: it was not refused
    milliseconds retry_after{0};  ///< of a refused handshake
};

/// What a client should do after the server closed with a code (docs/protocol.md).
enum class advice : std::uint8_t { stay_away, backoff, at_once };
advice advice_of(std::uint16_t code) noexcept;

/// What a client asks its connection to do.
class client_link {
public:
    virtual void send(std::string_view text) = 0;
    /// Ends the connection without a word; on_lost() is not called for it.
    virtual void drop() = 0;
    /// Says 1000 and ends the connection.
    virtual void leave() = 0;

protected:
    ~client_link() = default;
};

/// A client of the protocol that survives lost connections. It counts numbered messages, sends
/// `received`, remembers its position in each topic, reconnects with the protocol's backoff and
/// resumes. If it cannot resume, it subscribes again with `since`. Publishes without an answer are
/// sent again. Pure: facts in, sends out, time passed in. It tells a witness what the server said
/// and corrects nothing, so tests see every mistake of a server.
class resuming_client {
public:
    struct settings {
        std::uint32_t number = 0;
        std::vector<std::uint32_t> topics;  ///< indices of `names`
        std::vector<std::string> const* names = nullptr;
        milliseconds heartbeat{2000};          ///< to ask for, in mode `message`
        milliseconds welcome_timeout{10'000};  ///< from connecting to the welcome
        std::uint64_t seed = 0;                ///< of the backoff's jitter
        std::string options = {};              ///< JSON members of each subscribe: `,"state":true`
        std::string first_options = {};        ///< of those without a `since`: `,"last":5`
        bool subscribe_again = true;           ///< when the server ended a subscription
        std::string token = {};                ///< of the hello; empty: anonymous
        /// Resume with any count that is not below the last receipt, and skip what comes again.
        bool rewind = false;
    };
    enum class phase : std::uint8_t {
        away,      ///< connects when due() comes
        greeting,  ///< connecting, or waits for the welcome
        open,
        done,
    };

    resuming_client(settings s, client_link& link, witness& sees);

    phase at() const noexcept { return phase_; }
    /// When tick() has something to do.
    mono_time due() const noexcept;
    /// True: connect now, and call opened() or lost().
    bool tick(mono_time now);

    void opened(mono_time now);
    void text(std::string_view text, mono_time now);
    void lost(ending const& how, mono_time now);
    /// Ends the session for good.
    void finish();
    /// Drops the connection and does not come back before.
    void stay_away(mono_time until);

    /// Only while open. `number`: never used before, ascending.
    /// `members`: more JSON members of the message, such as `,"key":"a"`.
    void publish(std::uint64_t number, std::uint32_t topic, std::string_view payload,
                 std::string_view members = {});
    /// Replaces the options of a subscription, now if it is active, or with its next subscribe.
    /// Not while asking().
    void set_options(std::size_t slot, std::string options);
    bool asking(std::size_t slot) const noexcept;
    /// Sends a request and repeats it after a lost connection until it is answered. `text`: its
    /// JSON members but the id. `id`: not used before.
    void request(std::string_view id, std::string_view text);
    std::size_t unanswered() const noexcept { return publishes_.size(); }
    bool subscribed_to_all() const noexcept;
    /// How many numbered messages it has counted in this session.
    std::uint64_t counted() const noexcept { return counted_; }
    std::string const& session() const noexcept { return session_; }

private:
    struct subscription {
        std::uint32_t topic = 0;
        enum class state : std::uint8_t { none, asked, active, ended } now = state::none;
        std::uint32_t asks = 0;  ///< makes the id of a new question another one
        std::optional<place> last;
        std::optional<place> since;  ///< what was asked for
        mono_time again = never;     ///< when to ask anew
        std::string options = {};
        bool renewing = false;    ///< active, and asked to replace its options
        bool conflating = false;  ///< messages do not move `last`; `position` messages do
    };
    struct question {
        std::string id, text;
    };
    struct waiting {
        std::uint64_t number = 0;
        std::uint32_t topic = 0;
        bool again = false;  ///< was sent more than once
        std::string text;
    };
    struct answered {
        std::uint64_t number = 0;
        place at;
    };

    void say_hello();
    void take_numbered(std::string_view text, std::string_view type, json_object const& m,
                       mono_time now);
    /// `before`: when the server was last heard.
    void on_welcome(json_object const& payload, mono_time before, mono_time now);
    void on_numbered(std::string_view type, json_object const& m, mono_time now);
    void on_message(json_object const& m);
    void on_gap(json_object const& m);
    void on_presence(json_object const& m);
    void on_position(json_object const& m);
    void on_unsubscribed(json_object const& m);
    void on_ok(json_object const& m);
    void on_error(json_object const& m, mono_time now);
    void on_subscribe_ok(std::size_t slot, std::string_view id, json_object const& m);
    void on_answer(std::string_view id, json_object const& m);
    void on_publish_ok(std::uint64_t number, json_object const& m);
    void ask(std::size_t slot);
    void send_subscribe(std::size_t slot);
    std::string id_of(std::size_t slot) const;
    /// Also of an id that was answered before.
    std::optional<std::size_t> slot_of_id(std::string_view id) const;
    std::optional<std::size_t> slot_of(std::string_view topic) const;
    void begin_session_anew();
    void come_back(milliseconds no_sooner, bool at_once, mono_time now);
    void broken(std::string text) { witness_.broken(settings_.number, std::move(text)); }

    settings settings_;
    client_link& link_;
    witness& witness_;
    dice chance_;
    phase phase_ = phase::away;
    mono_time due_{};  ///< away: when to connect; greeting: when to give up
    mono_time silent_since_{};
    mono_time leave_at_ = never;  ///< after a goaway
    milliseconds silence_{0};     ///< so long without a word is a dead connection
    unsigned attempts_ = 0;
    std::string session_, secret_;
    std::uint64_t counted_ = 0, received_ = 0;
    std::uint64_t quarter_ = 0;  ///< `received` at least each so many; 0: not needed
    std::vector<subscription> subscriptions_;
    std::deque<waiting> publishes_;
    std::deque<answered> answered_;  ///< the last that were sent twice
    std::vector<question> questions_;
    mono_time heard_{};                ///< the last message of the server
    std::deque<std::uint64_t> marks_;  ///< rewind: of each message after the last receipt
    std::size_t repeats_ = 0;          ///< so many that were handled come again
};

}  // namespace weir::client_engine
