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
///   welcome · opened · send JSON · express JSON · subscribe T · unsubscribe T · publish T ·
///   ping frame · close CODE TEXT
using actions = std::vector<std::string>;

/// A port that writes down what it is asked and does as it is told.
class fake_port final : public session_port {
public:
    void send(std::string_view body, bool numbered) override;
    void subscribe(std::string_view topic) override;
    void unsubscribe(std::string_view topic) override;
    bool subscribed(std::string_view topic) const override;
    std::size_t subscriptions() const override { return topics.size(); }
    std::optional<position> position_of(std::string_view topic) const override;
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
    std::map<std::string, position, std::less<>> topics;
    std::vector<asked_publish> publishes;
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
    /// Received and sent frames, for `received`.
    void sends_numbered(std::size_t n);

private:
    rule_set rules_;
    std::unique_ptr<dialect> words_ = make_json_dialect();
    std::unique_ptr<session> session_;
};

}  // namespace weir
