#include "app/tls_pairs.hpp"

#include "kit/tls/certificate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace weir::app {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class tls_pairs_test : public testing::Test {
protected:
    config::loaded load(std::string const& listener, std::string const& certificate,
                        std::string const& key) {
        config::sources from;
        std::string const yaml = "auth: {anonymous: true}\nlisten:\n  " + listener +
                                 ": {tls: {certificate: " + certificate + ", key: " + key + "}}\n";
        auto loaded = config::load_text("weir.yaml", yaml, from);
        EXPECT_TRUE(loaded.ok());
        check_tls_pairs(loaded);
        return loaded;
    }
    kit::certificate_files one, other;
    kit::scratch_directory files;
};

TEST_F(tls_pairs_test, that_fit_are_fine) {
    EXPECT_TRUE(load("public", one.chain(), one.key()).ok());
    EXPECT_TRUE(load("internal", one.chain(), one.key()).ok());
}

TEST_F(tls_pairs_test, of_which_one_is_junk_are_an_error_with_its_place) {
    auto const junk = files.write("junk.pem", "-----BEGIN CERTIFICATE-----\njunk\n");
    for (char const* listener : {"public", "internal"}) {
        auto const l = load(listener, junk, one.key());
        ASSERT_THAT(l.faults, SizeIs(1));
        EXPECT_FALSE(l.ok());
        EXPECT_THAT(l.faults[0].text(), HasSubstr("weir.yaml:3:"));
        EXPECT_THAT(l.faults[0].text(), HasSubstr(std::string("listen.") + listener + ".tls"));
        EXPECT_THAT(l.faults[0].text(), HasSubstr("is not a certificate chain in PEM"));
    }
    EXPECT_FALSE(load("public", one.chain(), junk).ok());
}

TEST_F(tls_pairs_test, that_do_not_belong_together_are_an_error) {
    auto const l = load("public", one.chain(), other.key());
    ASSERT_FALSE(l.ok());
    EXPECT_THAT(l.faults[0].message, HasSubstr("does not belong to certificate"));
}

}  // namespace
}  // namespace weir::app
