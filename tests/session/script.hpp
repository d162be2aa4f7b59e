#pragma once

#include <weir/session/session.hpp>

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

/// A port that writes down what it is asked and does as it is told.
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

    session* answered = nullptr;  ///< joins and publishes are answered from inside the call
    result<position> answer{position{epoch_id{7}, 41}};
    struct joined_topic {
        position at;
        bool by_server = false;
    };
    struct asked_read {
        log_query what;  ///< members: the topic alone
        publish_ticket ticket;
    };
    std::map<std::string, joined_topic, std::less<>> joined;
    std::vector<asked_publish> publishes;
    std::vector<asked_read> reads;
    std::optional<resume_result> resume_answer = resume_result::unknown;
    std::string last_welcome;
    actions log;
    bool closed = false;
};

/// The tokens that are good, by their text.
class fake_verifier final : public auth::verifier {
public:
    std::map<std::string, result<auth::identity>, std::less<>> tokens;
    result<auth::identity> verify(std::string_view token, wall_ms at) const override;
};

/// One session with everything around it, its real JSON dialect and rules, and a clock that only
/// this moves. Rules: open.** is anyone's, members.** of everyone with a user, inbox.{user} its
/// owner's to read, news.** anyone's to read and nobody's to write, and nothing else.
/// Tokens: `ann`, `ben` and `ann-again` are good; `short` is ann's for 60 s; `late` is hers, 10 s
/// past its end and good for 20 s more; `old` has expired.
class script {
public:
    explicit script(bool anonymous = true);

    session_settings settings;
    directory people;
    fake_verifier tokens;
    fake_port port;
    observer counts;
    session_environment env;
    now at;

    static auth::identity who(std::string user, wall_ms expires_at = 0);

    /// A session, started.
    session& connect(session::credential c = {});
    session& connect_as(std::string_view token);
    /// A session that has said hello; what it was answered is dropped.
    session& open(std::string_view hello = R"({"type":"hello"})");
    session& talk() { return *session_; }
    void drop() { session_.reset(); }

    /// The client sends a text; returns what the session did.
    actions says(std::string_view text);
    /// Time passes, with a tick at every deadline on the way; returns what the session did.
    actions passes(milliseconds d);
    /// What the session did since the last question.
    actions did();

    actions joins(std::string_view topic, result<position> const& at_position);
    actions published(std::size_t which, result<position> const& at_position);
    /// Its connection is gone; true: it lives on.
    bool detaches() { return talk().detach(at); }
    /// A new connection with that hello and token takes it up, as its shard would.
    actions resumes(std::string_view hello, std::string_view token = {});
    /// Received and sent frames, for `received`.
    void sends_numbered(std::size_t n);

private:
    rule_set rules_;
    std::unique_ptr<dialect> words_ = make_json_dialect();
    std::unique_ptr<session> session_;
};

}  // namespace weir
