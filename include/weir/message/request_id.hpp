#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

namespace weir {

/// The id that a client gave a command: a text or a 64-bit integer, or none. An answer carries the
/// same value of the same kind, in whatever encoding. A view: the text belongs to somebody else.
class request_id {
public:
    constexpr request_id() noexcept = default;
    constexpr request_id(std::string_view text) noexcept : text_(text), kind_(kind::text) {}
    constexpr request_id(char const* text) noexcept : request_id(std::string_view(text)) {}
    static constexpr request_id of(std::uint64_t n) noexcept {
        request_id id;
        id.kind_ = kind::integer;
        id.number_ = n;
        return id;
    }
    static constexpr request_id of_negative(std::int64_t n) noexcept {
        if (n >= 0) return of(static_cast<std::uint64_t>(n));
        request_id id = of(static_cast<std::uint64_t>(n));
        id.kind_ = kind::negative;
        return id;
    }

    /// The command carries no id, and gets no `ok`. An empty text is an id.
    constexpr bool empty() const noexcept { return kind_ == kind::none; }
    constexpr bool is_text() const noexcept { return kind_ == kind::text; }
    constexpr bool is_negative() const noexcept { return kind_ == kind::negative; }
    constexpr std::string_view text() const noexcept { return text_; }
    /// Not for a negative one.
    constexpr std::uint64_t number() const noexcept { return number_; }
    constexpr std::int64_t negative() const noexcept { return static_cast<std::int64_t>(number_); }

    constexpr bool operator==(request_id const&) const noexcept = default;

private:
    friend class stored_id;
    enum class kind : char { none, text, integer, negative };
    std::string_view text_;
    std::uint64_t number_ = 0;
    kind kind_ = kind::none;
};

/// An id that is kept. As large as a string; texts of up to 14 bytes and integers need no memory
/// beside it.
class stored_id {
public:
    stored_id() = default;
    explicit stored_id(request_id id) {
        if (id.empty()) return;
        char number[sizeof id.number_];
        std::memcpy(number, &id.number_, sizeof number);
        std::string_view const value =
            id.is_text() ? id.text_ : std::string_view(number, sizeof number);
        bytes_.reserve(1 + value.size());
        bytes_ += static_cast<char>(id.kind_);
        bytes_ += value;
    }

    /// Lives as long as this does, unchanged.
    operator request_id() const noexcept {
        request_id id;
        if (bytes_.empty()) return id;
        id.kind_ = static_cast<request_id::kind>(bytes_.front());
        if (id.is_text()) {
            id.text_ = std::string_view(bytes_).substr(1);
        } else {
            std::memcpy(&id.number_, bytes_.data() + 1, sizeof id.number_);
        }
        return id;
    }

    bool empty() const noexcept { return bytes_.empty(); }
    void clear() noexcept { bytes_.clear(); }
    bool operator==(stored_id const&) const noexcept = default;

private:
    std::string bytes_;  ///< a byte for the kind, and the value
};

}  // namespace weir
