#pragma once

#include <cstdint>
#include <filesystem>

namespace weir::ops {

/// How much memory this process may use: the machine's, or less where a cgroup (version 2 or 1) of
/// this process or one above it has a limit. `root` is where /proc and /sys are; tests have their
/// own. 0: unknown.
std::uint64_t available_memory(std::filesystem::path const& root = "/");

/// `limits.memory` in bytes: up to 100 it is hundredths of `available`.
std::uint64_t memory_limit_bytes(std::uint64_t option, std::uint64_t available) noexcept;

}  // namespace weir::ops
