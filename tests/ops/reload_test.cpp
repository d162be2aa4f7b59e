// What a reload would install, and what it refuses.
#include <weir/ops/reload.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kit/tls/certificate.hpp>
#include <map>

namespace weir::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct reload_test : testing::Test {
    reload_test() {
        from.file = "weir.yaml";
        from.read = [this](std::string const& path, std::size_t most) {
            if (path != "weir.yaml") return config::read_file(path, most);
            return result<config::file_content>(config::file_content{yaml, false});
        };
    }
    config::settings running() {
        yaml = before;
        auto loaded = config::load(from);
        EXPECT_TRUE(loaded.ok());
        return loaded.values;
    }
    result<prepared_reload> prepare(std::string text) {
        auto const now = running();
        yaml = std::move(text);
        return prepare_reload(from, now);
    }
    static std::string tls(std::string const& listener, std::string const& certificate,
                           std::string const& key) {
        return "auth: {anonymous: true}\nlisten: {" + listener +
               ": {tls: {certificate: " + certificate + ", key: " + key + "}}}\n";
    }

    std::string before = "auth: {anonymous: true}\n";
    std::string yaml;
    config::sources from;
};

TEST_F(reload_test, takes_what_applies_now_and_names_what_needs_a_restart) {
    auto const next = prepare(
        "auth: {anonymous: true}\n"
        "limits: {message_bytes: 1KiB, topics: 5}\n"
        "listen: {internal: {hosts: [weir]}}\n");
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(next->settings.limits.message_bytes, 1024U);
    EXPECT_EQ(next->settings.limits.topics, 1'000'000U) << "needs a restart";
    EXPECT_EQ(next->settings.listen.internal_hosts, std::vector<std::string>{"weir"});
    EXPECT_EQ(next->live->session.message_bytes, 1024U);
    EXPECT_EQ(next->internal_tls, nullptr);
    using config::applies;
    using config::change;
    EXPECT_THAT(next->changes,
                ElementsAre(change{"listen.internal.hosts", "[]", "[weir]", applies::now},
                            change{"limits.message_bytes", "64KiB", "1KiB", applies::now},
                            change{"limits.topics", "1000000", "5", applies::restart}));
}

TEST_F(reload_test, refuses_a_faulty_file_and_says_the_first_error) {
    auto const next = prepare("limits:\n  conections: 5\n  message_bytes: lots\n");
    ASSERT_FALSE(next.has_value());
    EXPECT_THAT(next.error().message, HasSubstr("weir.yaml:2:3: limits.conections"));
    EXPECT_THAT(next.error().message, HasSubstr("(and 1 more)"));
    EXPECT_THAT(prepare("a: [").error().message, HasSubstr("weir.yaml:1"));
}

TEST_F(reload_test, is_not_kept_by_a_warning) {
    EXPECT_TRUE(prepare("auth: {anonymous: true}\ntopics: []\n").has_value());
}

TEST_F(reload_test, reads_renewed_certificates_of_both_listeners) {
    kit::scratch_directory const files;
    auto const first = kit::make_certificate();
    auto const chain = files.write("chain.pem", first.chain_pem);
    auto const key = files.write("key.pem", first.key_pem);
    for (auto const* listener : {"public", "internal"}) {
        before = tls(listener, chain, key);
        auto const next = prepare(before);
        ASSERT_TRUE(next.has_value()) << next.error().message;
        EXPECT_TRUE(next->changes.empty());
        auto const& loaded =
            std::string(listener) == "public" ? next->live->tls : next->internal_tls;
        EXPECT_NE(loaded, nullptr) << listener;
    }
}

TEST_F(reload_test, refuses_a_certificate_that_does_not_fit_its_key) {
    kit::scratch_directory const files;
    auto const chain = files.write("chain.pem", kit::make_certificate().chain_pem);
    auto const key = files.write("key.pem", kit::make_certificate().key_pem);
    for (auto const* listener : {"public", "internal"}) {
        before = tls(listener, chain, key);
        auto const next = prepare(before);
        ASSERT_FALSE(next.has_value()) << listener;
        EXPECT_THAT(next.error().message, HasSubstr(key)) << listener;
    }
}

}  // namespace
}  // namespace weir::ops
