#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace weir::log {

/// A bounded queue of lines and the one thread that empties it. push() never waits: when the
/// queue is full the oldest line goes and is counted. The destructor writes what is queued, then
/// joins. push() and dropped() from any thread.
class log_writer {
public:
    /// Called on the writer's thread for each line; must not throw.
    using output = std::function<void(std::string_view line)>;

    log_writer(output out, std::size_t queue_lines);
    ~log_writer();
    log_writer(log_writer const&) = delete;
    log_writer& operator=(log_writer const&) = delete;

    void push(std::string_view line) noexcept;
    std::uint64_t dropped() const noexcept;

private:
    struct machinery;
    std::unique_ptr<machinery> machinery_;
};

}  // namespace weir::log
