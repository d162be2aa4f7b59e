// What the service manager hears, read from a socket of its kind.
#include <weir/ops/service_notifier.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace weir::ops {
namespace {

/// The manager's end: a datagram socket bound to a name.
class listening_manager {
public:
    explicit listening_manager(std::string name) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        name.copy(at.sun_path, sizeof at.sun_path - 1);
        bool const abstract = name.front() == '@';
        if (abstract) at.sun_path[0] = '\0';
        auto const size = offsetof(sockaddr_un, sun_path) + name.size() + (abstract ? 0 : 1);
        descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        timeval const most{.tv_sec = 20, .tv_usec = 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
        auto const* const address = static_cast<sockaddr*>(static_cast<void*>(&at));
        if (::bind(descriptor_, address, static_cast<socklen_t>(size)) != 0) {
            throw std::runtime_error("cannot bind " + name);
        }
    }
    listening_manager(listening_manager const&) = delete;
    listening_manager& operator=(listening_manager const&) = delete;
    ~listening_manager() { ::close(descriptor_); }

    std::string hear() const {
        char bytes[4096];
        auto const n = ::recv(descriptor_, bytes, sizeof bytes, 0);
        return n < 0 ? "nothing" : std::string(bytes, static_cast<std::size_t>(n));
    }
    bool quiet() const {
        char byte = 0;
        return ::recv(descriptor_, &byte, 1, MSG_DONTWAIT) < 0;
    }

private:
    int descriptor_ = -1;
};

std::string unique_name(std::string const& what) {
    return "weir-notify-" + std::to_string(::getpid()) + "-" + what;
}

TEST(service_notifier_test, says_each_change_in_a_datagram_of_its_own) {
    auto const path = std::filesystem::temp_directory_path() / unique_name("path");
    std::filesystem::remove(path);
    listening_manager const there(path.string());
    service_notifier notifier(path.string());
    EXPECT_TRUE(notifier.present());
    notifier.ready("Serving");
    notifier.reloading("Reloading", mono_time(std::chrono::microseconds(1'234'567)));
    notifier.ready("Reload failed");
    notifier.stopping("Draining 7 connections", seconds(30));
    EXPECT_EQ(there.hear(), "READY=1\nSTATUS=Serving");
    EXPECT_EQ(there.hear(), "RELOADING=1\nMONOTONIC_USEC=1234567\nSTATUS=Reloading");
    EXPECT_EQ(there.hear(), "READY=1\nSTATUS=Reload failed");
    EXPECT_EQ(there.hear(),
              "STOPPING=1\nEXTEND_TIMEOUT_USEC=35000000\nSTATUS=Draining 7 connections");
    std::filesystem::remove(path);
}

TEST(service_notifier_test, reaches_an_abstract_socket) {
    auto const name = "@" + unique_name("abstract");
    listening_manager const there(name);
    service_notifier first(name);
    service_notifier notifier(std::move(first));
    notifier.ready("Serving");
    EXPECT_EQ(there.hear(), "READY=1\nSTATUS=Serving");
}

TEST(service_notifier_test, keeps_a_status_to_one_line_of_a_bounded_length) {
    auto const name = "@" + unique_name("bounded");
    listening_manager const there(name);
    service_notifier notifier(name);
    notifier.ready("a\nSTOPPING=1\tb\r");
    EXPECT_EQ(there.hear(), "READY=1\nSTATUS=a STOPPING=1 b ");
    std::string text(999, 'x');
    notifier.ready(text + "é");
    EXPECT_EQ(there.hear(), "READY=1\nSTATUS=" + text) << "no character is cut in two";
}

TEST(service_notifier_test, without_a_manager_does_nothing) {
    for (auto const* name : {"", "/", "@", "relative", "vsock:2:1"}) {
        service_notifier notifier(name);
        EXPECT_FALSE(notifier.present()) << name;
        notifier.ready("Serving");
    }
    EXPECT_FALSE(service_notifier("/" + std::string(200, 'x')).present());
}

TEST(service_notifier_test, outlives_a_manager_that_is_gone) {
    auto const name = "@" + unique_name("gone");
    service_notifier notifier(name);
    notifier.ready("Serving");
    listening_manager const there(name);
    notifier.stopping("Draining", seconds(1));
    EXPECT_TRUE(there.hear().starts_with("STOPPING=1\n"));
    EXPECT_TRUE(there.quiet());
}

TEST(service_notifier_test, takes_the_socket_from_the_environment_for_itself_alone) {
    auto const name = "@" + unique_name("environment");
    listening_manager const there(name);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    auto notifier = service_notifier::from_environment();
    EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
    notifier.ready("Serving");
    EXPECT_EQ(there.hear(), "READY=1\nSTATUS=Serving");
    EXPECT_FALSE(service_notifier::from_environment().present());
}

}  // namespace
}  // namespace weir::ops
