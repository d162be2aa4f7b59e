#pragma once

#include <weir/http/request.hpp>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

/// Beast's parser for one head, with our memory behind it: start line and fields go into plain
/// values. The head is whole and bounded already (head_scanner); bodies are not Beast's business.
template <bool IsRequest>
class message_parser final : public boost::beast::http::basic_parser<IsRequest> {
    using error_code = boost::beast::error_code;
    using string_view = boost::beast::string_view;

public:
    message_parser() {
        this->skip(true);
        this->body_limit(boost::none);
        this->header_limit(~std::uint32_t{0});
    }

    /// False: not a head, or not all of `head` is one.
    bool read(std::string_view head) {
        error_code ec;
        auto const used = this->put(boost::asio::const_buffer(head.data(), head.size()), ec);
        return !ec && used == head.size() && this->is_done();
    }

    std::string method, target;
    int status = 0;
    int minor_version = 1;
    std::vector<field> fields;

private:
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
        fields.push_back({std::string(name), std::string(value)});
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
    std::size_t on_body_impl(string_view, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}
};

}  // namespace weir::http
