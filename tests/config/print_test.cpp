#include "config/loading.hpp"
#include "config/value.hpp"

#include <weir/config/option.hpp>
#include <weir/config/print.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace weir::config::test {
namespace {

using testing::HasSubstr;

/// A value that is not the default, whatever the option is.
void disturb(option const& row, field const& value) {
    std::visit(
        overloaded{
            [](std::monostate) {}, [](bool* b) { *b = !*b; },
            [](std::string* s) { *s = "/odd: \"text\" \\ # é \u2028\u0085 [x] {y}, *z"; },
            [](std::vector<std::string>* list) {
                *list = {"https://*.example.com", "http://[::1]:3000"};
            },
            [](access* who) { *who = {.anyone = true, .authenticated = false, .owner = true}; },
            [](secret* s) { *s = {"from the file 0123456789abcdef 01", "/run/secrets/s"}; },
            [&](word_ref const& w) { w.set(w.where, (w.get(w.where) + 1) % row.words.size()); },
            [](record_list const& list) {
                for (int i = 0; i < 2; ++i) {
                    void* const record = list.append(list.where);
                    for (option const& part : list.table()) {
                        if (part.at != nullptr) disturb(part, part.at(record));
                    }
                }
            },
            [&](milliseconds* d) { *d = milliseconds(row.range.most); },
            [&]<class Int>(Int* n) { *n = static_cast<Int>(row.range.most); }},
        value);
    if (auto* const text = std::get_if<std::string*>(&value); text != nullptr && row.syntax) {
        for (char const* const good : {"2001:db8::1", "inbox.{user}.**", "key-1", "a \"claim\""}) {
            if (row.syntax(good).empty()) **text = good;
        }
    }
    if (row.kind == option_kind::list && !row.words.empty()) {
        *std::get<std::vector<std::string>*>(value) = {"*", "send"};
    } else if (row.kind == option_kind::list && row.syntax != nullptr &&
               !row.syntax("http://[::1]:3000").empty()) {
        *std::get<std::vector<std::string>*>(value) = {"*", "weir.internal", "::1"};
    }
}

loaded reload(std::string const& text) {
    fake_files files;
    files.all["/run/secrets/s"] = {"from the file 0123456789abcdef 01\n", false};
    return load_yaml(text, from_nowhere(files));
}

// Holds for a row that is added tomorrow. Combinations may be impossible; values must come back.
TEST(print_effective, every_option_comes_back) {
    for (option const& row : options()) {
        if (row.at == nullptr) continue;
        settings wanted = default_settings();
        disturb(row, row.at(&wanted));
        if (row.kind != option_kind::word || row.words.size() > 1) {
            EXPECT_NE(wanted, default_settings()) << row.path;
        }
        std::string const text = print_effective(wanted, {});
        EXPECT_EQ(reload(text).values, wanted) << row.path << '\n' << text;
    }
}

TEST(print_effective, all_at_once_come_back) {
    settings wanted = default_settings();
    for (option const& row : options()) {
        if (row.at != nullptr) disturb(row, row.at(&wanted));
    }
    EXPECT_EQ(reload(print_effective(wanted, {})).values, wanted);
}

TEST(print_effective, shows_of_a_rule_what_is_there) {
    loaded const l = load_yaml(
        "topics:\n"
        "  - match: a\n"
        "    history: {messages: 5}\n"
        "  - match: b\n"
        "    state: keyed\n"
        "    rate: 0.5/s\n"
        "  - match: c\n"
        "    state: last\n");
    EXPECT_THAT(texts(reload(print_effective(l.values, l.origins)), severity::error),
                testing::IsEmpty());
    EXPECT_THAT(print_effective(l.values, l.origins),
                HasSubstr("topics:\n"
                          "  - match: a                          # (weir.yaml:2:5)\n"
                          "    subscribe: nobody\n"
                          "    publish: nobody\n"
                          "    history:\n"
                          "      messages: 5                     # (weir.yaml:3:15)\n"
                          "      bytes: 1MiB\n"
                          "      age: 1d\n"
                          "    slow: disconnect\n"
                          "    rate: unlimited\n"
                          "    presence: false\n"
                          "  - match: b                          # (weir.yaml:4:5)\n"
                          "    subscribe: nobody\n"
                          "    publish: nobody\n"
                          "    state:\n"
                          "      kind: keyed                     # (weir.yaml:5:5)\n"
                          "      keys: 10000\n"
                          "    slow: disconnect\n"
                          "    rate: 0.5/s                       # (weir.yaml:6:5)\n"
                          "    presence: false\n"
                          "  - match: c                          # (weir.yaml:7:5)\n"
                          "    subscribe: nobody\n"
                          "    publish: nobody\n"
                          "    state:\n"
                          "      kind: last                      # (weir.yaml:8:5)\n"
                          "    slow: disconnect\n"));
}

TEST(print_effective, says_where_values_come_from) {
    sources s = from_nowhere();
    s.variables = {{"WEIR_LOG__LEVEL", "warn"}};
    s.assignments = {"topics=[{match: a}]"};
    loaded const l = load_yaml("limits:\n  topics: 7\n", s);
    std::string const text = print_effective(l.values, l.origins);
    EXPECT_THAT(text, HasSubstr("  topics: 7"));
    EXPECT_THAT(text, HasSubstr("(weir.yaml:2:3)\n"));
    EXPECT_THAT(text, HasSubstr("(WEIR_LOG__LEVEL)\n"));
    EXPECT_THAT(text, HasSubstr("(--set)\n"));
    EXPECT_EQ(load_yaml(text).values, l.values);
}

std::string read_whole(std::string const& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Compares a file of the repository with what the table says. WEIR_UPDATE_GENERATED=1 writes it.
void hold_equal(std::string const& path, std::string const& wanted) {
    if (std::getenv("WEIR_UPDATE_GENERATED") != nullptr) std::ofstream(path) << wanted;
    EXPECT_TRUE(read_whole(path) == wanted)
        << path << " is not what the option table says; run this test with "
        << "WEIR_UPDATE_GENERATED=1";
}

TEST(generated, the_sample_file_is_the_table) {
    hold_equal("config/weir.yaml", print_defaults());
    loaded const l = load_yaml(print_defaults());
    EXPECT_TRUE(l.ok());
    EXPECT_EQ(l.values, default_settings());
}

TEST(generated, examples_of_the_sample_file_load) {
    for (option const& row : options()) {
        if (row.example.empty()) continue;
        std::string text;
        std::string indent;
        for (std::string_view rest = row.path; !rest.empty();) {
            std::size_t const dot = rest.find('.');
            text += indent + std::string(rest.substr(0, dot)) + ':';
            rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
            indent += "  ";
            if (!rest.empty()) text += '\n';
        }
        text += row.kind == option_kind::records ? "\n" : " ";
        for (std::string_view rest = row.example; !rest.empty();) {
            std::size_t const end = rest.find('\n');
            text += indent + std::string(rest.substr(0, end)) + '\n';
            rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        }
        fake_files files;
        files.all["/run/secrets/weir_api_key"] = {"0123456789abcdef", false};
        EXPECT_THAT(texts(load_yaml(text, from_nowhere(files)), severity::error),
                    testing::IsEmpty())
            << text;
    }
}

TEST(generated, the_reference_is_the_table) {
    std::string const path = "docs/configuration.md";
    std::string const begin = "<!-- generated from the option table -->\n";
    std::string const end = "<!-- end of the generated part -->\n";
    std::string const file = read_whole(path);
    std::size_t const from = file.find(begin);
    std::size_t const to = file.find(end);
    ASSERT_NE(from, std::string::npos);
    ASSERT_NE(to, std::string::npos);
    hold_equal(path, file.substr(0, from + begin.size()) + '\n' + print_reference_markdown() +
                         '\n' + file.substr(to));
}

}  // namespace
}  // namespace weir::config::test
