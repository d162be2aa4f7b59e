#include <weir/metrics/exporter.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace weir::metrics {
namespace {

/// The text format, read strictly: HELP and TYPE before the samples, every sample of a known
/// family.
struct scrape {
    explicit scrape(std::string const& text) {
        static std::regex const help(R"(# HELP ([a-z_]+) (.+\.))");
        static std::regex const type(R"(# TYPE ([a-z_]+) (counter|gauge|histogram))");
        static std::regex const sample(R"(([a-z_]+)(\{.*\})? (\S+))");
        std::istringstream lines(text);
        std::smatch m;
        for (std::string line; std::getline(lines, line);) {
            if (std::regex_match(line, m, help)) {
                helped.insert(m[1]);
            } else if (std::regex_match(line, m, type)) {
                EXPECT_TRUE(helped.contains(m[1])) << line;
                EXPECT_TRUE(types.emplace(m[1], m[2]).second) << "twice: " << line;
            } else if (std::regex_match(line, m, sample)) {
                EXPECT_TRUE(samples.emplace(m[1].str() + m[2].str(), std::stod(m[3])).second)
                    << line;
                auto family =
                    std::regex_replace(m[1].str(), std::regex("_(bucket|sum|count)$"), "");
                EXPECT_TRUE(types.contains(family) || types.contains(m[1])) << line;
            } else {
                ADD_FAILURE() << "not the text format: " << line;
            }
        }
    }
    std::set<std::string> helped;
    std::map<std::string, std::string> types;
    std::map<std::string, double> samples;
};

TEST(exporter_test, sums_what_threads_count) {
    observer a;
    observer b;
    exporter e("1.2.3", "abc");
    e.add(a);
    e.add(b);
    at(a.connections, transport_kind::websocket).add(2);
    at(b.connections, transport_kind::websocket).add(3);
    at(b.closed, close_reason::slow_consumer).add();
    a.publish_to_write.observe(150'000);        // 150 µs
    b.publish_to_write.observe(9'000'000'000);  // beyond the last bound
    e.count_reload(true);
    e.count_reload(false);
    e.count_reload(false);
    scrape const s(e.render());
    EXPECT_EQ(s.samples.at("weir_connections{transport=\"websocket\"}"), 5);
    EXPECT_EQ(s.samples.at("weir_connections_closed_total{reason=\"slow_consumer\"}"), 1);
    EXPECT_EQ(s.samples.at("weir_publish_to_write_seconds_count"), 2);
    EXPECT_EQ(s.samples.at("weir_publish_to_write_seconds_bucket{le=\"0.0001\"}"), 0);
    EXPECT_EQ(s.samples.at("weir_publish_to_write_seconds_bucket{le=\"0.0002\"}"), 1);
    EXPECT_EQ(s.samples.at("weir_publish_to_write_seconds_bucket{le=\"+Inf\"}"), 2);
    EXPECT_NEAR(s.samples.at("weir_publish_to_write_seconds_sum"), 9.00015, 1e-9);
    EXPECT_EQ(s.samples.at("weir_config_reloads_total{result=\"success\"}"), 1);
    EXPECT_EQ(s.samples.at("weir_config_reloads_total{result=\"failure\"}"), 2);
    EXPECT_EQ(s.samples.at("weir_build_info{version=\"1.2.3\",commit=\"abc\"}"), 1);
    EXPECT_GT(s.samples.at("process_resident_memory_bytes"), 1'000'000);
    EXPECT_GT(s.samples.at("process_open_fds"), 2);
    EXPECT_GE(s.samples.at("process_max_fds"), s.samples.at("process_open_fds"));
    EXPECT_GE(s.samples.at("process_threads"), 1);
}

TEST(exporter_test, histograms_are_cumulative_and_end_at_their_count) {
    observer o;
    exporter e("v", "c");
    e.add(o);
    for (std::int64_t ns = 1; ns < 10'000'000'000; ns *= 3) o.loop_lag.observe(ns);
    std::istringstream lines(e.render());
    static std::regex const bucket(R"re(weir_loop_lag_seconds_bucket\{le="(\S+)"\} (\d+))re");
    std::smatch m;
    double bound = 0;
    double seen = 0;
    std::size_t buckets = 0;
    for (std::string line; std::getline(lines, line);) {
        if (!std::regex_match(line, m, bucket)) continue;
        EXPECT_GT(std::stod(m[1]), bound);  // "+Inf" is a number to stod
        EXPECT_GE(std::stod(m[2]), seen);
        bound = std::stod(m[1]);
        seen = std::stod(m[2]);
        ++buckets;
    }
    EXPECT_EQ(buckets, seconds_histogram::buckets);
    EXPECT_TRUE(std::isinf(bound));
    EXPECT_EQ(seen, scrape(e.render()).samples.at("weir_loop_lag_seconds_count"));
}

TEST(exporter_test, has_every_series_before_anything_happened) {
    observer o;
    exporter e("v", "c");
    e.add(o);
    auto const samples = scrape(e.render()).samples;
    auto const series = [&samples](std::string const& family) {
        return std::count_if(samples.begin(), samples.end(), [&family](auto const& s) {
            return s.first.starts_with(family + "{") && s.second == 0;
        });
    };
    EXPECT_EQ(series("weir_connections"), std::ptrdiff_t{transport_kind_count});
    EXPECT_EQ(series("weir_connections_closed_total"), std::ptrdiff_t{close_reason_count});
    EXPECT_EQ(series("weir_handshakes_rejected_total"), std::ptrdiff_t{handshake_refusal_count});
    EXPECT_EQ(series("weir_messages_received_total"), std::ptrdiff_t{command_type_count});
    EXPECT_EQ(series("weir_rate_limited_total"), std::ptrdiff_t{limit_kind_count});
    EXPECT_EQ(series("weir_errors_total"), std::ptrdiff_t{errc_count});
    EXPECT_EQ(series("weir_memory_steps_total"), std::ptrdiff_t{memory_step_count});
}

TEST(exporter_test, has_requests_and_latency_of_each_api_route) {
    route_counts publish;
    publish.method = "POST";
    publish.route = "publish";
    route_counts history;
    history.method = "GET";
    history.route = "topics/{topic}/history";
    exporter e("v", "c");
    e.add(publish);
    e.add(history);
    at(publish.answers, answer_class::success).add(3);
    at(publish.answers, answer_class::client_error).add();
    publish.seconds.observe(150'000);  // 150 µs
    history.seconds.observe(9'000'000'000);
    scrape const s(e.render());
    std::string const at_publish = R"({method="POST",route="publish")";
    std::string const at_history = R"({method="GET",route="topics/{topic}/history")";
    EXPECT_EQ(s.samples.at("weir_api_requests_total" + at_publish + R"(,status="2xx"})"), 3);
    EXPECT_EQ(s.samples.at("weir_api_requests_total" + at_publish + R"(,status="4xx"})"), 1);
    EXPECT_EQ(s.samples.at("weir_api_requests_total" + at_publish + R"(,status="5xx"})"), 0);
    EXPECT_EQ(s.samples.at("weir_api_request_seconds_bucket" + at_publish + R"(,le="0.0002"})"), 1);
    EXPECT_EQ(s.samples.at("weir_api_request_seconds_count" + at_publish + "}"), 1);
    EXPECT_EQ(s.samples.at("weir_api_request_seconds_bucket" + at_history + R"(,le="+Inf"})"), 1);
    EXPECT_NEAR(s.samples.at("weir_api_request_seconds_sum" + at_history + "}"), 9, 1e-9);
}

TEST(exporter_test, asks_for_the_daemons_facts_at_each_scrape) {
    exporter e("v", "c");
    daemon_facts now{.connections_limit = 100, .draining = false, .certificates = {}};
    e.ask([&now] { return now; });
    auto samples = scrape(e.render()).samples;
    EXPECT_EQ(samples.at("weir_connections_limit"), 100);
    EXPECT_EQ(samples.at("weir_draining"), 0);
    EXPECT_FALSE(
        samples.contains(R"(weir_tls_certificate_expiry_timestamp_seconds{listener="public"})"));
    now = {.connections_limit = 50,
           .draining = true,
           .certificates = {{"public", 1'800'000'000'000}, {"internal", 1'900'000'000'000}}};
    samples = scrape(e.render()).samples;
    EXPECT_EQ(samples.at("weir_connections_limit"), 50);
    EXPECT_EQ(samples.at("weir_draining"), 1);
    std::string const expiry = "weir_tls_certificate_expiry_timestamp_seconds";
    EXPECT_EQ(samples.at(expiry + R"({listener="public"})"), 1'800'000'000);
    EXPECT_EQ(samples.at(expiry + R"({listener="internal"})"), 1'900'000'000);
}

TEST(exporter_test, escapes_what_a_build_calls_itself) {
    exporter e("1\n2", "a\"b\\c");
    EXPECT_NE(e.render().find(R"(weir_build_info{version="1\n2",commit="a\"b\\c"} 1)"),
              std::string::npos);
}

TEST(exporter_test, names_follow_the_rules_and_are_all_documented) {
    exporter e("v", "c");
    scrape const s(e.render());
    std::ifstream in("docs/metrics.md");
    std::string const documented((std::istreambuf_iterator<char>(in)), {});
    ASSERT_FALSE(documented.empty());
    for (auto const& [name, type] : s.types) {
        EXPECT_EQ(name.ends_with("_total"), type == "counter") << name;
        EXPECT_TRUE(name.starts_with("weir_") || name.starts_with("process_")) << name;
        EXPECT_NE(documented.find('`' + name), std::string::npos) << name << " is not documented";
    }
    std::regex const mention("`((weir|process)_[a-z_]+)");
    for (std::sregex_iterator i(documented.begin(), documented.end(), mention), end; i != end;
         ++i) {
        EXPECT_TRUE(s.types.contains((*i)[1])) << (*i)[1] << " does not exist";
    }
}

}  // namespace
}  // namespace weir::metrics
