#include "config/loading.hpp"

#include <weir/config/check.hpp>
#include <weir/config/option.hpp>
#include <weir/config/print.hpp>
#include <weir/config/reload.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <sys/stat.h>

namespace weir::config::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char const* marked = "HUNTER2-0123456789abcdef0123456789abcdef";

TEST(secrets, come_from_a_file_without_one_line_feed) {
    fake_files files;
    files.all["/s"] = {std::string(marked) + "\n", false};
    files.all["/k"] = {"0123456789abcdef\n\n", false};
    loaded const l = load_yaml(
        "auth: {jwt: {secret_file: /s}}\n"
        "api: {keys: [{name: a, key_file: /k, scopes: [read]}]}\n",
        from_nowhere(files));
    EXPECT_THAT(l.faults, IsEmpty());
    EXPECT_EQ(l.values.auth.jwt.key.value, marked);
    EXPECT_EQ(l.values.auth.jwt.key.file, "/s");
    EXPECT_EQ(l.values.api.keys.at(0).key.value, "0123456789abcdef\n");
}

TEST(secrets, files_that_are_no_help_are_errors) {
    fake_files files;
    files.all["/empty"] = {"\n", false};
    files.all["/long"] = {std::string(secret_bytes_max + 1, 'x'), false};
    for (auto const& [file, why] :
         {std::pair{"/gone", "No such file or directory"}, std::pair{"/empty", "the file is empty"},
          std::pair{"/long", "too large"}}) {
        loaded const l = load_yaml(std::string("auth: {jwt: {secret_file: ") + file + "}}\n",
                                   from_nowhere(files));
        EXPECT_THAT(
            texts(l, severity::error),
            ElementsAre("weir.yaml:1:14: auth.jwt.secret_file: " + std::string(file) + ": " + why));
    }
}

TEST(secrets, come_from_a_credential_of_the_same_name_if_there_is_one) {
    fake_files files;
    files.all["/run/credentials/weir.service/jwt.secret"] = {marked, false};
    files.all["/run/credentials/weir.service/key.pem"] = {"a key", false};
    files.all["/etc/weir/other.key"] = {"0123456789abcdef0", false};
    files.all["/etc/weir/chain.pem"] = {"a chain", false};
    files.all["/etc/weir/key.pem"] = {"the original, which everyone may read", true};
    sources from = from_nowhere(files);
    from.credentials = "/run/credentials/weir.service";
    loaded const l = load_yaml(
        "auth: {jwt: {secret_file: /etc/weir/jwt.secret}}\n"
        "listen: {public: {tls: {certificate: /etc/weir/chain.pem, key: /etc/weir/key.pem}}}\n"
        "api: {keys: [{name: a, key_file: /etc/weir/other.key, scopes: [read]}]}\n",
        from);
    EXPECT_THAT(l.faults, IsEmpty());
    EXPECT_EQ(l.values.auth.jwt.key.value, marked);
    EXPECT_EQ(l.values.auth.jwt.key.file, "/run/credentials/weir.service/jwt.secret");
    EXPECT_EQ(l.values.api.keys.at(0).key.file, "/etc/weir/other.key");
    auto const& tls = l.values.listen.public_listener.tls;
    EXPECT_EQ(tls.key, "/run/credentials/weir.service/key.pem") << "OpenSSL reads it by its path";
    EXPECT_EQ(tls.certificate, "/etc/weir/chain.pem");
}

TEST(secrets, files_that_everyone_may_read_are_warned_about) {
    fake_files files;
    files.all["/s"] = {marked, true};
    loaded const l = load_yaml("auth: {jwt: {secret_file: /s}}\n", from_nowhere(files));
    EXPECT_TRUE(l.ok());
    EXPECT_THAT(texts(l, severity::warning),
                ElementsAre("weir.yaml:1:14: auth.jwt.secret_file: /s: everyone on this machine "
                            "may read it; chmod o-r"));
}

TEST(secrets, given_twice_by_one_source_are_an_error) {
    fake_files files;
    files.all["/s"] = {marked, false};
    loaded const l =
        load_yaml("auth: {jwt: {secret: abc, secret_file: /s}}\n", from_nowhere(files));
    EXPECT_THAT(texts(l, severity::error),
                ElementsAre("weir.yaml:1:27: auth.jwt.secret_file: set beside auth.jwt.secret; "
                            "give one of the two"));
}

TEST(secrets, an_empty_one_of_the_sample_file_is_not_given) {
    fake_files files;
    files.all["/s"] = {marked, false};
    EXPECT_THAT(
        load_yaml("auth: {jwt: {secret: \"\", secret_file: /s}}\n", from_nowhere(files)).faults,
        IsEmpty());
}

TEST(secrets, a_stronger_source_replaces_both_forms) {
    fake_files files;
    files.all["/s"] = {"from the file 0123456789abcdef 01", false};
    sources s = from_nowhere(files);
    s.variables = {{"WEIR_AUTH__JWT__SECRET_FILE", "/s"}};
    loaded l = load_yaml("auth: {jwt: {secret: inline}}\n", s);
    EXPECT_TRUE(l.ok());
    EXPECT_EQ(l.values.auth.jwt.key.value, files.all["/s"].bytes);

    s.assignments = {std::string("auth.jwt.secret=") + marked};
    l = load_yaml("auth: {jwt: {secret: inline}}\n", s);
    EXPECT_TRUE(l.ok());
    EXPECT_EQ(l.values.auth.jwt.key.value, marked);
    EXPECT_EQ(l.values.auth.jwt.key.file, "");
}

TEST(secrets, the_mark_that_hides_one_is_not_taken_for_one) {
    EXPECT_THAT(texts(load_yaml("auth: {jwt: {secret: <redacted>}}\n"), severity::error),
                ElementsAre("weir.yaml:1:14: auth.jwt.secret: holds the mark that `weir config` "
                            "prints for a secret, not one"));
}

TEST(secrets, are_in_no_output) {
    std::string const yaml = "auth: {jwt: {secret: " + std::string(marked) +
                             "}}\napi: {keys: [{name: a, key: " + marked + ", scopes: [read]}]}\n";
    loaded const l = load_yaml(yaml);
    ASSERT_TRUE(l.ok());
    auto const free_of_it = Not(HasSubstr("HUNTER2"));
    EXPECT_THAT(print_effective(l.values, l.origins), free_of_it);
    EXPECT_THAT(print_effective(l.values, l.origins), HasSubstr("# secret: <redacted>"));
    EXPECT_THAT(explain(l, {}), free_of_it);
    auto const changes = diff(default_settings(), l.values);
    ASSERT_EQ(changes.size(), 2U);
    for (change const& c : changes) {
        EXPECT_THAT(c.before + c.after, free_of_it);
        EXPECT_THAT(c.after, HasSubstr("<redacted>"));
    }
}

TEST(secrets, are_in_no_fault) {
    std::string const s(marked);
    std::vector<std::string> const wrong = {
        "auth: {jwt: {secrt: " + s + "}}\n",
        "auth: {jwt: {secret: [" + s + "]}}\n",
        "auth: {jwt: {secret: {" + s + ": 1}}}\n",
        "auth: {jwt: {secret: " + s + ", secret: " + s + "}}\n",
        "auth: {jwt: {secret: \"-----BEGIN " + s + "\"}}\n",
        "auth: {jwt: {secret: &a " + s + "}}\n",
        "auth: {jwt: {secret: " + s + "\n",
        "api: {keys: [{name: a, key: " + s + ", scopes: []}, {name: a, key: " + s + "}]}\n",
    };
    for (std::string const& yaml : wrong) {
        loaded const l = load_yaml(yaml);
        EXPECT_FALSE(l.ok()) << yaml;
        for (config_fault const& f : l.faults) EXPECT_THAT(f.text(), Not(HasSubstr("HUNTER2")));
    }
    sources from = from_nowhere();
    from.variables = {{"WEIR_AUTH__JWT__SECRT", s}};
    from.assignments = {"auth.jwt.secret:" + s, "auth.jwt.secrt=" + s};
    for (config_fault const& f : load(from).faults) {
        EXPECT_THAT(f.text(), Not(HasSubstr("HUNTER2")));
    }
}

TEST(reading_a_file, tells_who_may_read_it_and_why_it_failed) {
    std::string const path = testing::TempDir() + "weir_config_read_file";
    std::ofstream(path) << "abc\n";
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    auto got = read_file(path, 4);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->bytes, "abc\n");
    EXPECT_FALSE(got->others_may_read);

    ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
    got = read_file(path, 4);
    ASSERT_TRUE(got);
    EXPECT_TRUE(got->others_may_read);

    EXPECT_EQ(read_file(path, 3).error().code, errc::too_large);
    ASSERT_EQ(std::remove(path.c_str()), 0);
    EXPECT_EQ(read_file(path, 4).error().message, "No such file or directory");
    EXPECT_EQ(read_file(testing::TempDir(), 4).error().message, "Is a directory");
    EXPECT_EQ(read_file("/dev/zero", 4).error().code, errc::too_large);
}

TEST(tls_files, have_to_be_there) {
    fake_files files;
    files.all["c.pem"] = {"-----BEGIN CERTIFICATE-----\n", true};
    files.all["k.pem"] = {"-----BEGIN PRIVATE KEY-----\n", true};
    loaded const l = load_yaml(
        "auth: {anonymous: true}\n"
        "listen:\n"
        "  public: {tls: {certificate: c.pem, key: k.pem}}\n"
        "  internal: {tls: {certificate: c.pem, key: gone.pem}}\n",
        from_nowhere(files));
    EXPECT_THAT(texts(l, severity::error),
                ElementsAre("weir.yaml:4:40: listen.internal.tls.key: gone.pem: No such file or "
                            "directory"));
}

TEST(tls_files, that_everyone_may_read_are_warned_about) {
    fake_files files;
    files.all["c.pem"] = {"-----BEGIN CERTIFICATE-----\n", true};
    files.all["k.pem"] = {"-----BEGIN PRIVATE KEY-----\n", true};
    loaded const l = load_yaml(
        "auth: {anonymous: true}\n"
        "listen:\n"
        "  public: {tls: {certificate: c.pem, key: k.pem}}\n",
        from_nowhere(files));
    EXPECT_THAT(texts(l, severity::warning),
                ElementsAre("weir.yaml:3:38: listen.public.tls.key: k.pem: everyone on this "
                            "machine may read it; chmod o-r"));
}

}  // namespace
}  // namespace weir::config::test
