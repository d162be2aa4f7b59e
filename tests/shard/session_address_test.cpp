#include "shard/session_address.hpp"

#include "shard/registry.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace weir {
namespace {

using place = session_addresses::place;

TEST(session_addresses, an_id_tells_its_own_process_where_its_session_is) {
    session_addresses const addresses;
    for (place const p : {place{0, 0}, {1, 2}, {255, (1U << 20) - 1}, {255, 0}, {0, 1U << 19}}) {
        for (int i = 0; i != 50; ++i) EXPECT_EQ(addresses.find(addresses.make(p)), p);
    }
}

TEST(session_addresses, ids_of_one_place_differ_and_do_not_show_it) {
    session_addresses const addresses;
    std::set<std::vector<std::byte>> heads;
    for (int i = 0; i != 200; ++i) {
        auto const id = addresses.make({3, 7});
        heads.insert({id.bytes.begin(), id.bytes.begin() + 4});
    }
    EXPECT_GT(heads.size(), 190U) << "the masked place repeats";
}

TEST(session_addresses, ids_of_others_and_changed_ones_are_not_found) {
    session_addresses const addresses, others;
    auto const id = addresses.make({3, 7});
    EXPECT_FALSE(others.find(id).has_value()) << "the keys are of one process";
    EXPECT_FALSE(addresses.find(session_id{}).has_value());
    EXPECT_FALSE(addresses.find(session_id::random()).has_value());
    for (std::size_t i = 0; i != id.bytes.size(); ++i) {
        for (unsigned bit = 0; bit != 8; ++bit) {
            auto changed = id;
            changed.bytes[i] ^= std::byte{static_cast<unsigned char>(1U << bit)};
            EXPECT_FALSE(addresses.find(changed).has_value()) << i << '.' << bit;
        }
    }
}

TEST(registry, says_that_it_is_full_at_the_last_session_it_can_name) {
    registry clients;
    std::vector<client_slot> slots;
    for (std::size_t i = 0; i != registry::clients_max; ++i) {
        auto const slot = clients.reserve();
        ASSERT_TRUE(slot.has_value());
        if (i % 1000 == 0) slots.push_back(*slot);
    }
    EXPECT_TRUE(clients.full());
    EXPECT_FALSE(clients.reserve().has_value());
    EXPECT_EQ(clients.size(), registry::clients_max);
    clients.take(slots.back());
    EXPECT_FALSE(clients.full());
    auto const again = clients.reserve();
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->index, slots.back().index);
    EXPECT_NE(again->generation, slots.back().generation);
}

}  // namespace
}  // namespace weir
