#pragma once

#include "shard/shard.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace weir {

/// Runs `errand` on the shard's thread and completes on `control` when it calls `done`, once, from
/// that thread. Should the shard end before, the waiting coroutine is destroyed with its frame.
template <class R>
boost::asio::awaitable<R> ask_later(boost::asio::any_io_executor control, shard& whom,
                                    std::function<void(shard&, std::function<void(R)>)> errand) {
    namespace asio = boost::asio;
    auto initiate = [control, &whom, errand = std::move(errand)](auto handler) {
        // std::function wants to copy; a handler can only move.
        auto const waiting = std::make_shared<decltype(handler)>(std::move(handler));
        whom.tell([control, waiting, errand](shard& s) {
            errand(s, [control, waiting](R answer) {
                asio::post(control, [waiting, answer = std::move(answer)]() mutable {
                    std::move (*waiting)(std::move(answer));
                });
            });
        });
    };
    return asio::async_initiate<asio::use_awaitable_t<> const, void(R)>(std::move(initiate),
                                                                        asio::use_awaitable);
}

/// The same for a question that is answered on the spot.
template <class R>
boost::asio::awaitable<R> ask(boost::asio::any_io_executor control, shard& whom,
                              std::function<R(shard&)> question) {
    return ask_later<R>(std::move(control), whom,
                        [question = std::move(question)](shard& s, std::function<void(R)> done) {
                            done(question(s));
                        });
}

/// Asks all shards at the same time; completes on `control` with their answers, in the order of
/// shards, when the last one is there.
template <class R>
boost::asio::awaitable<std::vector<R>> ask_all(
    boost::asio::any_io_executor control, std::vector<std::unique_ptr<shard>> const& whom,
    std::function<void(shard&, std::function<void(R)>)> errand) {
    namespace asio = boost::asio;
    auto initiate = [control, &whom, errand = std::move(errand)](auto handler) {
        struct round {  // used on the control thread only
            explicit round(decltype(handler) h) : waiting(std::move(h)) {}
            decltype(handler) waiting;
            std::vector<std::optional<R>> answers;
            std::size_t due = 0;
            void finish() {
                std::vector<R> all;
                for (auto& a : answers) all.push_back(*std::move(a));
                std::move(waiting)(std::move(all));
            }
        };
        auto const asked = std::make_shared<round>(std::move(handler));
        asked->answers.resize(whom.size());
        asked->due = whom.size();
        for (std::size_t i = 0; i != whom.size(); ++i) {
            whom[i]->tell([control, asked, errand, i](shard& s) {
                errand(s, [control, asked, i](R answer) {
                    asio::post(control, [asked, i, answer = std::move(answer)]() mutable {
                        asked->answers[i] = std::move(answer);
                        if (--asked->due == 0) asked->finish();
                    });
                });
            });
        }
    };
    return asio::async_initiate<asio::use_awaitable_t<> const, void(std::vector<R>)>(
        std::move(initiate), asio::use_awaitable);
}

}  // namespace weir
