#include "bench/figures.hpp"

#include <weir/message/json_text.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace weir::bench {
namespace {

constexpr double growth = 1.02;

std::string number(double v) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), std::abs(v) >= 100 ? "%.0f" : "%.3g", v);
    return text.data();
}

}  // namespace

double series::median() const {
    if (values_.empty()) return 0;
    auto sorted = values_;
    std::sort(sorted.begin(), sorted.end());
    auto const middle = sorted.size() / 2;
    return sorted.size() % 2 != 0 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double series::min() const {
    return values_.empty() ? 0 : *std::min_element(values_.begin(), values_.end());
}

double series::max() const {
    return values_.empty() ? 0 : *std::max_element(values_.begin(), values_.end());
}

void latencies::add(std::int64_t nanoseconds) noexcept {
    double const us = static_cast<double>(nanoseconds) / 1000.0;
    auto const b = us <= 1 ? 0.0 : std::log(us) / std::log(growth);
    ++counts_[std::min(static_cast<std::size_t>(b), buckets - 1)];
    ++total_;
}

double latencies::percentile(double p) const noexcept {
    auto left = static_cast<double>(total_) * p / 100.0;
    for (std::size_t b = 0; b != buckets; ++b) {
        left -= static_cast<double>(counts_[b]);
        if (counts_[b] != 0 && left <= 0) return std::pow(growth, static_cast<double>(b) + 0.5);
    }
    return 0;
}

void report::add(std::string name, series const& s, std::string unit) {
    if (s.size() == 0) return note(std::move(name), "not known");
    rows_.push_back({std::move(name), std::move(unit), {}, s.median(), s.min(), s.max(), true});
}

void report::add(std::string name, double value, std::string unit) {
    rows_.push_back({std::move(name), std::move(unit), {}, value, value, value, false});
}

void report::note(std::string name, std::string text) {
    rows_.push_back({std::move(name), {}, std::move(text), 0, 0, 0, false});
}

void report::print(bool json) const {
    if (!json) {
        std::printf("%s\n", title_.c_str());
        for (row const& r : rows_) {
            if (!r.text.empty()) {
                std::printf("  %-44s %s\n", r.name.c_str(), r.text.c_str());
            } else if (r.ranged) {
                std::printf("  %-44s %8s %s  (%s to %s)\n", r.name.c_str(),
                            number(r.median).c_str(), r.unit.c_str(), number(r.min).c_str(),
                            number(r.max).c_str());
            } else {
                std::printf("  %-44s %8s %s\n", r.name.c_str(), number(r.median).c_str(),
                            r.unit.c_str());
            }
        }
        return;
    }
    std::string out = R"({"bench":)";
    append_json_string(out, title_);
    for (row const& r : rows_) {
        out += ',';
        append_json_string(out, r.name);
        out += ':';
        if (!r.text.empty()) {
            append_json_string(out, r.text);
            continue;
        }
        out += R"({"median":)" + std::to_string(r.median) + R"(,"min":)" + std::to_string(r.min) +
               R"(,"max":)" + std::to_string(r.max) + R"(,"unit":)";
        append_json_string(out, r.unit);
        out += '}';
    }
    std::printf("%s}\n", out.c_str());
}

void progress(std::string_view text) {
    std::fprintf(stderr, "... %.*s\n", static_cast<int>(text.size()), text.data());
}

int complain(std::exception const& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return 1;
}

}  // namespace weir::bench
