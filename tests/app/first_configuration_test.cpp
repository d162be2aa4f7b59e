#include "app/first_configuration.hpp"

#include <weir/config/load.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/stat.h>

namespace weir::app {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class first_configuration_test : public testing::Test {
protected:
    void SetUp() override {
        directory = testing::TempDir() + "weir init " + std::to_string(::getpid());
        std::filesystem::remove_all(directory);
        std::filesystem::create_directories(directory);
    }
    void TearDown() override { std::filesystem::remove_all(directory); }

    std::string read(std::string const& name) const {
        std::ifstream file(directory + "/" + name);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::string directory;
};

TEST_F(first_configuration_test, loads_without_a_single_complaint) {
    ASSERT_TRUE(write_new_files(first_configuration(directory)));
    config::sources from;
    from.file = directory + "/weir.yaml";
    auto const loaded = config::load(from);
    for (auto const& f : loaded.faults) ADD_FAILURE() << f.text();
    config::settings const& s = loaded.values;
    EXPECT_TRUE(config::is_loopback(s.listen.public_listener.address));
    EXPECT_TRUE(config::is_loopback(s.listen.internal_listener.address));
    EXPECT_FALSE(s.auth.anonymous);
    EXPECT_EQ(s.auth.jwt.key.value.size(), 64U);
    ASSERT_EQ(s.api.keys.size(), 1U);
    EXPECT_EQ(s.api.keys[0].key.value.size(), 64U);
    EXPECT_NE(s.api.keys[0].key.value, s.auth.jwt.key.value);
}

TEST_F(first_configuration_test, has_new_secrets_that_only_the_owner_reads) {
    auto const files = first_configuration(directory);
    EXPECT_NE(files[1].content, first_configuration(directory)[1].content);
    ASSERT_TRUE(write_new_files(files));
    for (char const* name : {"/jwt.secret", "/backend.key"}) {
        struct stat about{};
        ASSERT_EQ(::stat((directory + name).c_str(), &about), 0);
        EXPECT_EQ(about.st_mode & 0777U, 0600U) << name;
    }
}

TEST_F(first_configuration_test, never_overwrites_and_then_writes_nothing) {
    std::ofstream(directory + "/backend.key") << "precious";
    auto const written = write_new_files(first_configuration(directory));
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().message, HasSubstr("backend.key exists already"));
    EXPECT_EQ(read("backend.key"), "precious");
    EXPECT_FALSE(std::filesystem::exists(directory + "/weir.yaml"));
    EXPECT_FALSE(std::filesystem::exists(directory + "/jwt.secret"));
}

TEST_F(first_configuration_test, does_not_follow_a_link_to_elsewhere) {
    std::filesystem::create_symlink(directory + "/elsewhere", directory + "/jwt.secret");
    EXPECT_FALSE(write_new_files(first_configuration(directory)));
    EXPECT_FALSE(std::filesystem::exists(directory + "/elsewhere"));
}

TEST_F(first_configuration_test, takes_back_what_it_wrote_when_it_cannot_write_all) {
    auto files = first_configuration(directory);
    files[2].path = directory + "/no/such/directory";
    EXPECT_FALSE(write_new_files(files));
    EXPECT_THAT(std::filesystem::is_empty(directory), true);
}

TEST_F(first_configuration_test, tells_three_commands_that_a_shell_reads) {
    auto const text = next_commands("/home/ann/my weir", "/opt/weir");
    EXPECT_THAT(text, HasSubstr("/opt/weir serve -c '/home/ann/my weir/weir.yaml'\n"));
    EXPECT_THAT(text, HasSubstr("/opt/weir sub --token \"$(/opt/weir token -c "));
    EXPECT_THAT(text, HasSubstr("$(cat '/home/ann/my weir/backend.key')"));
}

}  // namespace
}  // namespace weir::app
