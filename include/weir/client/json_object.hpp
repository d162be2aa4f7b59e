#pragma once

#include <weir/message/json_scan.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weir::client_engine {

/// The members of one JSON object, as views into its text. For messages from the server, which
/// have few: members beyond the sixteenth are not seen.
class json_object final : public json_members {
public:
    /// Nothing: the text is not strict JSON, or no object.
    static std::optional<json_object> read(std::string_view text);

    /// The value with its quotes or brackets; empty: there is none.
    std::string_view raw(std::string_view key) const noexcept;
    bool has(std::string_view key) const noexcept { return !raw(key).empty(); }
    /// Nothing: absent, or of another kind.
    std::optional<std::uint64_t> number(std::string_view key) const noexcept;
    std::string text(std::string_view key) const;
    bool flag(std::string_view key) const noexcept { return raw(key) == "true"; }
    std::optional<json_object> object(std::string_view key) const;

private:
    bool member(std::string_view key, std::string_view value) override;

    std::array<std::pair<std::string_view, std::string_view>, 16> all_;
    std::size_t count_ = 0;
};

/// What stands between the quotes of a JSON string; empty where it is none.
std::string unquoted(std::string_view raw);

}  // namespace weir::client_engine
