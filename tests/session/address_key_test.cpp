#include <weir/session/directory.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace weir {
namespace {

TEST(address_key, is_what_counts_as_one_address) {
    struct row {
        char const* ip;
        char const* key;
    };
    for (row const& r : std::vector<row>{
             {"192.0.2.7", "192.0.2.7"},
             {"::ffff:192.0.2.7", "192.0.2.7"},
             {"::FFFF:C000:0207", "192.0.2.7"},
             {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
             {"2001:db8:1:2::1", "2001:db8:1:2::/64"},
             {"2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"},
             {"2001:db8:1:3::1", "2001:db8:1:3::/64"},
             {"::1", "::/64"},
             {"fe80::1%eth0", "fe80::/64"},
             {"", ""},
             {"unix", "unix"},
             {"1.2.3", "1.2.3"},
             {"2001:db8::1/64", "2001:db8::1/64"},
         }) {
        EXPECT_EQ(address_key(r.ip), r.key) << r.ip;
    }
}

}  // namespace
}  // namespace weir
