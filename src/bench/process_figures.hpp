#pragma once

#include <cstdint>
#include <sys/types.h>

namespace weir::bench {

/// CPU time of a whole process since its start, in seconds (/proc/PID/stat: 10 ms ticks).
struct cpu_time {
    double user = 0;
    double system = 0;
    double total() const noexcept { return user + system; }
};
cpu_time cpu_of(pid_t pid);

/// Private_Dirty of a process in bytes (/proc/PID/smaps_rollup): what it has in memory of its own.
std::uint64_t private_dirty_of(pid_t pid);

/// Resident memory of a process in bytes, and how many descriptors it has open.
std::uint64_t resident_of(pid_t pid);
std::size_t descriptors_of(pid_t pid);

/// Raises this process's soft limit of descriptors to the hard one and answers what it is now.
std::size_t raise_descriptors() noexcept;

/// Keeps the calling thread, and what it starts, to one processor. False: there is no such one.
bool keep_to_cpu(int cpu) noexcept;

}  // namespace weir::bench
