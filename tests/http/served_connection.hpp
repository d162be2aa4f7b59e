#pragma once

#include "http/fake_stream.hpp"

#include <weir/http/connection.hpp>

#include <functional>
#include <string>
#include <vector>

namespace weir::http::test {

/// Remembers what it was asked, and answers with the path unless told otherwise.
class recording_handler final : public handler {
public:
    boost::asio::awaitable<answer> handle(request& r) override {
        requests.push_back(r);
        if (says) co_return says(r);
        co_return text_response(r.method_text + ' ' + r.path);
    }
    std::size_t body_bytes_max(request const&) const override { return body_max; }
    bool keep_alive() const override { return goes_on; }
    void on_refused(int status, bool told) override { refused.emplace_back(status, told); }

    std::vector<request> requests;
    std::vector<std::pair<int, bool>> refused;
    std::function<answer(request&)> says;
    std::size_t body_max = 1000;
    bool goes_on = true;
};

/// A connection with everything around it faked.
struct served_connection {
    fake_clock clock;
    fake_stream peer{clock};
    recording_handler asked;
    serve_settings settings;

    served_connection() {
        settings.clock = [this] { return clock.value; };
    }
    served serve_all() { return run(serve(peer, settings, asked)); }

    /// Status of the last response written; 0: nothing was.
    int status() const {
        auto const at = peer.written.rfind("HTTP/1.1 ");
        return at == std::string::npos ? 0 : std::stoi(peer.written.substr(at + 9, 3));
    }
    std::size_t responses() const {
        std::size_t n = 0;
        for (auto at = peer.written.find("HTTP/1.1 "); at != std::string::npos;
             at = peer.written.find("HTTP/1.1 ", at + 1)) {
            ++n;
        }
        return n;
    }
    bool wrote(std::string_view text) const { return peer.written.find(text) != std::string::npos; }
};

}  // namespace weir::http::test
