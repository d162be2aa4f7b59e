#include "ops/trim_policy.hpp"

#include <weir/base/memory_meter.hpp>
#include <weir/ops/memory_trim.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <malloc.h>

namespace weir::ops {
namespace asio = boost::asio;

asio::awaitable<void> return_freed_memory(asio::steady_timer& timer, bool const& ended) {
    trim_policy policy;
    while (!ended) {
        timer.expires_after(milliseconds(500));
        auto const [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (error) co_return;
#if defined(__GLIBC__)
        bool const trim =
            policy.look(memory_used(), take_memory_peak(), std::chrono::steady_clock::now());
        if (trim) ::malloc_trim(0);
#endif
    }
}

}  // namespace weir::ops
