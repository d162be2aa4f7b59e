#include "auth/signing.hpp"

#include <weir/auth/identity.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace weir::auth {
namespace {

TEST(jwt_threads, one_verifier_serves_all) {
    constexpr std::size_t thread_count = 4;
    jwt_settings s;
    s.secret = test_key;
    auto const v = make_jwt_verifier(s);
    std::latch ready(thread_count);
    std::atomic<int> wrong{0};
    {
        std::vector<std::jthread> threads;
        for (std::size_t n = 0; n != thread_count; ++n) {
            threads.emplace_back([&, n] {
                std::string const user = "user" + std::to_string(n);
                std::string const good = sign_claims(R"({"sub":")" + user + "\"}");
                std::string const bad = sign(plain_header, R"({"sub":"x"})", "another key");
                ready.arrive_and_wait();
                for (int i = 0; i != 300; ++i) {
                    auto const who = v->verify(good, 1);
                    if (!who || who->user != user) ++wrong;
                    if (v->verify(bad, 1)) ++wrong;
                    token_request r;
                    r.user = user;
                    if (!issue_token(test_key, r)) ++wrong;
                }
            });
        }
    }
    EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace weir::auth
