#include <weir/base/log.hpp>
#include <weir/base/utf8.hpp>
#include <weir/ops/service_notifier.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace weir::ops {
namespace {

constexpr std::size_t status_bytes_max = 1000;  // systemd takes 4096 for a whole datagram
constexpr seconds stop_margin{5};

/// One line, so that a text from outside adds no variable to the message.
std::string status_line(std::string_view status) {
    std::string line = "STATUS=" + std::string(cut_utf8(status, status_bytes_max));
    std::replace_if(line.begin(), line.end(), [](char c) { return c >= '\0' && c < ' '; }, ' ');
    return line;
}

std::string microseconds(std::chrono::nanoseconds t) {
    return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(t).count());
}

}  // namespace

service_notifier service_notifier::from_environment() {
    char const* const name = std::getenv("NOTIFY_SOCKET");
    service_notifier notifier(name == nullptr ? std::string_view() : std::string_view(name));
    ::unsetenv("NOTIFY_SOCKET");
    return notifier;
}

service_notifier::service_notifier(std::string_view socket) : address_(socket) {
    if (socket.empty()) return;
    bool const known = socket.front() == '/' || socket.front() == '@';
    if (!known || socket.size() < 2 || socket.size() >= sizeof(sockaddr_un::sun_path)) {
        log::warn("NOTIFY_SOCKET is not a socket that we can reach", {{"name", socket}});
        return;
    }
    if (address_.front() == '@') address_.front() = '\0';
    descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor_ < 0) return;
    timeval const most{.tv_sec = 1, .tv_usec = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
}

service_notifier::service_notifier(service_notifier&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), address_(std::move(other.address_)) {}

service_notifier::~service_notifier() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void service_notifier::ready(std::string_view status) {
    send("READY=1\n" + status_line(status));
}

void service_notifier::reloading(std::string_view status, mono_time at) {
    // libstdc++'s steady_clock is CLOCK_MONOTONIC, which the manager compares with.
    send("RELOADING=1\nMONOTONIC_USEC=" + microseconds(at.time_since_epoch()) + "\n" +
         status_line(status));
}

void service_notifier::stopping(std::string_view status, milliseconds at_most) {
    send("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + microseconds(at_most + stop_margin) + "\n" +
         status_line(status));
}

void service_notifier::send(std::string message) {
    if (descriptor_ < 0) return;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, address_.data(), address_.size());
    // A path ends with a NUL, an abstract name with its length.
    bool const abstract = address_.front() == '\0';
    auto const size = offsetof(sockaddr_un, sun_path) + address_.size() + (abstract ? 0 : 1);
    // The socket API takes every kind of address through this one type.
    auto const* const address = static_cast<sockaddr const*>(static_cast<void const*>(&to));
    auto const sent = ::sendto(descriptor_, message.data(), message.size(), MSG_NOSIGNAL, address,
                               static_cast<socklen_t>(size));
    if (sent < 0) {
        log::warn("the service manager could not be told",
                  {{"error", std::generic_category().message(errno)}});
    }
}

}  // namespace weir::ops
