#include "topic/broker_conformance.hpp"
#include "topic/memory_cluster.hpp"

namespace weir {
namespace {

broker_kind memory_kind(unsigned members) {
    return {.name = "shards_" + std::to_string(members),
            .members = members,
            .make = [](cluster_wish wish) { return std::make_unique<memory_cluster>(wish); }};
}

INSTANTIATE_TEST_SUITE_P(memory, broker_conformance,
                         testing::Values(memory_kind(1), memory_kind(2), memory_kind(4)),
                         [](auto const& info) { return info.param.name; });

}  // namespace
}  // namespace weir
