#pragma once

#include "async/stream_pair.hpp"
#include "transport/ws_peer.hpp"

#include <weir/base/observer.hpp>
#include <weir/transport/frame_writer.hpp>
#include <weir/transport/turn.hpp>
#include <weir/transport/ws_connection.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir::test {

inline std::size_t open_descriptors() {
    auto const all = std::filesystem::directory_iterator("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Records what its connection tells, and hands out the frames of a queue.
class fake_owner final : public transport_owner {
public:
    void on_message(std::string_view body, bool is_binary) override {
        messages.emplace_back(body);
        binary.push_back(is_binary);
        if (then_message) then_message(body);
    }
    void on_traffic() override {
        ++traffic;
        if (then_traffic) then_traffic();
    }
    void on_pong(std::string_view payload) override { pongs.emplace_back(payload); }
    std::size_t outbox_peek(std::span<frame const*> out) override {
        ++peeks;
        if (then_peek) then_peek();
        std::size_t const n = std::min(out.size(), outbox.size());
        for (std::size_t i = 0; i < n; ++i) out[i] = outbox[i].get();
        return n;
    }
    void outbox_committed(std::size_t n) override {
        ASSERT_LE(n, outbox.size());
        ASSERT_GT(n, 0u);
        outbox.erase(outbox.begin(), outbox.begin() + static_cast<std::ptrdiff_t>(n));
        committed += n;
        if (then_committed) then_committed();
    }
    void on_closing(close_reason why) override { faults.push_back(why); }
    void on_closed(closing const& c) override {
        ++closes;
        reason = c.reason;
        peer_code = c.peer_code;
        text = c.text;
    }

    std::deque<frame_ref> outbox;
    std::vector<std::string> messages;
    std::vector<bool> binary;
    std::vector<std::string> pongs;
    std::vector<close_reason> faults;
    int traffic = 0;
    int peeks = 0;
    std::size_t committed = 0;
    int closes = 0;
    close_reason reason{};
    std::uint16_t peer_code = 0;
    std::string text;
    std::function<void(std::string_view)> then_message;
    std::function<void()> then_traffic;
    std::function<void()> then_peek;
    std::function<void()> then_committed;
};

/// What a shard gives its connections.
struct shard_bed {
    /// Time stands still but for pass().
    inline static now time{};
    static now read_time() noexcept { return time; }

    boost::asio::io_context loop{1};
    observer counts;
    timing_wheel wheel{time.mono, milliseconds(10)};
    turn context{loop.get_executor(), wheel, counts, read_time};

    shard_bed() { context.start(); }

    /// Runs until `done`; the peer is not driven by the loop, so it gets a look in between.
    template <class Done>
    bool run(Done done) {
        auto const limit = mono_time::clock::now() + seconds(30);
        while (!done()) {
            if (mono_time::clock::now() >= limit) return false;
            if (loop.stopped()) loop.restart();
            loop.run_one_for(milliseconds(1));
        }
        return true;
    }
    void run_ready() { test::run_ready(loop); }
    void pass(milliseconds duration) {
        time.mono += duration;
        wheel.advance(time.mono);
    }
};

/// A server's connection, its owner, and the client's end in the test's hand.
struct connection_bed {
    connection_bed(shard_bed& s, cipher c, ws_parameters const& parameters = {}) : shard(s) {
        stream_pair pair(s.loop, c);
        peer.emplace(pair.client->release());
        raw_socket socket = pair.server->release();
        server_descriptor = socket.descriptor();
        server.emplace(s.context, std::move(socket), parameters, owner);
    }
    void start() {
        ASSERT_TRUE(server->start());
        shard.run_ready();
    }
    void queue(std::string_view text) { owner.outbox.push_back(make_text_frame(text, true)); }
    void deliver(std::string_view text) {
        queue(text);
        server->wake();
    }
    template <class Done>
    bool run(Done done) {
        return shard.run([&] {
            peer->pump();
            return done();
        });
    }
    bool run_until_closed() {
        return run([&] { return owner.closes > 0; });
    }
    /// Both ends hold little, so that a peer that does not read is soon felt.
    void shrink_buffers() {
        int const small = 64 * 1024;  // less than a loopback packet would stall the window
        ::setsockopt(peer->socket().descriptor(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        int const tiny = 1;  // the kernel makes about 4 KiB of it
        ::setsockopt(server_descriptor, SOL_SOCKET, SO_SNDBUF, &tiny, sizeof tiny);
    }
    /// The peer's frames but for control frames, as text.
    std::vector<std::string> heard() const {
        std::vector<std::string> all;
        for (auto const& f : peer->frames) {
            if (!ws::is_control(f.op)) all.push_back(f.payload);
        }
        return all;
    }

    shard_bed& shard;
    fake_owner owner;
    std::optional<ws_peer> peer;
    std::optional<ws_connection> server;
    int server_descriptor = -1;
};

/// Base of tests that run over plain and TLS connections alike.
class over_both : public testing::TestWithParam<cipher> {
protected:
    shard_bed shard;
};

inline std::string cipher_name(testing::TestParamInfo<cipher> const& p) {
    return p.param == cipher::plain ? "plain" : "tls";
}

}  // namespace weir::test
