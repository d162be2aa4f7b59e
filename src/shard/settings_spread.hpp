#pragma once

#include "shard/shard.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>

namespace weir {

/// Brings changed settings to every shard, one change after another: first each applies them, then,
/// since a topic's home must know the new rules before anybody is counted by them, each looks anew
/// at who is present. What comes while one is under way waits for its end; of several that wait
/// only the newest counts. Any thread; must outlive the threads of the shards.
class settings_spread {
public:
    explicit settings_spread(shard_commons& commons) : commons_(commons) {}

    void apply(live_settings_ptr live);

private:
    void begin(live_settings_ptr live);
    void tell_all(std::function<void(shard&)> step, void (settings_spread::*then)());
    void review();
    void end();

    shard_commons& commons_;
    std::atomic<std::size_t> left_ = 0;  ///< shards that have not done the step
    std::mutex lock_;                    ///< of what follows
    bool busy_ = false;
    live_settings_ptr next_;
};

}  // namespace weir
