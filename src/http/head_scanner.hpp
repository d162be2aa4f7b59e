#pragma once

#include "http/http_fault.hpp"

#include <weir/http/limits.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace weir::http {

/// Finds the end of a message head and refuses, line by line as it comes in, every form that two
/// readers could understand differently (RFC 9112 sections 2.2, 5.1, 5.2, 11.2): bare CR or LF,
/// control characters, folded lines, a name that is no token or has white space before its colon.
/// It reads nothing else out of the head; the parser behind it does. Bounded by `limits`.
class head_scanner {
public:
    enum class kind { request, response };
    head_scanner(kind k, limits const& bounds) : kind_(k), bounds_(bounds) {}

    enum class state { more, complete, failed };
    /// `bytes` is everything since the beginning; each call has what the last one had, and more.
    state scan(std::string_view bytes);

    /// When complete: where the head begins (behind one empty line, which is forgiven) and ends.
    std::size_t begin() const noexcept { return begin_; }
    std::size_t end() const noexcept { return end_; }
    http_fault const& fault() const noexcept { return fault_; }

private:
    std::optional<http_fault> check_unfinished(std::string_view bytes) const;
    std::optional<http_fault> check_line(std::string_view line);
    std::optional<http_fault> check_request_line(std::string_view line) const;

    kind kind_;
    limits bounds_;
    std::size_t begin_ = 0;
    std::size_t line_at_ = 0;    // first byte of the line that is not complete yet
    std::size_t looked_at_ = 0;  // no line feed before this
    std::size_t lines_ = 0;
    std::size_t end_ = 0;
    http_fault fault_;
};

bool is_token(std::string_view text) noexcept;
/// What may stand in a line behind a field's name (RFC 9110 section 5.5).
bool is_field_text(std::string_view text) noexcept;
/// `line` is without its CR LF.
std::optional<http_fault> check_field_line(std::string_view line) noexcept;

}  // namespace weir::http
