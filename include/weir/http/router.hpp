#pragma once

#include <weir/http/connection.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

/// Method and path to action. A pattern such as "/api/v1/topics/{topic}/history" matches by
/// decoded segments; {name} takes one that is not empty. The first match in the order of adding
/// counts. HEAD goes where GET goes. A known path with another method is 405 with Allow, an unknown
/// one 404, both as JSON errors.
///
/// Filled before it serves; then const. Actions must not be capturing lambda coroutines: a plain
/// lambda that calls a member coroutine is fine.
class router final : public handler {
public:
    using action = std::function<boost::asio::awaitable<answer>(request&)>;
    using plain_action = std::function<response(request&)>;

    void on(method m, std::string_view pattern, action act,
            std::size_t body_bytes_max = small_body_bytes);
    /// For actions that need not wait.
    void on(method m, std::string_view pattern, plain_action act,
            std::size_t body_bytes_max = small_body_bytes);

    boost::asio::awaitable<answer> handle(request& r) override;
    std::size_t body_bytes_max(request const& head) const override;

private:
    struct route {
        method verb;
        std::vector<std::string> pattern;
        action act;
        plain_action plain;
        std::size_t body_bytes_max;
    };
    route const* find(request const& r) const noexcept;
    std::string allowed(request const& r) const;
    std::vector<route> routes_;
};

}  // namespace weir::http
