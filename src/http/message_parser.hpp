#pragma once

#include <weir/http/request.hpp>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

/// Beast's parser with our memory behind it: start line, fields and body go into plain values.
/// Trailers are read and dropped. Bounds on the body are held here; those of the head by the
/// scanner in front. `body_limit` is passed on by the error of that name.
template <bool IsRequest>
class message_parser final : public boost::beast::http::basic_parser<IsRequest> {
    using error_code = boost::beast::error_code;
    using string_view = boost::beast::string_view;

public:
    message_parser() {
        this->body_limit(boost::none);
        this->header_limit(~std::uint32_t{0});
    }

    std::string method, target;
    int status = 0;
    int minor_version = 1;
    std::vector<field> fields;
    std::string body;
    std::size_t body_bytes_max = 0;

private:
    // Chunk extensions mean nothing here; so many bytes of them are only meant to keep us busy.
    static constexpr std::size_t extension_bytes_max = 4096;

    void on_request_impl(boost::beast::http::verb, string_view method_text, string_view target_text,
                         int version, error_code&) override {
        method = std::string(method_text);
        target = std::string(target_text);
        minor_version = version % 10;
    }
    void on_response_impl(int code, string_view, int version, error_code&) override {
        status = code;
        minor_version = version % 10;
    }
    void on_field_impl(boost::beast::http::field, string_view name, string_view value,
                       error_code&) override {
        if (!in_body_) fields.push_back({std::string(name), std::string(value)});
    }
    void on_header_impl(error_code&) override { in_body_ = true; }
    void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
    std::size_t on_body_impl(string_view piece, error_code& ec) override {
        if (piece.size() > body_bytes_max - body.size()) {
            ec = boost::beast::http::error::body_limit;
            return 0;
        }
        body.append(piece.data(), piece.size());
        return piece.size();
    }
    void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code& ec) override {
        if (size > body_bytes_max - body.size()) {
            ec = boost::beast::http::error::body_limit;
            return;
        }
        extension_bytes_ += extensions.size();
        if (extension_bytes_ > extension_bytes_max) {
            ec = boost::beast::http::error::bad_chunk_extension;
        }
    }
    std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code& ec) override {
        return on_body_impl(piece, ec);
    }
    void on_finish_impl(error_code&) override {}

    bool in_body_ = false;
    std::size_t extension_bytes_ = 0;
};

}  // namespace weir::http
