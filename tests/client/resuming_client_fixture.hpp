#pragma once

#include <weir/client/resuming_client.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace weir::client_engine {

/// Writes down what a client does and tells, a line each.
class client_fixture : public testing::Test, protected client_link, protected witness {
protected:
    std::vector<std::string> names{"log.a", "log.b"};
    std::vector<std::string> sent, told;
    resuming_client client;
    mono_time now = mono_time(std::chrono::hours(1));

    explicit client_fixture(resuming_client::settings s = {.number = 3,
                                                           .topics = {0, 1},
                                                           .seed = 1})
        : client(with_names(std::move(s)), static_cast<client_link&>(*this),
                 static_cast<witness&>(*this)) {}
    resuming_client::settings with_names(resuming_client::settings s) {
        s.names = &names;
        return s;
    }

    void send(std::string_view text) override { sent.emplace_back(text); }
    void drop() override { sent.emplace_back("drop"); }
    void leave() override { sent.emplace_back("leave"); }

    void subscribed(seat s, subscribe_answer const& a, std::optional<place> const& since) override {
        tell("subscribed", s.slot, a.at->epoch, a.at->offset, a.recovered ? "whole" : "not",
             since ? std::to_string(since->offset) : "-",
             a.receipt ? std::to_string(a.receipt->from) + "-" + std::to_string(a.receipt->to)
                       : "-");
    }
    void delivered(seat s, std::uint64_t offset, std::string_view payload) override {
        tell("delivered", s.slot, offset, payload);
    }
    void gap(seat s, declared_loss const& l) override {
        tell("gap", s.slot, l.from, l.to, l.count, l.reason);
    }
    void acknowledged(std::uint32_t, std::uint64_t number, std::uint32_t topic,
                      place const& at) override {
        tell("acknowledged", number, topic, at.epoch, at.offset);
    }
    void refused(std::uint32_t, std::uint64_t number) override { tell("refused", number); }
    void unknown(std::uint32_t, std::uint64_t number) override { tell("unknown", number); }
    void broken(std::uint32_t, std::string text) override { tell("broken", text); }
    void happened(std::uint32_t, event, std::uint64_t) override {}
    void answered(std::uint32_t, std::string_view id, std::string_view payload) override {
        tell("answered", id, payload);
    }
    void not_resumed(std::uint32_t, std::string_view reason, milliseconds silent) override {
        if (reports_verdicts) tell("not resumed", reason, silent.count());
    }
    bool reports_verdicts = false;

    template <class... Ts>
    void tell(Ts const&... parts) {
        std::ostringstream out;
        ((out << parts << ' '), ...);
        told.push_back(out.str().substr(0, out.str().size() - 1));
    }
    std::vector<std::string> take_sent() { return std::exchange(sent, {}); }
    std::vector<std::string> take_told() { return std::exchange(told, {}); }

    void connect() {
        now = std::max(now, client.due());
        ASSERT_TRUE(client.tick(now));
        client.opened(now);
    }
    void get(std::string const& text) { client.text(text, now); }
    void welcome(bool resumed = false, int replay = 16) {
        get(R"({"type":"welcome","payload":{"session":"S","secret":"X","user":null,"resumed":)" +
            std::string(resumed ? "true" : R"(false,"reason":"expired")") +
            R"(,"heartbeat":{"mode":"message","interval_ms":2000,"timeout_ms":1000},)" +
            R"("limits":{"replay_messages":)" + std::to_string(replay) + "}}}");
    }
    void ok_to_subscribe(int slot, int offset, std::string const& more = "", int asks = 1) {
        get(R"({"type":"ok","id":"s)" + std::to_string(slot) + "." + std::to_string(asks) +
            R"(","payload":{"topic":"x","position":{"epoch":"E","offset":)" +
            std::to_string(offset) + "}" + (more.empty() ? R"(,"recovered":false)" : more) + "}}");
    }
    void message(int slot, int offset) {
        get(R"({"type":"message","topic":")" + names[static_cast<std::size_t>(slot)] +
            R"(","offset":)" + std::to_string(offset) + R"(,"payload":{"n":1}})");
    }
    void open() {
        connect();
        welcome();
        ok_to_subscribe(0, 10);
        ok_to_subscribe(1, 20);
        take_sent();
        take_told();
    }
    void lose() {
        client.lost({}, now);
        connect();
    }
};

}  // namespace weir::client_engine
