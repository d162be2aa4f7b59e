#include "async/stream_pair.hpp"

#include <weir/async/certificate_expiry.hpp>

#include <boost/asio/error.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <array>

namespace weir {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using test::await;
using test::soon;
using testing::HasSubstr;

struct verdicts {
    error_code server;
    error_code client;
    std::unique_ptr<stream> server_end;
    std::unique_ptr<stream> client_end;
};

/// One handshake between two contexts.
verdicts handshake(asio::io_context& loop, SSL_CTX& server, SSL_CTX& client,
                   std::string const& host, bool verify) {
    verdicts v;
    auto [a, b] = test::connected(loop);
    bool accepted = false;
    asio::co_spawn(loop, tls_accept(std::move(a), server, soon()),
                   [&](std::exception_ptr, auto got) {
                       v.server = got.first;
                       v.server_end = std::move(got.second);
                       accepted = true;
                   });
    auto got = await(loop, tls_connect(std::move(b), client, host, verify, soon()));
    v.client = got.first;
    v.client_end = std::move(got.second);
    if (v.client) v.client_end.reset();
    EXPECT_TRUE(test::run_until(loop, [&] { return accepted; }));
    return v;
}

struct refused_case {
    char const* name;
    std::string (*certificate)(kit::scratch_directory const&);
    std::string (*key)(kit::scratch_directory const&);
    char const* says;
};

std::string good_chain(kit::scratch_directory const&) {
    return test::tls_contexts::shared().files.chain();
}
std::string good_key(kit::scratch_directory const&) {
    return test::tls_contexts::shared().files.key();
}
std::string missing(kit::scratch_directory const& d) {
    return d.path("missing.pem");
}
std::string garbage(kit::scratch_directory const& d) {
    return d.write("garbage.pem", "hello\n");
}
std::string other_key(kit::scratch_directory const& d) {
    return d.write("other.pem", kit::make_certificate().key_pem);
}
std::string locked_key(kit::scratch_directory const& d) {
    return d.write("locked.pem", kit::make_certificate({.passphrase = "secret"}).key_pem);
}

class refused_files : public testing::TestWithParam<refused_case> {};

// The fault names the file and what is wrong with it.
TEST_P(refused_files, say_why) {
    kit::scratch_directory const directory;
    auto const chain = GetParam().certificate(directory);
    auto const key = GetParam().key(directory);
    auto const loaded = load_server_tls(chain, key);
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message, HasSubstr(GetParam().says));
    EXPECT_THAT(loaded.error().message, testing::AnyOf(HasSubstr(chain), HasSubstr(key)));
    EXPECT_THAT(loaded.error().message, testing::Not(HasSubstr("secret")));
}

INSTANTIATE_TEST_SUITE_P(
    all, refused_files,
    testing::Values(
        refused_case{"no_certificate", missing, good_key, "cannot be read: No such file"},
        refused_case{"no_key", good_chain, missing, "cannot be read: No such file"},
        refused_case{"garbage_certificate", garbage, good_key, "is not a certificate chain"},
        refused_case{"garbage_key", good_chain, garbage, "is not a private key"},
        refused_case{"another_key", good_chain, other_key, "does not belong to certificate"},
        refused_case{"key_for_certificate", good_key, good_key, "is not a certificate chain"},
        refused_case{"encrypted_key", good_chain, locked_key, "is encrypted"}),
    [](auto const& p) { return std::string(p.param.name); });

TEST(tls_client_context, names_a_bad_ca_file) {
    kit::scratch_directory const directory;
    auto const none = make_client_tls(missing(directory));
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().message, HasSubstr("missing.pem cannot be read"));
    auto const bad = make_client_tls(garbage(directory));
    ASSERT_FALSE(bad);
    EXPECT_THAT(bad.error().message, HasSubstr("garbage.pem is not a certificate"));
}

struct verification {
    char const* name;
    std::string host;
    bool verify;
    bool trusted;
    bool expired;
    bool accepted;
};

class tls_verification : public testing::TestWithParam<verification> {};

TEST_P(tls_verification, decides) {
    asio::io_context loop(1);
    test::tls_contexts::shared();
    auto const& p = GetParam();
    kit::certificate_files const files(kit::make_certificate({.expired = p.expired}));
    auto const server = load_server_tls(files.chain(), files.key()).value();
    auto const client = make_client_tls(p.trusted ? files.chain() : std::string()).value();
    auto const v = handshake(loop, *server, *client, p.host, p.verify);
    EXPECT_EQ(!v.client, p.accepted) << v.client.message();
    EXPECT_EQ(v.client_end != nullptr, p.accepted);
    if (!p.accepted) {
        EXPECT_EQ(v.client.message(), "certificate verify failed");
    }
}

INSTANTIATE_TEST_SUITE_P(
    all, tls_verification,
    testing::Values(verification{"name", "localhost", true, true, false, true},
                    verification{"v4", "127.0.0.1", true, true, false, true},
                    verification{"v6", "::1", true, true, false, true},
                    verification{"other_name", "example.com", true, true, false, false},
                    verification{"other_address", "127.0.0.2", true, true, false, false},
                    verification{"stranger", "localhost", true, false, false, false},
                    verification{"expired", "localhost", true, true, true, false},
                    verification{"nobody_asks", "example.com", false, false, true, true}),
    [](auto const& p) { return std::string(p.param.name); });

struct tls_fixture : testing::Test {
    test::tls_contexts const& contexts = test::tls_contexts::shared();
    asio::io_context loop{1};

    SSL_CTX& server() { return *contexts.server; }
    tls_context client() { return make_client_tls(contexts.files.chain()).value(); }
    verdicts meet(SSL_CTX& client) { return handshake(loop, server(), client, "localhost", true); }
};

TEST_F(tls_fixture, speaks_1_3_and_1_2_with_authenticated_ciphers_only) {
    for (int const version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        auto const c = client();
        SSL_CTX_set_max_proto_version(c.get(), version);
        auto v = meet(*c);
        ASSERT_TRUE(v.client_end) << v.client.message();
        raw_socket const raw = v.client_end->release();
        EXPECT_EQ(SSL_version(raw.tls()), version);
        EXPECT_TRUE(SSL_CIPHER_is_aead(SSL_get_current_cipher(raw.tls())));
    }
}

TEST_F(tls_fixture, refuses_what_is_old) {
    auto const old = client();
    SSL_CTX_set_min_proto_version(old.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(old.get(), TLS1_1_VERSION);
    SSL_CTX_set_cipher_list(old.get(), "ALL:@SECLEVEL=0");
    EXPECT_TRUE(meet(*old).server);

    auto const weak = client();
    SSL_CTX_set_max_proto_version(weak.get(), TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(weak.get(), "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA");
    EXPECT_TRUE(meet(*weak).server);
}

TEST_F(tls_fixture, agrees_on_http_1_1_or_nothing) {
    auto const c = client();
    auto v = meet(*c);
    raw_socket const raw = v.server_end->release();
    unsigned char const* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(raw.tls(), &name, &size);
    EXPECT_EQ(std::string(reinterpret_cast<char const*>(name), size), "http/1.1");

    unsigned char const h2[] = "\x02h2";
    auto const other = client();
    SSL_CTX_set_alpn_protos(other.get(), h2, 3);
    EXPECT_TRUE(meet(*other).client);

    auto const silent = client();
    SSL_CTX_set_alpn_protos(silent.get(), nullptr, 0);
    EXPECT_FALSE(meet(*silent).client);
}

TEST_F(tls_fixture, refuses_to_renegotiate) {
    auto const c = client();
    SSL_CTX_set_max_proto_version(c.get(), TLS1_2_VERSION);
    SSL_CTX_clear_options(c.get(), SSL_OP_NO_RENEGOTIATION);
    auto v = meet(*c);
    raw_socket const raw = v.client_end->release();
    ASSERT_EQ(SSL_renegotiate(raw.tls()), 1);
    SSL_do_handshake(raw.tls());  // sends the ClientHello
    std::array<char, 16> room;
    // Whatever the server answers, it is no new handshake: its read fails or waits.
    auto const later = mono_time::clock::now() + milliseconds(200);
    EXPECT_TRUE(await(loop, v.server_end->read_some(room, later)).first);
    SSL_do_handshake(raw.tls());
    EXPECT_NE(SSL_is_init_finished(raw.tls()), 1);
}

TEST_F(tls_fixture, plain_http_on_a_tls_port_is_an_error_and_not_a_wait) {
    auto [a, b] = test::connected(loop);
    auto const plain = make_plain_stream(std::move(b));
    ASSERT_FALSE(await(loop, plain->write_all("GET / HTTP/1.1\r\nHost: x\r\n\r\n", soon())));
    auto const got = await(loop, tls_accept(std::move(a), server(), soon()));
    EXPECT_EQ(got.first.message(), "http request");
    EXPECT_FALSE(got.second);
}

TEST_F(tls_fixture, a_handshake_has_a_deadline) {
    auto [a, b] = test::connected(loop);
    auto const later = mono_time::clock::now() + milliseconds(5);
    EXPECT_EQ(await(loop, tls_accept(std::move(a), server(), later)).first, asio::error::timed_out);
}

TEST_F(tls_fixture, a_peer_that_hangs_up_is_no_clean_end) {
    auto const c = client();
    auto v = meet(*c);
    v.client_end.reset();  // no close_notify
    std::array<char, 16> room;
    EXPECT_EQ(await(loop, v.server_end->read_some(room, soon())).first,
              asio::error::connection_reset);
}

// One shared context serves all shards; a second visit resumes without a certificate.
TEST_F(tls_fixture, a_ticket_resumes) {
    auto const c = client();
    auto v = meet(*c);
    ASSERT_FALSE(await(loop, v.server_end->write_all("x", soon())));
    std::array<char, 16> room;
    ASSERT_EQ(await(loop, v.client_end->read_some(room, soon())).second, 1u);
    raw_socket const first = v.client_end->release();
    std::unique_ptr<SSL_SESSION, void (*)(SSL_SESSION*)> const session(
        SSL_get1_session(first.tls()), SSL_SESSION_free);
    ASSERT_TRUE(SSL_SESSION_is_resumable(session.get()));

    auto [a, b] = test::connected(loop);
    std::unique_ptr<SSL, void (*)(SSL*)> const tls(SSL_new(c.get()), SSL_free);
    SSL_set_session(tls.get(), session.get());
    SSL_set_fd(tls.get(), b.native_handle());
    b.native_non_blocking(true);
    SSL_set_connect_state(tls.get());
    bool done = false;
    asio::co_spawn(loop, tls_accept(std::move(a), server(), soon()),
                   [&](std::exception_ptr, auto got) {
                       EXPECT_FALSE(got.first) << got.first.message();
                       done = true;
                   });
    EXPECT_TRUE(test::run_until(loop, [&] {
        SSL_do_handshake(tls.get());
        return done && SSL_is_init_finished(tls.get()) == 1;
    }));
    EXPECT_EQ(SSL_session_reused(tls.get()), 1);
}

TEST(certificate_expiry_test, is_that_of_the_first_certificate_of_the_chain_to_expire) {
    constexpr wall_ms day = 24LL * 60 * 60 * 1000;
    auto const now = read_clocks().wall;
    auto const good = kit::make_certificate();
    kit::certificate_files const alone(good);
    auto const until = certificate_expiry(*load_server_tls(alone.chain(), alone.key()).value());
    EXPECT_GT(until, now);
    EXPECT_LE(until, now + day + 60'000);

    auto const old = kit::make_certificate({.expired = true});
    kit::certificate_files const chain({good.chain_pem + old.chain_pem, good.key_pem});
    auto const first = certificate_expiry(*load_server_tls(chain.chain(), chain.key()).value());
    EXPECT_LT(first, now - 20 * day);

    EXPECT_EQ(certificate_expiry(*make_client_tls("").value()), 0) << "it has no certificate";
}

}  // namespace
}  // namespace weir
