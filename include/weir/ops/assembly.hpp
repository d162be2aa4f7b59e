#pragma once

#include <weir/base/error.hpp>
#include <weir/config/settings.hpp>
#include <weir/shard/settings.hpp>

namespace weir::ops {

/// What the file calls for, in the terms of the levels below, which do not know the file. Reads
/// certificates. The fault is a sentence for the operator.
result<live_settings_ptr> make_live_settings(config::settings const& s);

/// With `shards: auto`: one for each core, and no more than there can be.
unsigned shards_for(unsigned cores) noexcept;

shard_settings make_shard_settings(config::settings const& s);

}  // namespace weir::ops
