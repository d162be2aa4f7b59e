#include "shard/settings_spread.hpp"

#include <utility>

namespace weir {

void settings_spread::apply(live_settings_ptr live) {
    {
        std::scoped_lock const held(lock_);
        if (busy_) {
            next_ = std::move(live);
            return;
        }
        busy_ = true;
    }
    begin(std::move(live));
}

void settings_spread::begin(live_settings_ptr live) {
    commons_.directory.change(live->directory);
    commons_.detached.change(live->detached);
    tell_all([live](shard& self) { self.apply(live); }, &settings_spread::review);
}

/// The last one to have done the step goes on.
void settings_spread::tell_all(std::function<void(shard&)> step, void (settings_spread::*then)()) {
    left_ = commons_.shards.size();
    for (shard* const each : commons_.shards) {
        each->tell([this, step, then](shard& self) {
            step(self);
            if (left_.fetch_sub(1) == 1) (this->*then)();
        });
    }
}

void settings_spread::review() {
    tell_all([](shard& self) { self.review_presence(); }, &settings_spread::end);
}

void settings_spread::end() {
    live_settings_ptr next;
    {
        std::scoped_lock const held(lock_);
        next = std::exchange(next_, nullptr);
        busy_ = next != nullptr;
    }
    if (next) begin(std::move(next));
}

}  // namespace weir
