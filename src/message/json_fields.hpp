#pragma once

#include <weir/message/json_scan.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Reading the small fields of a message: finding them, and checking their types and bounds.
namespace weir::json {

/// A key that no field has, for the sake of duplicates.
struct unknown_key {
    std::string_view name;  ///< unescaped
    char const* raw;        ///< where it begins in the text, behind its quote
    auto operator<=>(unknown_key const&) const = default;
};

/// Memory of a dialect that one message after the other uses. The views that unescape() gives
/// live until start().
class scratch {
public:
    /// Forgets the last message. Together, the strings of the next are at most `text_bytes` long.
    void start(std::size_t text_bytes);

    /// What the inside of a scanned string means: itself when nothing is escaped in it. To be
    /// asked at most once for each string of a message.
    std::string_view unescape(std::string_view raw);

    /// True when `view` points into what was unescaped.
    bool holds(std::string_view view) const noexcept;

    std::vector<unknown_key> unknown_keys;

private:
    std::string buffer_;
    std::size_t text_bytes_ = 0;
};

/// A field under the name that people know it by; without data() when it is absent.
struct field {
    std::string_view name;
    std::string_view raw;
    explicit operator bool() const noexcept { return raw.data() != nullptr; }
};

/// Sorts the members of an object into `values`, where `find` says that they belong. Values of
/// other members are ignored. The first duplicate of a known key is kept in `duplicate`.
class record final : public json_members {
public:
    using finder = std::optional<std::size_t> (*)(std::string_view key) noexcept;

    /// `unknown` gets the keys that `find` does not know; null when nobody asks.
    record(std::span<std::string_view> values, finder find, scratch& memory,
           std::vector<unknown_key>* unknown = nullptr) noexcept
        : values_(values), find_(find), memory_(memory), unknown_(unknown) {}

    bool member(std::string_view raw_key, std::string_view raw_value) override;

    struct repeated {
        std::string_view name;  ///< unescaped
        char const* raw;        ///< as in unknown_key
        std::size_t index;
    };
    std::optional<repeated> duplicate;

private:
    std::span<std::string_view> values_;
    finder find_;
    scratch& memory_;
    std::vector<unknown_key>* unknown_;
};

/// The second of two in `keys` with one name. Puts them in order.
std::optional<unknown_key> find_duplicate(std::vector<unknown_key>& keys);

/// Checks fields of a scanned message. Each reader leaves its target alone and is content when
/// the field is absent; on a wrong type or bound it says false, and `problem` holds a sentence.
class field_reader {
public:
    field_reader(std::string_view text, scratch& memory) noexcept : text_(text), memory_(memory) {}

    bool text(field const& f, std::size_t bytes_max, std::string_view& out);
    bool flag(field const& f, bool& out);
    /// Digits only: 1.0 and 1e3 are no integers here.
    bool integer(field const& f, std::uint64_t min, std::uint64_t max, std::uint64_t& out);
    /// Times a second; 0 and what would wait or hurry beyond reason are none.
    bool rate(field const& f, double& out);
    bool topic(field const& f, std::string_view& out);
    /// Scans a nested object into `into`; its fields are called NAME.KEY.
    bool object(field const& f, record& into);

    /// Always false. The sentence names the field and ends with the byte its value begins at.
    bool fail(field const& f, std::string_view must);
    /// Always false; `sentence` is complete.
    bool fail(std::string sentence);
    std::size_t offset_of(char const* inside) const noexcept;
    scratch& memory() noexcept { return memory_; }

    std::string problem;

private:
    std::string_view text_;
    scratch& memory_;
};

/// " at byte N".
std::string at_byte(std::size_t n);

constexpr bool is_string(std::string_view raw) noexcept {
    return raw.front() == '"';
}
constexpr std::string_view inside_quotes(std::string_view raw) noexcept {
    return raw.substr(1, raw.size() - 2);
}

/// A nested object with a few fields; `values` stand in the order of `Names`.
template <auto const& Names>
struct named_fields {
    std::array<std::string_view, Names.size()> values{};

    bool read(field_reader& reader, field const& f) {
        record found(values, find, reader.memory());
        return reader.object(f, found);
    }

private:
    static std::optional<std::size_t> find(std::string_view key) noexcept {
        for (std::size_t i = 0; i != Names.size(); ++i) {
            if (Names[i] == key) return i;
        }
        return std::nullopt;
    }
};

}  // namespace weir::json
