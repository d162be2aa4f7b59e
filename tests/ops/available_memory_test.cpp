#include <weir/ops/available_memory.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <unistd.h>

namespace weir::ops {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t GiB = std::uint64_t{1} << 30;

/// A tree that looks like /proc and /sys.
class available_memory_test : public testing::Test {
protected:
    ~available_memory_test() override { fs::remove_all(root); }

    void put(std::string const& path, std::string const& text) {
        fs::create_directories((root / path).parent_path());
        std::ofstream(root / path) << text;
    }
    void machine(std::uint64_t bytes) {
        put("proc/meminfo", "MemTotal:  " + std::to_string(bytes / 1024) + " kB\nMemFree: 1 kB\n");
    }

    fs::path root =
        fs::temp_directory_path() / ("weir-memory-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(available_memory_test, is_the_machine_s_without_a_cgroup) {
    machine(8 * GiB);
    EXPECT_EQ(available_memory(root), 8 * GiB);
}

TEST_F(available_memory_test, version_2_takes_the_least_limit_on_the_way_up) {
    machine(8 * GiB);
    put("proc/self/cgroup", "0::/system.slice/weir.service\n");
    put("sys/fs/cgroup/system.slice/weir.service/memory.max", "max\n");
    EXPECT_EQ(available_memory(root), 8 * GiB);
    put("sys/fs/cgroup/system.slice/memory.max", std::to_string(2 * GiB) + "\n");
    EXPECT_EQ(available_memory(root), 2 * GiB);
    put("sys/fs/cgroup/system.slice/weir.service/memory.max", std::to_string(GiB) + "\n");
    EXPECT_EQ(available_memory(root), GiB);
}

TEST_F(available_memory_test, version_1_has_its_own_hierarchy) {
    machine(8 * GiB);
    put("proc/self/cgroup", "9:cpu,cpuacct:/x\n8:pids,memory:/docker/abc\n0::/\n");
    put("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", std::to_string(3 * GiB) + "\n");
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    EXPECT_EQ(available_memory(root), 3 * GiB);
}

TEST_F(available_memory_test, in_a_container_the_visible_root_holds_the_limit) {
    machine(8 * GiB);
    put("proc/self/cgroup", "0::/../../kubepods/pod1\n");
    put("sys/fs/cgroup/memory.max", std::to_string(GiB) + "\n");
    EXPECT_EQ(available_memory(root), GiB);
}

TEST_F(available_memory_test, a_limit_above_the_machine_s_is_none) {
    machine(GiB);
    put("proc/self/cgroup", "0::/a\n");
    put("sys/fs/cgroup/a/memory.max", std::to_string(8 * GiB) + "\n");
    EXPECT_EQ(available_memory(root), GiB);
}

TEST_F(available_memory_test, nothing_known_is_no_limit) {
    EXPECT_EQ(available_memory(root), 0U);
    EXPECT_EQ(memory_limit_bytes(75, 0), std::numeric_limits<std::uint64_t>::max());
}

TEST_F(available_memory_test, the_option_is_hundredths_or_bytes) {
    EXPECT_EQ(memory_limit_bytes(75, 4 * GiB), 4 * GiB / 100 * 75);
    EXPECT_EQ(memory_limit_bytes(GiB, 4 * GiB), GiB);
    EXPECT_EQ(memory_limit_bytes(8 * GiB, 4 * GiB), 8 * GiB) << "bytes are taken as given";
}

}  // namespace
}  // namespace weir::ops
