#include "http/body_reader.hpp"

#include "http/head_scanner.hpp"

#include <weir/http/request.hpp>

#include <algorithm>
#include <charconv>

namespace weir::http {
namespace {

// All extensions and trailers of a body. They mean nothing here; more only keeps us busy.
constexpr std::size_t dropped_bytes_max = 4096;

constexpr http_fault too_large{413, "the body is too large"};
constexpr http_fault bad_chunk{400, "a chunk of the body is malformed"};
constexpr http_fault bad_trailer{400, "a trailer of the body is malformed"};
constexpr http_fault too_much_around{400, "the chunks of the body have too much around them"};

}  // namespace

body_reader::body_reader(body_framing framing, std::size_t bytes_max) : bytes_max_(bytes_max) {
    switch (framing.how) {
        case body_framing::kind::none:
            break;
        case body_framing::kind::chunked:
            step_ = step::size_line;
            break;
        case body_framing::kind::to_end:
            step_ = step::to_end;
            break;
        case body_framing::kind::counted:
            left_ = framing.bytes;
            if (left_ > bytes_max) fail(too_large);
            if (left_ != 0) step_ = step::counted;
            break;
    }
}

bool body_reader::fail(http_fault const& f) {
    fault_ = f;
    failed_ = true;
    return false;
}

body_reader::progress body_reader::read(std::string_view bytes) {
    std::size_t used = 0;
    // Ends: each turn uses bytes or returns.
    while (!failed_ && step_ != step::done) {
        auto const rest = bytes.substr(used);
        if (rest.empty()) return {state::more, used};
        if (step_ == step::counted || step_ == step::data || step_ == step::to_end) {
            used += take_data(rest);
            continue;
        }
        auto const feed = rest.find('\n');
        auto const line_max = step_ == step::data_end ? 1 : dropped_bytes_max;
        if (std::min(feed, rest.size()) > line_max) {
            fail(step_ == step::data_end ? bad_chunk : too_much_around);
        } else if (feed == std::string_view::npos) {
            return {state::more, used};
        } else if (feed == 0 || rest[feed - 1] != '\r') {
            fail(bad_chunk);
        } else if (take_line(rest.substr(0, feed - 1))) {
            used += feed + 1;
        }
    }
    return {failed_ ? state::failed : state::done, failed_ ? 0 : used};
}

std::size_t body_reader::take_data(std::string_view bytes) {
    auto const wanted = step_ == step::to_end ? bytes.size() : left_;
    auto const n = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, bytes.size()));
    if (n > bytes_max_ - body_.size()) {
        fail(too_large);
        return 0;
    }
    body_.append(bytes.substr(0, n));
    if (step_ == step::to_end) return n;
    left_ -= n;
    if (left_ == 0) step_ = step_ == step::counted ? step::done : step::data_end;
    return n;
}

bool body_reader::take_line(std::string_view line) {
    if (step_ == step::size_line) return take_size(line);
    if (step_ == step::trailers) return take_trailer(line);
    if (!line.empty()) return fail(bad_chunk);
    step_ = step::size_line;
    return true;
}

/// chunk-size [ chunk-ext ], where white space before an extension is not forgiven.
bool body_reader::take_size(std::string_view line) {
    auto const digits = line.substr(0, line.find(';'));
    std::uint64_t size = 0;
    auto const [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    if (ec != std::errc{} || end != digits.data() + digits.size()) {
        return fail(bad_chunk);
    }
    auto const extension = line.substr(digits.size());
    if (!is_field_text(extension)) return fail(bad_chunk);
    dropped_ += extension.size();
    if (dropped_ > dropped_bytes_max) return fail(too_much_around);
    if (size > bytes_max_ - body_.size()) return fail(too_large);
    left_ = size;
    step_ = size == 0 ? step::trailers : step::data;
    return true;
}

bool body_reader::take_trailer(std::string_view line) {
    if (line.empty()) {
        step_ = step::done;
        return true;
    }
    if (check_field_line(line)) return fail(bad_trailer);
    // One that would change what the head has said is an attempt to be read differently.
    auto const name = line.substr(0, line.find(':'));
    for (std::string_view const framing : {"content-length", "transfer-encoding", "host"}) {
        if (equal_ignoring_case(name, framing)) return fail(bad_trailer);
    }
    dropped_ += line.size();
    return dropped_ <= dropped_bytes_max || fail(too_much_around);
}

}  // namespace weir::http
