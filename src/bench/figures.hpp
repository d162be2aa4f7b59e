#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::bench {

/// One figure over several rounds.
class series {
public:
    void add(double v) { values_.push_back(v); }
    double median() const;
    double min() const;
    double max() const;
    std::size_t size() const noexcept { return values_.size(); }

private:
    std::vector<double> values_;
};

/// Latencies in buckets of 2 % from 1 µs to a minute, so that a million cost nothing to keep.
class latencies {
public:
    void add(std::int64_t nanoseconds) noexcept;
    /// Microseconds; 0 when empty.
    double percentile(double p) const noexcept;

private:
    static constexpr std::size_t buckets = 1024;
    std::array<std::uint64_t, buckets> counts_{};
    std::uint64_t total_ = 0;
};

/// The lines of a report, as a table for people or one JSON object.
class report {
public:
    explicit report(std::string title) : title_(std::move(title)) {}
    void add(std::string name, series const& s, std::string unit);
    void add(std::string name, double value, std::string unit);
    void note(std::string name, std::string text);
    void print(bool json) const;

private:
    struct row {
        std::string name, unit, text;
        double median = 0, min = 0, max = 0;
        bool ranged = false;
    };
    std::string title_;
    std::vector<row> rows_;
};

/// A line of progress on standard error.
void progress(std::string_view text);

/// Says why a measurement failed; answers the exit status.
int complain(std::exception const& e);

}  // namespace weir::bench
