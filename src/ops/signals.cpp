#include <weir/ops/signals.hpp>

#include <csignal>

namespace weir::ops {

signal_action action_of(int signal, bool draining) noexcept {
    switch (signal) {
        case SIGHUP:
            return draining ? signal_action::none : signal_action::reload;
        case SIGTERM:
            return draining ? signal_action::none : signal_action::drain;
        case SIGINT:
            return draining ? signal_action::stop : signal_action::drain;
        default:
            return signal_action::none;
    }
}

}  // namespace weir::ops
