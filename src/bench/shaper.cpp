#include "bench/shaper.hpp"

#include <algorithm>

namespace weir::bench {
namespace {

/// A slow line passes its bytes in pieces of this share of a second.
constexpr double pieces_a_second = 50;

}  // namespace

void shaper::disturb(disturbance const& d, mono_time now) {
    switch (d.kind) {
        case disturbance_kind::latency:
            delay_ = d.delay;
            jitter_ = d.jitter;
            break;
        case disturbance_kind::slice:
            slice_ = std::max<std::size_t>(d.bytes, 1);
            slice_delay_ = d.delay;
            slice_due_ = now;
            break;
        case disturbance_kind::bandwidth:
            rate_ = std::max<std::size_t>(d.bytes, 1);
            credit_ = 0;
            earned_ = now;
            break;
        case disturbance_kind::stall:
            stalled_ = true;
            break;
        case disturbance_kind::heal:
            for (auto const kind : {disturbance_kind::latency, disturbance_kind::slice,
                                    disturbance_kind::bandwidth, disturbance_kind::stall}) {
                end(kind, now);
            }
            break;
        default:
            break;  // not about the flow of bytes
    }
}

void shaper::end(disturbance_kind kind, mono_time) {
    switch (kind) {
        case disturbance_kind::latency:
            delay_ = jitter_ = std::chrono::microseconds(0);
            marks_.clear();  // what is held may pass at once
            break;
        case disturbance_kind::slice:
            slice_ = 0;
            break;
        case disturbance_kind::bandwidth:
            rate_ = 0;
            break;
        case disturbance_kind::stall:
            stalled_ = false;
            break;
        default:
            break;
    }
}

std::size_t shaper::room() const noexcept {
    return stalled_ ? 0 : room_max_ - std::min(room_max_, held());
}

bool shaper::plain() const noexcept {
    return !stalled_ && slice_ == 0 && rate_ == 0 && delay_.count() == 0 && jitter_.count() == 0;
}

void shaper::push(std::string_view bytes, mono_time now, dice& chance) {
    bool const held_back = delay_.count() != 0 || jitter_.count() != 0 || !marks_.empty();
    if (held_back && marks_.empty() && !empty()) marks_.push_back({now, taken_ + held()});
    held_ += bytes;
    if (!held_back) return;
    auto const extra =
        static_cast<std::int64_t>(chance.below(static_cast<std::uint64_t>(jitter_.count()) + 1));
    mono_time due = now + delay_ + std::chrono::microseconds(extra);
    if (!marks_.empty()) due = std::max(due, marks_.back().due);  // the order is kept
    marks_.push_back({due, taken_ + held()});
}

void shaper::earn(mono_time now) {
    double const seconds = std::chrono::duration<double>(now - earned_).count();
    double const most = std::max(1.0, static_cast<double>(rate_) / pieces_a_second);
    credit_ = std::min(most, credit_ + seconds * static_cast<double>(rate_));
    earned_ = now;
}

std::string_view shaper::ready(mono_time now) {
    if (stalled_ || empty()) return {};
    std::size_t most = held();
    if (!marks_.empty()) {
        std::uint64_t end = taken_;
        for (mark const& m : marks_) {
            if (m.due > now) break;
            end = m.end;
        }
        if (marks_.back().due > now) most = std::min<std::size_t>(most, end - taken_);
    }
    if (slice_ != 0) most = slice_due_ > now ? 0 : std::min(most, slice_);
    if (rate_ != 0) {
        earn(now);
        most = std::min(most, static_cast<std::size_t>(credit_));
    }
    return std::string_view(held_).substr(passed_, most);
}

void shaper::pass(std::size_t n, mono_time now) {
    passed_ += n;
    taken_ += n;
    if (slice_ != 0) slice_due_ = now + slice_delay_;
    if (rate_ != 0) credit_ -= static_cast<double>(n);
    auto const done =
        std::find_if(marks_.begin(), marks_.end(), [&](mark const& m) { return m.end > taken_; });
    marks_.erase(marks_.begin(), done);
    if (empty()) {
        std::string().swap(held_);
        if (marks_.empty()) std::vector<mark>().swap(marks_);
        passed_ = 0;
    } else if (passed_ > held_.size() / 2) {
        held_.erase(0, passed_);
        passed_ = 0;
    }
}

mono_time shaper::next(mono_time now) const {
    if (stalled_ || empty()) return never;
    mono_time at = now;
    if (!marks_.empty()) at = std::max(at, marks_.front().due);
    if (slice_ != 0) at = std::max(at, slice_due_);
    if (rate_ != 0 && credit_ < 1) {
        double const seconds = (1.0 - credit_) / static_cast<double>(rate_);
        auto const wait = std::chrono::duration_cast<mono_time::duration>(
            std::chrono::duration<double>(std::max(seconds, 1 / pieces_a_second)));
        at = std::max(at, earned_ + wait);
    }
    return at > now ? at : never;
}

}  // namespace weir::bench
