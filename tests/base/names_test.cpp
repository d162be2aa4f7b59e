#include <weir/base/close_reason.hpp>
#include <weir/base/error.hpp>
#include <weir/base/memory_meter.hpp>
#include <weir/base/observer.hpp>

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

namespace weir {
namespace {

/// Names become metric labels and words on the wire: lower case, and no two the same.
template <class Enum>
void expect_names(std::size_t count, Enum last) {
    ASSERT_EQ(count, static_cast<std::size_t>(last) + 1);
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i != count; ++i) {
        std::string_view const name = to_string(static_cast<Enum>(i));
        EXPECT_FALSE(name.empty()) << i;
        EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos)
            << name;
        EXPECT_TRUE(seen.insert(name).second) << name;
    }
}

TEST(names, every_enumerator_has_its_own) {
    expect_names(errc_count, errc::internal);
    expect_names(transport_kind_count, transport_kind::poll);
    expect_names(handshake_refusal_count, handshake_refusal::memory);
    expect_names(command_type_count, command_type::invalid);
    expect_names(publish_source_count, publish_source::api);
    expect_names(drop_reason_count, drop_reason::conflated);
    expect_names(gap_reason_count, gap_reason::detached);
    expect_names(resume_result_count, resume_result::lost);
    expect_names(limit_kind_count, limit_kind::backlog);
    expect_names(memory_step_count, memory_step::publishes);
    expect_names(memory_kind_count, memory_kind::queues);
    expect_names(saving_count, saving::compression);
}

TEST(names, error_codes_are_those_of_the_protocol_in_their_order) {
    std::string all;
    for (std::size_t i = 0; i != errc_count; ++i) {
        all += std::string(to_string(static_cast<errc>(i))) + ' ';
    }
    EXPECT_EQ(all,
              "bad_request unsupported unauthorized token_expired reauth_required forbidden "
              "too_large rate_limited limit_reached not_subscribed conflict unavailable timeout "
              "internal ");
}

TEST(names, command_types_are_those_of_the_protocol) {
    EXPECT_EQ(to_string(command_type::hello), "hello");
    EXPECT_EQ(to_string(command_type::publish), "publish");
    EXPECT_EQ(to_string(command_type::received), "received");
    EXPECT_EQ(to_string(command_type::pong), "pong");
}

TEST(result, a_failed_one_throws_when_its_value_is_taken) {
    result<int> const failed = fault{errc::timeout, "too late"};
    EXPECT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().code, errc::timeout);
    EXPECT_THROW(static_cast<void>(failed.value()), std::logic_error);
}

TEST(close_reason, codes_and_advice_follow_the_ranges_of_the_contract) {
    std::set<std::uint16_t> codes;
    std::set<std::string_view> labels;
    for (std::size_t i = 0; i != close_reason_count; ++i) {
        close_row const& row = describe(static_cast<close_reason>(i));
        EXPECT_EQ(row.reason, static_cast<close_reason>(i));
        EXPECT_LE(row.text.size(), 123U) << "a close frame holds no more";
        EXPECT_FALSE(row.text.empty());
        EXPECT_TRUE(labels.insert(row.label).second) << row.label;
        if (row.code == 0) continue;
        EXPECT_TRUE(codes.insert(row.code).second) << row.code;
        if (row.code >= 4200) {
            EXPECT_EQ(row.advice, reconnect_advice::at_once) << row.code;
        } else if (row.code >= 4100) {
            EXPECT_EQ(row.advice, reconnect_advice::backoff) << row.code;
        } else if (row.code >= 4000) {
            EXPECT_EQ(row.advice, reconnect_advice::stay_away) << row.code;
        }
    }
    EXPECT_EQ(codes, (std::set<std::uint16_t>{1000, 1001, 1002, 1003, 1007, 1009, 1011, 4000,
                                              4001, 4002, 4003, 4004, 4006, 4100, 4101, 4102,
                                              4103, 4104, 4200, 4201, 4203, 4204, 4205, 4207}));
}

TEST(close_reason, advice_for_the_codes_of_the_rfc) {
    for (auto const reason : {close_reason::going_away, close_reason::internal_error}) {
        EXPECT_EQ(describe(reason).advice, reconnect_advice::backoff);
    }
    for (auto const reason :
         {close_reason::normal, close_reason::protocol_violation, close_reason::unsupported_data,
          close_reason::invalid_utf8, close_reason::message_too_large}) {
        EXPECT_EQ(describe(reason).advice, reconnect_advice::stay_away);
    }
    EXPECT_EQ(describe(close_reason::transport_lost).advice, reconnect_advice::backoff);
}

TEST(close_reason, is_found_by_its_code) {
    for (std::size_t i = 0; i != close_reason_count; ++i) {
        close_row const& row = describe(static_cast<close_reason>(i));
        if (row.code != 0) {
            EXPECT_EQ(close_reason_of(row.code), row.reason);
        }
    }
    for (int const code : {0, 999, 1004, 1005, 1006, 1015, 3000, 4005, 4202, 4999}) {
        EXPECT_FALSE(close_reason_of(static_cast<std::uint16_t>(code)).has_value()) << code;
    }
}

}  // namespace
}  // namespace weir
