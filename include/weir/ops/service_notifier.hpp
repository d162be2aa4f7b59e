#pragma once

#include <weir/base/clock.hpp>

#include <string>
#include <string_view>

namespace weir::ops {

/// Tells the service manager what the daemon is doing: sd_notify(3) as systemd's Type=notify wants
/// it, one datagram for each change. Without a manager every call does nothing. A message that
/// cannot be sent is logged and no fault of the daemon's. Owned by the daemon, on its control
/// thread; a send takes at most a second.
class service_notifier {
public:
    /// Takes the socket's name from $NOTIFY_SOCKET and removes the variable, so that no child of
    /// ours speaks in our name.
    static service_notifier from_environment();

    /// `socket` is a path, or "@name" in the abstract namespace. Empty: no manager.
    explicit service_notifier(std::string_view socket);
    service_notifier(service_notifier&& other) noexcept;
    service_notifier& operator=(service_notifier&&) = delete;
    ~service_notifier();

    bool present() const noexcept { return descriptor_ >= 0; }

    // `status` is one line for `systemctl status`.

    /// Started, or done with a reload, successful or not.
    void ready(std::string_view status);
    /// A reload begins; ready() ends it. `at` is now.
    void reloading(std::string_view status, mono_time at);
    /// A drain begins that takes `at_most`. The manager waits that long, and five seconds more,
    /// even if its own stop timeout is shorter.
    void stopping(std::string_view status, milliseconds at_most);

private:
    void send(std::string message);

    int descriptor_ = -1;
    std::string address_;  ///< sun_path: of an abstract socket with a NUL in front
};

}  // namespace weir::ops
