#pragma once

#include <weir/base/error.hpp>
#include <weir/message/json_scan.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::api {

/// A JSON object of a request, by its top-level fields. Values stay as the bytes that were sent, so
/// that a payload reaches clients untouched. Views into the text it was read from, which outlives
/// it.
class body final : private json_members {
public:
    static constexpr std::size_t fields_max = 64;

    /// The fault says what is wrong and at which byte.
    static result<body> read(std::string_view text);

    /// Empty when absent.
    std::string_view raw(std::string_view name) const noexcept;
    bool has(std::string_view name) const noexcept { return !raw(name).empty(); }

    // Absent is no fault: the fallback is answered. A wrong type or bound is.
    result<std::string> text(std::string_view name, std::size_t bytes_max) const;
    result<std::optional<double>> number(std::string_view name, double min, double max) const;

private:
    bool member(std::string_view raw_key, std::string_view raw_value) override;
    std::vector<std::pair<std::string, std::string_view>> fields_;
};

/// The elements of a JSON array (`ndjson` false) or the lines of NDJSON, empty ones left out, each
/// as its bytes. At most `max`.
result<std::vector<std::string_view>> split_batch(std::string_view text, bool ndjson,
                                                  std::size_t max);

}  // namespace weir::api
