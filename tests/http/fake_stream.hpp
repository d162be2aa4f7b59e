#pragma once

#include <weir/async/stream.hpp>
#include <weir/base/clock.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace weir::http::test {

/// Time that passes only where a script says so.
struct fake_clock {
    now value{mono_time{} + std::chrono::hours(1), 784'111'777'000};
    void advance(milliseconds d) {
        value.mono += d;
        value.wall += d.count();
    }
};

/// A peer from a script, without sockets: pieces of bytes arrive one a read, pauses move the
/// clock, and behind the script the peer is silent for ever.
class fake_stream final : public stream {
public:
    struct end_of_stream {};
    using piece = std::variant<std::string, milliseconds, end_of_stream>;

    explicit fake_stream(fake_clock& clock) : clock_(clock) {}

    fake_stream& sends(std::string bytes) {
        script_.emplace_back(std::move(bytes));
        return *this;
    }
    fake_stream& drips(std::string_view bytes, milliseconds pause) {
        for (char const c : bytes) {
            script_.emplace_back(pause);
            script_.emplace_back(std::string(1, c));
        }
        return *this;
    }
    fake_stream& pauses(milliseconds d) {
        script_.emplace_back(d);
        return *this;
    }
    fake_stream& ends() {
        script_.emplace_back(end_of_stream{});
        return *this;
    }

    std::string written;
    bool shut = false;
    std::size_t read = 0;              ///< bytes handed out
    std::optional<std::size_t> takes;  ///< then the peer reads no more

    boost::asio::awaitable<std::pair<boost::system::error_code, std::size_t>> read_some(
        std::span<char> into, mono_time deadline) override {
        co_return next(into, deadline);
    }
    boost::asio::awaitable<boost::system::error_code> write_all(std::string_view bytes,
                                                                mono_time deadline) override {
        if (takes && written.size() + bytes.size() > *takes) {
            clock_.advance(std::chrono::ceil<milliseconds>(deadline - clock_.value.mono));
            co_return boost::asio::error::timed_out;
        }
        written += bytes;
        co_return boost::system::error_code{};
    }
    boost::asio::awaitable<void> shutdown(mono_time) override {
        shut = true;
        co_return;
    }
    raw_socket release() override { return {}; }
    void cancel() override {}
    boost::asio::ip::tcp::endpoint peer() const override {
        return {boost::asio::ip::make_address("192.0.2.7"), 4711};
    }

private:
    std::pair<boost::system::error_code, std::size_t> next(std::span<char> into,
                                                           mono_time deadline) {
        while (!script_.empty()) {
            if (auto* const pause = std::get_if<milliseconds>(&script_.front())) {
                if (clock_.value.mono + *pause >= deadline) {
                    *pause -= std::chrono::ceil<milliseconds>(deadline - clock_.value.mono);
                    return time_out(deadline);
                }
                clock_.advance(*pause);
                script_.pop_front();
            } else if (auto* const bytes = std::get_if<std::string>(&script_.front())) {
                auto const n = std::min(into.size(), bytes->size());
                std::copy_n(bytes->begin(), n, into.begin());
                bytes->erase(0, n);
                if (bytes->empty()) script_.pop_front();
                read += n;
                return {{}, n};
            } else {
                return {boost::asio::error::eof, 0};
            }
        }
        return time_out(deadline);
    }
    std::pair<boost::system::error_code, std::size_t> time_out(mono_time deadline) {
        clock_.advance(std::chrono::ceil<milliseconds>(deadline - clock_.value.mono));
        return {boost::asio::error::timed_out, 0};
    }

    fake_clock& clock_;
    std::deque<piece> script_;
};

/// Runs a coroutine to its end and gives its value.
template <class T>
T run(boost::asio::awaitable<T> task) {
    boost::asio::io_context io(1);
    std::optional<T> value;
    std::exception_ptr failure;
    boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr e, T v) {
        failure = e;
        if (!e) value.emplace(std::move(v));
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(value.value());
}

}  // namespace weir::http::test
