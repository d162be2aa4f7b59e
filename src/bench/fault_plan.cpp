#include <weir/base/assert.hpp>
#include <weir/bench/fault_plan.hpp>

#include <algorithm>

namespace weir::bench {
namespace {

using enum disturbance_kind;

enum planned : std::size_t { cuts, resets, stalls, pauses, slow, slices, latencies, refusals };

milliseconds between(dice& d, milliseconds low, milliseconds high) {
    return milliseconds(static_cast<std::int64_t>(
        d.between(static_cast<double>(low.count()), static_cast<double>(high.count()))));
}

direction one_way(dice& d) {
    return d.below(2) == 0 ? direction::to_server : direction::to_client;
}

}  // namespace

fault_plan::fault_plan(fault_rates const& rates, std::uint64_t seed) : rates_(rates), dice_(seed) {
    rate_ = {rates.cuts,         rates.resets, rates.stalls,    rates.pauses,
             rates.slow_readers, rates.slices, rates.latencies, rates.refusals};
    for (std::size_t k = 0; k != kinds; ++k) {
        if (rate_[k] > 0) due_[k] = dice_.wait(rate_[k]);
    }
}

bool fault_plan::empty() const noexcept {
    return std::none_of(rate_.begin(), rate_.end(), [](double r) { return r > 0; });
}

fault_plan::step fault_plan::next() {
    WEIR_ASSERT(!empty());
    std::size_t first = kinds;
    for (std::size_t k = 0; k != kinds; ++k) {
        if (rate_[k] > 0 && (first == kinds || due_[k] < due_[first])) first = k;
    }
    step s;
    s.at = milliseconds(static_cast<std::int64_t>(due_[first] * 1000));
    s.what = make(first);
    due_[first] += dice_.wait(rate_[first]);
    return s;
}

disturbance fault_plan::make(std::size_t kind) {
    disturbance d;
    d.pick = dice_.roll();
    d.who = disturbance::reach::some;
    d.count = 1;
    d.lasting = between(dice_, rates_.lasting_min, rates_.lasting_max);
    switch (kind) {
        case cuts:
            d.kind = cut;
            d.lasting = milliseconds(0);
            break;
        case resets:
            d.kind = disturbance_kind::reset;
            d.lasting = milliseconds(0);
            break;
        case stalls:
            d.kind = stall;
            break;
        case pauses:
            d.kind = stall;
            d.way = one_way(dice_);
            break;
        case slow:
            d.kind = bandwidth;
            d.way = direction::to_client;
            d.bytes = rates_.slow_bytes;
            break;
        case slices:
            d.kind = slice;
            d.bytes = 1 + dice_.below(16);
            d.delay = std::chrono::microseconds(dice_.below(500));
            break;
        case latencies:
            d.kind = latency;
            d.delay = std::chrono::microseconds(dice_.below(100'000));
            d.jitter = std::chrono::microseconds(dice_.below(50'000));
            break;
        default:
            d.kind = refuse;
            d.who = disturbance::reach::all;
            d.lasting = between(dice_, milliseconds(20), rates_.refusal_max);
            break;
    }
    return d;
}

std::string_view to_string(disturbance_kind kind) noexcept {
    switch (kind) {
        case latency:
            return "latency";
        case slice:
            return "slice";
        case bandwidth:
            return "bandwidth";
        case stall:
            return "stall";
        case heal:
            return "heal";
        case cut:
            return "cut";
        case disturbance_kind::reset:
            return "reset";
        case refuse:
            return "refuse";
        case admit:
            return "admit";
    }
    return "?";
}

std::string describe(disturbance const& d) {
    std::string out(to_string(d.kind));
    if (d.way == direction::to_server) out += " towards the server";
    if (d.way == direction::to_client) out += " towards the client";
    switch (d.who) {
        case disturbance::reach::all:
            out += " all";
            break;
        case disturbance::reach::one:
            out += " connection " + std::to_string(d.connection);
            break;
        case disturbance::reach::some:
            out += " " + std::to_string(d.count) + " by chance";
            break;
        case disturbance::reach::share:
            out += " a share of " + std::to_string(d.share);
            break;
    }
    if (d.lasting.count() > 0) out += " for " + std::to_string(d.lasting.count()) + " ms";
    return out;
}

}  // namespace weir::bench
