#include "bench/child_process.hpp"

#include "bench/limit_server.hpp"
#include "bench/loopback.hpp"
#include "bench/process_figures.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <signal.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace weir::bench {
std::uint16_t free_port() {
    int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto a = loopback(0);
    socklen_t size = sizeof a;
    if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&a), size) != 0 ||
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size) != 0) {
        throw std::runtime_error("no free port on 127.0.0.1");
    }
    ::close(fd);
    return ntohs(a.sin_port);
}

void child_process::start_daemon(std::string const& binary, std::string const& yaml, int cpu) {
    if (::access(binary.c_str(), X_OK) != 0) {
        throw std::runtime_error("no program " + binary + "; name the daemon with --binary");
    }
    port_ = free_port();
    std::string name = (std::filesystem::temp_directory_path() / "weir-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    directory_ = name;
    write_configuration(yaml);
    binary_ = binary;
    cpu_ = cpu;
    run_daemon();
}

void child_process::run_daemon() {
    auto const file = directory_ + "/weir.yaml";
    auto const public_port = "listen.public.port=" + std::to_string(port_);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        keep_to_cpu(cpu_);
        ::execl(binary_.c_str(), "weir", "serve", "-c", file.c_str(), "--set", public_port.c_str(),
                "--set", "listen.internal.port=0", nullptr);
        ::_exit(127);
    }
    if (pid_ < 0) throw std::runtime_error("cannot start a process");
    wait_for_port();
}

void child_process::write_configuration(std::string const& yaml) const {
    std::ofstream(directory_ + "/weir.yaml") << yaml;
}

void child_process::reload_daemon(std::string const& yaml) {
    write_configuration(yaml);
    ::kill(pid_, SIGHUP);
}

void child_process::restart_daemon() {
    end();
    run_daemon();
}

void child_process::start_limit_server(int cpu) {
    port_ = free_port();
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        keep_to_cpu(cpu);
        ::_exit(serve_limit(port_));
    }
    if (pid_ < 0) throw std::runtime_error("cannot start a process");
    wait_for_port();
}

void child_process::wait_for_port() {
    using namespace std::chrono_literals;
    auto const deadline = std::chrono::steady_clock::now() + 10s;
    while (std::chrono::steady_clock::now() < deadline) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            pid_ = -1;
            throw std::runtime_error("the server to measure ended at once; see its message above");
        }
        int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        auto a = loopback(port_);
        bool const up = ::connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0;
        ::close(fd);
        if (up) return;
        std::this_thread::sleep_for(10ms);
    }
    throw std::runtime_error("the server to measure takes no connections");
}

void child_process::end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void child_process::stop() {
    end();
    if (!directory_.empty()) {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
        directory_.clear();
    }
}

}  // namespace weir::bench
