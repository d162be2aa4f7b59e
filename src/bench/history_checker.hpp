#pragma once

#include "bench/key_copies.hpp"
#include "bench/topic_record.hpp"
#include "bench/witness.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weir::bench {

/// Compares what the clients of a fleet saw, as they see it: one order for everyone, no hole that
/// was not declared, nothing twice, everything that was acknowledged there. Pure; keeps only what
/// can still be compared, so it may run for days.
class history_checker : public witness {
public:
    struct settings {
        std::vector<std::string> topics;                ///< names
        std::vector<std::vector<std::uint32_t>> seats;  ///< of each client its topics, by slot
        bool epochs_change = false;       ///< a new epoch is no fault: the server may be restarted
        std::vector<bool> keyed = {};     ///< topics whose subscribers keep a copy by key
        std::vector<bool> presence = {};  ///< topics whose gaps without offsets are of presence
        bool echo_off = false;            ///< some publishes do not come back to their session
        milliseconds resume_window{0};    ///< 0: not checked
        std::size_t findings_max = 20;
    };
    enum class kind : std::uint8_t {
        hole,             ///< offsets jumped, and nothing was declared
        repeated,         ///< delivered again
        reordered,        ///< a skipped offset came later
        contradiction,    ///< declared lost, and delivered; or the other way round
        differs,          ///< two saw different messages at one offset
        executed_twice,   ///< one publish at two offsets
        not_there,        ///< acknowledged, but another message, or none, is at its offset
        refused_stored,   ///< said to be not stored, and delivered
        publisher_order,  ///< two publishes of one session in the wrong order
        epoch,            ///< continuity was lost where nothing was restarted
        missing_tail,     ///< not all had come when all was quiet
        protocol,         ///< what the client could not make sense of
        key_order,        ///< of one key, an older message after a newer one, or one twice
        stale_key,        ///< the newest of a key is missing at the end
        state,            ///< the server's state is not the newest of each key
        promise,          ///< the messages of a state did not come first, or not in order
        verdict,          ///< a session could not be resumed that should have been
        presence,         ///< a version was left out
    };
    static constexpr std::size_t kinds = 18;
    struct finding {
        kind what{};
        std::string text;  ///< which client, topic, epoch and offset, and the client's last events
    };

    explicit history_checker(settings s);
    virtual ~history_checker() = default;

    void subscribed(seat s, subscribe_answer const& a, std::optional<place> const& since) override;
    void delivered(seat s, std::uint64_t offset, std::string_view payload) override;
    void took(seat s, topic_message const& m) override;
    void positioned(seat s, place const& at) override;
    void presence_changed(seat s, std::uint64_t version) override;
    void not_resumed(std::uint32_t client, std::string_view reason, milliseconds silent) override;
    void gap(seat s, declared_loss const& what) override;
    void acknowledged(std::uint32_t client, std::uint64_t number, std::uint32_t topic,
                      place const& at) override;
    void refused(std::uint32_t client, std::uint64_t number) override;
    void unknown(std::uint32_t client, std::uint64_t number) override;
    void broken(std::uint32_t client, std::string text) override;
    void happened(std::uint32_t client, event what, std::uint64_t detail) override;

    /// What a client is about to publish. Needed for topics with keys and for `echo`.
    struct publish_facts {
        std::string key = {};
        std::int64_t nanoseconds = 0;
        bool echo = true;
        bool removal = false;
    };
    void publishes(std::uint32_t client, std::uint64_t number, publish_facts const& facts);
    /// The server's answer to `sync` when all is quiet: the offset of each key.
    void state_is(std::uint32_t topic, std::map<std::string, std::uint64_t> const& state);

    /// Another fleet knows of this place: its subscribers here must come to it.
    void head_of(std::uint32_t topic, place const& at);
    /// The place of every topic that this fleet knows of.
    std::vector<std::pair<std::uint32_t, place>> heads() const;

    /// Everyone has, or was told the loss of, everything that anybody knows of.
    bool caught_up() const;
    bool caught_up(std::uint32_t client) const;
    /// Remembers how far all topics are; whether everyone has come so far since.
    void mark();
    bool past_mark() const;
    /// Nothing more comes: what is not there now is missing.
    void finish();
    /// Forgets what everybody has passed. To be called now and then: once a second will do.
    void trim();

    bool clean() const noexcept { return found_ == 0; }
    std::uint64_t found() const noexcept { return found_; }
    std::uint64_t found(kind what) const noexcept {
        return found_of_[static_cast<std::size_t>(what)];
    }
    std::vector<finding> const& findings() const noexcept { return findings_; }

    struct counts {
        std::uint64_t delivered = 0;
        std::uint64_t acknowledged = 0, refused = 0, unknown = 0;
        std::uint64_t gaps = 0;
        std::uint64_t declared_lost = 0;  ///< messages, where the server said how many
        std::map<std::string, std::uint64_t> verdicts;  ///< sessions not resumed, by reason
        std::uint64_t resumed = 0, anew = 0, lost_connections = 0, given_up = 0;
        std::map<std::uint64_t, std::uint64_t> endings;  ///< connections by close code; 0: none
        std::uint64_t unverified = 0;                    ///< what came too late to compare
    };
    counts const& totals() const noexcept { return counts_; }
    std::size_t kept() const;  ///< entries in memory

private:
    struct range {
        std::uint64_t from = 0, to = 0;
    };
    /// Where a subscriber is.
    struct cursor {
        std::uint32_t topic = 0;
        std::int32_t epoch = -1;   ///< index of a record; -1: not known
        std::uint64_t passed = 0;  ///< delivered or declared lost up to here
        std::uint64_t seen = 0;    ///< the highest that was delivered
        std::vector<range> ahead;  ///< declared lost, not reached yet
        bool open = false;         ///< declared lost from here up to the next message
        std::uint64_t count = 0;   ///< how many, where that was said
        bool ever = false;
        bool conflating = false;
        std::uint64_t strict_above = 0;  ///< it conflated: up to here order holds by key
        std::uint64_t position = 0;      ///< of the last answer
        std::uint64_t above = 0;         ///< it never asked for keys up to here
        std::uint64_t promised = 0;      ///< messages of the state that are to come
        std::uint64_t state_last = 0;    ///< the last of them
        bool repeats = false;            ///< up to `position`, what it has may come again
        std::optional<std::uint64_t> version = std::nullopt;  ///< of presence
    };
    struct hole {
        seat at;
        std::int32_t epoch = -1;
        std::uint64_t from = 0, to = 0;
        std::string text;
    };
    struct recent {
        enum class what : std::uint8_t { nothing, told, message, gap, answer } is = what::nothing;
        event told = event::opened;
        std::uint32_t topic = 0;
        std::uint64_t a = 0, b = 0;
        std::uint32_t when = 0;  ///< its number among the client's events
    };
    /// The last messages, and apart from them, because they are few, the last of everything else.
    struct memory {
        std::array<recent, 8> messages, others;
        std::uint32_t events = 0, of_messages = 0, of_others = 0;
    };
    struct topic_epochs {
        std::vector<topic_record> records;
        std::map<std::uint32_t, std::uint64_t> published;  ///< by publisher: last number, in order
        std::optional<key_copies> keys = std::nullopt;
    };

    std::uint32_t epoch_index(std::uint32_t topic, std::string const& epoch);
    topic_record& record(cursor const& c) {
        return topics_[c.topic].records[static_cast<std::size_t>(c.epoch)];
    }
    void pass_declared(cursor& c);
    void close_hole(seat s, cursor& c, std::uint64_t offset);
    void compare(seat s, cursor const& c, std::uint64_t offset, std::string_view payload);
    void executed(std::uint32_t topic, std::uint32_t epoch, std::uint64_t offset,
                  std::uint32_t publisher, std::uint64_t number);
    void recover(seat s, cursor& c, subscribe_answer const& a, std::optional<place> const& since);
    void declare(cursor& c, std::uint64_t from, std::uint64_t to);
    void in_order(std::uint32_t topic, topic_record::entry const& e);
    bool there(std::uint32_t client, cursor const& c) const;
    void in_strict_order(seat s, cursor& c, std::uint64_t offset);
    /// True: it is one of the state that was promised.
    bool promised_message(seat s, cursor& c, topic_message const& m);
    void by_key(seat s, cursor& c, topic_message const& m, bool again);
    void options_replaced(seat s, cursor& c, subscribe_answer const& a);
    void state_follows(seat s, cursor& c, subscribe_answer const& a);
    void gap_by_key(seat s, cursor& c, declared_loss const& what);
    void note_key(cursor const& c, topic_message const& m);
    void report_missing_keys(seat s, cursor const& c);
    /// It was published by this client, who did not want it back.
    std::optional<bool> own_quiet(std::uint32_t client, cursor const& c,
                                  std::uint64_t offset) const;
    void explain_holes(bool finally);
    bool has(std::vector<bool> const& of, std::uint32_t topic) const {
        return topic < of.size() && of[topic];
    }

    void remember(std::uint32_t client, recent r);
    void report(kind what, std::uint32_t client, std::string text);
    std::string where(seat s, std::uint64_t offset) const;
    std::string account(std::uint32_t client) const;
    std::string told(recent const& r) const;
    std::string topic_of(recent const& r) const { return settings_.topics[r.topic]; }

    settings settings_;
    std::vector<std::vector<cursor>> cursors_;  ///< by client and slot
    std::vector<memory> memories_;
    std::vector<topic_epochs> topics_;
    std::map<std::uint32_t, publish_record> publishers_;
    std::vector<hole> pending_;  ///< holes that may be of messages that nobody wanted back
    std::int64_t latest_ = 0;    ///< when the last publish was sent
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<range>> holes_;
    std::vector<std::vector<std::uint64_t>> marks_;
    counts counts_;
    std::uint64_t found_ = 0;
    std::array<std::uint64_t, kinds> found_of_{};
    std::vector<finding> findings_;
};

std::string_view to_string(history_checker::kind k) noexcept;

}  // namespace weir::bench
