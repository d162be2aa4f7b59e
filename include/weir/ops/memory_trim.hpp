#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace weir::ops {

/// Gives freed memory back to the system after a wave of traffic, until `ended` and the timer is
/// cancelled. On the control thread, because that may take some milliseconds.
boost::asio::awaitable<void> return_freed_memory(boost::asio::steady_timer& timer,
                                                 bool const& ended);

}  // namespace weir::ops
