#include "app/demo_page.hpp"

#include <cstddef>

extern unsigned char const weir_demo_html[];
extern std::size_t const weir_demo_html_size;

namespace weir::app {

std::map<std::string, http::response, std::less<>> demo_pages() {
    http::response page;
    page.content_type = "text/html; charset=utf-8";
    page.body.assign(reinterpret_cast<char const*>(weir_demo_html), weir_demo_html_size);
    page.headers = {
        {"Cache-Control", "no-cache"},
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
         "img-src data:; connect-src 'self' ws: wss:; base-uri 'none'; frame-ancestors 'none'"},
        {"Referrer-Policy", "no-referrer"}};
    return {{"/", page}};
}

}  // namespace weir::app
