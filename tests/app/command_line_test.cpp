#include "app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace weir::app {
namespace {

using testing::HasSubstr;

constexpr std::array<std::string_view, 5> commands{"serve", "check", "sub", "pub", "init"};

TEST(unknown_commands, get_the_nearest_name) {
    EXPECT_EQ(no_such_command("serv", commands),
              R"(there is no command "serv"; did you mean `weir serve`?)");
    EXPECT_EQ(no_such_command("chekc", commands),
              R"(there is no command "chekc"; did you mean `weir check`?)");
    EXPECT_EQ(no_such_command("xylophone", commands),
              R"(there is no command "xylophone"; the commands are serve, check, sub, pub, init)");
    EXPECT_THAT(no_such_command("bench", commands), HasSubstr("weir-bench"));
}

int run(std::vector<char const*> args) {
    args.insert(args.begin(), "weir");
    return run_command_line(static_cast<int>(args.size()), args.data());
}

struct call {
    char const* name;
    std::vector<char const*> args;
    int status;
    char const* out;  ///< part of it
    char const* err;
};

class called_with : public testing::TestWithParam<call> {};

TEST_P(called_with, says_and_returns) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    int const status = run(GetParam().args);
    auto const out = testing::internal::GetCapturedStdout();
    auto const err = testing::internal::GetCapturedStderr();
    EXPECT_EQ(status, GetParam().status) << out << err;
    EXPECT_THAT(out, HasSubstr(GetParam().out));
    EXPECT_THAT(err, HasSubstr(GetParam().err));
}

std::vector<call> const calls = {
    {"nothing", {}, 0, "weir serve", ""},
    {"help", {"--help"}, 0, "weir init", ""},
    {"version", {"--version"}, 0, "weir 0.", ""},
    {"version_command", {"version"}, 0, "weir 0.", ""},
    {"a_typing_error", {"serv"}, 2, "", "did you mean `weir serve`?"},
    {"a_typing_error_and_options", {"serv", "-c", "x"}, 2, "", "did you mean `weir serve`?"},
    {"an_unknown_option", {"--colour"}, 2, "", "--colour"},
    {"an_unknown_option_of_a_command", {"check", "--colour"}, 2, "", "--colour"},
    {"a_file_that_is_not_there", {"check", "-c", "/nonexistent"}, 2, "", "No such file"},
    {"a_weak_secret",
     {"check", "--set", "auth.jwt.secret=short"},
     2,
     "",
     "HS256 needs at least 32"},
    {"sub_without_a_topic", {"sub", "ws://127.0.0.1:1/"}, 2, "", "topic"},
    {"pub_to_a_wrong_url", {"pub", "http://127.0.0.1/", "a", "1"}, 1, "", "ws://"},
};

INSTANTIATE_TEST_SUITE_P(command_line, called_with, testing::ValuesIn(calls),
                         [](auto const& i) { return i.param.name; });

TEST(shell_words, are_quoted_if_they_have_to_be) {
    EXPECT_EQ(shell_word("/etc/weir/weir.yaml"), "/etc/weir/weir.yaml");
    EXPECT_EQ(shell_word(""), "''");
    EXPECT_EQ(shell_word("a b"), "'a b'");
    EXPECT_EQ(shell_word("it's $HOME"), R"('it'\''s $HOME')");
}

std::string content_of(char const* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// What is written by hand beside the program has to follow it.
class written_about : public testing::TestWithParam<char const*> {};

TEST_P(written_about, every_command_and_option) {
    std::string text = content_of(GetParam());
    std::erase(text, '\\');  // a manual page writes \-\-config
    ASSERT_FALSE(text.empty()) << GetParam();
    CLI::App app;
    int status = 0;
    describe_command_line(app, status);
    for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
        EXPECT_THAT(text, HasSubstr(command->get_name()));
        for (CLI::Option const* option : command->get_options()) {
            for (std::string const& name : option->get_lnames()) {
                EXPECT_THAT(text, HasSubstr("--" + name)) << command->get_name();
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(packaging, written_about,
                         testing::Values("packaging/weir.1", "packaging/completion/weir.bash",
                                         "packaging/completion/_weir"),
                         [](auto const& i) { return "file_" + std::to_string(i.index); });

}  // namespace
}  // namespace weir::app
