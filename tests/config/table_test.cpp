#include "config/value.hpp"

#include <weir/config/option.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <variant>

namespace weir::config {
namespace {

bool holds(option_kind kind, field const& f) {
    switch (kind) {
        case option_kind::section:
            return std::holds_alternative<std::monostate>(f);
        case option_kind::flag:
            return std::holds_alternative<bool*>(f);
        case option_kind::count:
            return std::holds_alternative<std::uint16_t*>(f) ||
                   std::holds_alternative<std::uint32_t*>(f) ||
                   std::holds_alternative<std::uint64_t*>(f);
        case option_kind::size:
        case option_kind::share:
        case option_kind::rate:
            return std::holds_alternative<std::uint64_t*>(f);
        case option_kind::duration:
            return std::holds_alternative<milliseconds*>(f);
        case option_kind::text:
            return std::holds_alternative<std::string*>(f);
        case option_kind::word:
            return std::holds_alternative<word_ref>(f);
        case option_kind::list:
            return std::holds_alternative<std::vector<std::string>*>(f);
        case option_kind::access:
            return std::holds_alternative<access*>(f);
        case option_kind::secret:
            return std::holds_alternative<secret*>(f);
        case option_kind::records:
            return std::holds_alternative<record_list>(f);
    }
    return false;
}

void is_sound(std::span<option const> table, void* record) {
    std::set<std::string, std::less<>> paths;
    for (option const& row : table) {
        SCOPED_TRACE(std::string(row.path));
        EXPECT_TRUE(paths.emplace(row.path).second) << "twice";
        EXPECT_FALSE(row.help.empty());
        EXPECT_EQ(row.help.find('\n'), std::string_view::npos);
        EXPECT_LE(row.help.size(), 80U);
        if (std::size_t const dot = row.path.rfind('.'); dot != std::string_view::npos) {
            EXPECT_TRUE(paths.contains(row.path.substr(0, dot))) << "its section comes first";
        }
        EXPECT_EQ(row.at == nullptr, row.kind == option_kind::section);
        EXPECT_TRUE(row.short_form.empty() || row.kind == option_kind::section);
        if (!row.short_form.empty()) {
            EXPECT_NE(
                find_option(table, std::string(row.path) + '.' + std::string(row.short_form)).row,
                nullptr);
        }
        if (row.at == nullptr) continue;
        EXPECT_TRUE(holds(row.kind, row.at(record))) << "kind and member differ";
        bool const numeric = row.kind == option_kind::count || row.kind == option_kind::size ||
                             row.kind == option_kind::share || row.kind == option_kind::rate ||
                             row.kind == option_kind::duration;
        bool const listed = row.kind == option_kind::list || row.kind == option_kind::records;
        if (numeric || listed) {
            EXPECT_LT(row.range.least, row.range.most) << "without bounds";
        }
        if (row.kind == option_kind::word) {
            EXPECT_FALSE(row.words.empty());
        }
        bool const worded = row.kind == option_kind::count || row.kind == option_kind::rate;
        if (worded && !row.words.empty()) {
            EXPECT_GT(row.range.least, 0U) << "its word would hide a zero that is allowed";
        }
    }
    for (option const& row : table) {
        if (row.kind == option_kind::secret) {
            EXPECT_FALSE(paths.contains(std::string(row.path) + "_file")) << row.path;
        }
    }
}

TEST(option_table, is_sound) {
    settings s;
    is_sound(options(), &s);
    topic_rule rule;
    is_sound(rule_options(), &rule);
    api_key key;
    is_sound(key_options(), &key);
}

// Two rows that lead to one member would both load, and one of them would be lost.
void shares_no_member(std::span<option const> table, void* record) {
    std::set<void*> members;
    for (option const& row : table) {
        if (row.at == nullptr) continue;
        void* const member =
            std::visit(overloaded{[](std::monostate) -> void* { return nullptr; },
                                  [](word_ref const& w) -> void* { return w.where; },
                                  [](record_list const& l) -> void* { return l.where; },
                                  [](auto* value) -> void* { return value; }},
                       row.at(record));
        EXPECT_TRUE(members.insert(member).second) << row.path;
    }
}

TEST(option_table, no_two_rows_share_a_member) {
    settings s;
    shares_no_member(options(), &s);
    topic_rule rule;
    shares_no_member(rule_options(), &rule);
    api_key key;
    shares_no_member(key_options(), &key);
}

TEST(option_table, defaults_are_those_of_the_contract) {
    settings const s = default_settings();
    EXPECT_EQ(s.listen.public_listener, (listener{"0.0.0.0", 8080, {}}));
    EXPECT_EQ(s.listen.internal_listener, (listener{"127.0.0.1", 8081, {}}));
    EXPECT_TRUE(s.listen.internal_hosts.empty());
    EXPECT_EQ(s.shards, 0U);
    EXPECT_EQ(s.origins, std::vector<std::string>{"same"});
    EXPECT_EQ(s.auth, (auth_settings{false, {{}, "", "", "sub", seconds(30)}}));
    EXPECT_EQ(s.heartbeat,
              (heartbeat_settings{seconds(30), seconds(10), seconds(10), seconds(120)}));
    EXPECT_EQ(s.session, (session_settings{seconds(10),
                                           seconds(120),
                                           {1024, 2 * 1024 * 1024},
                                           {200, 20, 100'000},
                                           seconds(0),
                                           seconds(0)}));
    EXPECT_EQ(s.dedupe_window, seconds(300));
    EXPECT_EQ(s.limits, (limit_settings{100'000, 100, 20, 1000, 20, 100, 100, 200, 64 * 1024,
                                        1024 * 1024, 128, 1'000'000, 1024 * 1024 * 1024,
                                        backlog_settings{100'000, 64 * 1024 * 1024}, 75, 20}));
    EXPECT_EQ(s.compression, (compression_settings{true, 256}));
    access const authenticated{.authenticated = true};
    topic_rule const all{.match = "**",
                         .subscribe = authenticated,
                         .publish = authenticated,
                         .history = {0, 1024 * 1024, seconds(24 * 3600)},
                         .state = {state_kind::none, 10'000}};
    EXPECT_EQ(s.topics, std::vector<topic_rule>{all});
    EXPECT_EQ(s.broker.kind, broker_kind::memory);
    EXPECT_TRUE(s.api.keys.empty());
    EXPECT_EQ(s.api.requests_per_second, 20'000U);
    EXPECT_EQ(s.log, (log_settings{log::level::info, log::format::text}));
    EXPECT_EQ(s.drain.timeout, seconds(30));
}

}  // namespace
}  // namespace weir::config
