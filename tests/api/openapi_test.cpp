// The description against the routes: each described path answers, and each route is described.
#include "api/api_fixture.hpp"
#include "api/state.hpp"

#include <set>

namespace weir::api {
namespace {

struct openapi_test : api_fixture {
    nlohmann::json described = nlohmann::json::parse(openapi_json());

    static http::method method_of(std::string const& name) {
        if (name == "get") return http::method::get;
        if (name == "delete") return http::method::delete_;
        EXPECT_EQ(name, "post");
        return http::method::post;
    }
};

TEST_F(openapi_test, every_described_path_is_a_route_that_wants_a_key_with_its_scope) {
    std::size_t checked = 0;
    for (auto const& [path, methods] : described["paths"].items()) {
        for (auto const& [name, operation] : methods.items()) {
            auto const m = method_of(name);
            auto const target = path.substr(1);
            EXPECT_EQ(ask({m, target, "", "", ""}).status, 401) << path;
            EXPECT_EQ(ask({http::method::put, target}).status, 405) << path;
            auto const text = operation["description"].get<std::string>();
            ASSERT_TRUE(text.starts_with("Scope ")) << path;
            auto const scope = text.substr(6, text.find('.') - 6);
            api->change_keys({{"k", "right", {"no such"}}});
            auto const refused = ask({m, target});
            EXPECT_EQ(refused.status, 403) << path;
            EXPECT_NE(refused.message().find('"' + scope + '"'), std::string::npos)
                << path << ": " << refused.message();
            api->change_keys({{"k", "right", {"*"}}});
            ++checked;
        }
    }
    EXPECT_GE(checked, 18U);
    EXPECT_EQ(get("nothing").status, 404);
}

TEST_F(openapi_test, every_route_is_described_and_the_other_way_round) {
    std::set<std::string> paths;
    for (auto const& [path, methods] : described["paths"].items()) {
        for (auto const& [name, operation] : methods.items()) {
            paths.insert(std::string(http::to_string(method_of(name))) + " " + path.substr(1));
        }
    }
    std::set<std::string> routed;
    for (route_counts const* r : api->routes()) {
        routed.insert(std::string(r->method) + " " + std::string(r->route));
    }
    EXPECT_EQ(routed, paths);
}

TEST_F(openapi_test, every_reference_leads_to_something) {
    auto const text = described.dump();
    std::size_t references = 0;
    for (std::size_t at = 0; (at = text.find(R"("$ref":"#)", at)) != std::string::npos;) {
        at += 9;
        auto const pointer = text.substr(at, text.find('"', at) - at);
        EXPECT_TRUE(described.contains(nlohmann::json::json_pointer(pointer))) << pointer;
        ++references;
    }
    EXPECT_GT(references, 20U);
}

TEST_F(openapi_test, knows_every_error_code) {
    std::set<std::string> codes;
    for (std::size_t i = 0; i != errc_count; ++i) {
        codes.emplace(to_string(static_cast<errc>(i)));
    }
    auto const listed = described
                            .at("/components/schemas/Error/properties/error/properties/code"
                                "/enum"_json_pointer)
                            .get<std::set<std::string>>();
    EXPECT_EQ(listed, codes);
}

TEST_F(openapi_test, is_served_without_a_key_while_there_are_keys) {
    EXPECT_EQ(ask({http::method::get, "openapi.json", "", "", ""}).json, described);
    api->change_keys({});
    EXPECT_EQ(ask({http::method::get, "openapi.json", "", "", ""}).status, 404);
}

}  // namespace
}  // namespace weir::api
