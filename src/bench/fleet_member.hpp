#pragma once

#include "bench/fleet.hpp"

namespace weir::bench {

/// Also takes the time of each delivery. Replayed messages are late by design: measure fleets that
/// nothing happens to.
class fleet::timed_checker final : public history_checker {
public:
    timed_checker(history_checker::settings s, fleet& owner)
        : history_checker(std::move(s)), owner_(owner) {}
    void took(seat s, topic_message const& m) override {
        if (auto* const where = owner_.measured_.load()) {
            auto const marks = read_payload(m.payload);
            if (marks) {
                where->add(clock::now().time_since_epoch().count() - marks->nanoseconds);
            }
        }
        history_checker::took(s, m);
    }
    void answered(std::uint32_t, std::string_view id, std::string_view payload) override {
        owner_.on_answer(id, payload);
    }

private:
    fleet& owner_;
};

struct fleet::member final : client_link {
    member(fleet& o, std::size_t i, resuming_client::settings s)
        : owner(o), index(i), client(std::move(s), *this, *o.checker_) {}
    void send(std::string_view text) override { owner.links_->send(index, text); }
    void drop() override { owner.links_->drop(index); }
    void leave() override { owner.links_->leave(index); }

    fleet& owner;
    std::size_t index;
    resuming_client client;
    mono_time armed = never;
    std::uint64_t published = 0;
    bool greeting = false;
    bool waiting = false;
};

}  // namespace weir::bench
