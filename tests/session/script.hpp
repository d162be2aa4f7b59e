#pragma once

#include <weir/session/session.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// What a session asked of its port, a line each:
///   welcome · opened · send JSON · express JSON · subscribe T OPTIONS · change T OPTIONS ·
///   unsubscribe T · publish T · read KIND T · members T · resume ID · ping frame · close CODE TEXT
using actions = std::vector<std::string>;

/// A topic that was joined and nothing more.
inline result<join_answer> as_answer(result<position> const& r) {
    if (!r) return r.error();
    return join_answer{.at = *r};
}

/// A port that writes down what it is asked and does as it is told. What is sent goes into the ring
/// of `talk`, whose overflow is met as an owner meets it.
class fake_port final : public session_port {
public:
    void send(std::string_view body, bool numbered) override;
    void subscribe(std::string_view topic, subscribe_options const& with) override;
    join_answer change(std::string_view topic, subscribe_options const& with) override;
    void unsubscribe(std::string_view topic) override;
    bool subscribed(std::string_view topic) const override;
    std::size_t subscriptions() const override { return joined.size(); }
    std::vector<topic_name> topics() const override;
    void read(log_query q, publish_ticket ticket) override;
    void members(std::string_view topic, std::uint32_t max, publish_ticket ticket) override;
    std::optional<resume_result> resume(command::resume_request const& what) override;
    void publish(publication p, publish_ticket ticket) override;
    void ping_frame() override;
    void close(close_reason why, std::string_view text) override;
    void opened() override { log.emplace_back("opened"); }

    struct asked_publish {
        publication what;
        publish_ticket ticket;
    };

    session* talk = nullptr;      ///< whose ring is filled; null: nobody's
    now at{};                     ///< of answers inside the call
    session* answered = nullptr;  ///< joins, publishes and reads are answered inside the call
    result<position> answer{position{epoch_id{7}, 41}};
    struct joined_topic {
        position at;
        bool by_server = false;
    };
    struct asked_read {
        log_query what;  ///< members: the topic alone
        publish_ticket ticket;
        bool members = false;
    };
    std::map<std::string, joined_topic, std::less<>> joined;
    std::vector<asked_publish> publishes;
    std::vector<asked_read> reads;
    std::function<std::optional<resume_result>(command::resume_request const&)> on_resume =
        [](auto const&) { return resume_result::unknown; };
    std::string last_welcome;
    std::optional<position> asked_since;  ///< by the last subscribe
    actions log;
    bool closed = false;  ///< there is no connection that would take anything
    bool away = false;    ///< there is no connection at all
    bool over = false;    ///< nor is the session collected for any more
};

/// The tokens that are good, by their text.
class fake_verifier final : public auth::verifier {
public:
    std::map<std::string, result<auth::identity>, std::less<>> tokens;
    result<auth::identity> verify(std::string_view token, wall_ms at) const override;
};

/// One session with everything around it, its real JSON dialect and rules, and a clock that only
/// this moves. Rules: open.** is anyone's, members.** of everyone with a user, inbox.{user} its
/// owner's to read, news.** anyone's to read and nobody's to write, log.** anyone's with history,
/// keyed state and presence, ticks.** anyone's to read and newest-wins, and nothing else.
/// Tokens: `ann`, `ben` and `ann-again` are good; `short` is ann's for 60 s; `late` is hers, 10 s
/// past its end and good for 20 s more; `old` has expired.
class script {
public:
    explicit script(bool anonymous = true);

    session_settings settings;
    weir::directory directory;
    fake_verifier tokens;
    fake_port port;
    observer counts;
    session_environment env;
    now at;

    static auth::identity who(std::string user, wall_ms expires_at = 0);

    /// A session, started.
    weir::session& connect(weir::session::credential c = {});
    weir::session& connect_as(std::string_view token);
    /// A session that has said hello; what it was answered is dropped.
    weir::session& open(std::string_view hello = R"({"type":"hello"})");
    weir::session& session() { return *session_; }
    void drop();

    /// The client sends a text; returns what the session did.
    actions says(std::string_view text);
    /// Time passes, with a tick at every deadline on the way; returns what the session did.
    actions passes(milliseconds d);
    /// What the session did since the last question.
    actions did();

    actions joins(std::string_view topic, result<position> const& at_position);
    actions published(std::size_t which, result<position> const& at_position);
    /// Its connection is gone; true: it lives on.
    bool detaches();
    /// The hello with which a client that has handled so many comes back; `more` goes into its
    /// payload.
    std::string hello_again(std::uint64_t received, std::string_view more = {}) const;
    std::string hello_again() const { return hello_again(handled.size()); }
    /// A connection comes with that hello, and with a token at the handshake. Returns what the
    /// session did that it resumed; or "refused WHY"; or how the connection was closed.
    actions resumes(std::string_view hello, std::string_view token = {});
    /// Sent frames, for `received`.
    void sends_numbered(std::size_t n);
    void rules_are(std::vector<topic_rule> rules) { rules_ = rule_set(std::move(rules)); }
    rule_authority& decided_by_rules() { return rule_authority_; }
    static std::vector<topic_rule> usual_rules();

    /// The client takes in what was sent; off: the outbox fills.
    bool reads = true;
    /// All numbered messages that the client has handled, in order.
    std::vector<std::string> handled;

private:
    void read_all();

    rule_set rules_;
    rule_authority rule_authority_{rules_};
    std::unique_ptr<dialect> dialect_ = make_json_dialect();
    std::unique_ptr<weir::session> session_;
};

topic_rule rule(std::string match, right subscribe, right publish, topic_policy policy = {});

}  // namespace weir
