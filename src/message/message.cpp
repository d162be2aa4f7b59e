#include <weir/message/message.hpp>

#include <utility>

namespace weir {
namespace {

/// What a text has on the heap: nothing when it fits into the object.
std::size_t heap_bytes(std::string const& s) noexcept {
    static std::size_t const inside = std::string().capacity();
    return s.capacity() > inside ? s.capacity() + 1 : 0;
}

constexpr std::size_t reference_counts = 16;

}  // namespace

message_ptr share(message&& m) {
    auto shared = std::make_shared<message>(std::move(m));
    shared->counted.set(sizeof(message) + reference_counts + heap_bytes(shared->topic) +
                        heap_bytes(shared->event) + heap_bytes(shared->payload) +
                        heap_bytes(shared->key) + heap_bytes(shared->from));
    return shared;
}

}  // namespace weir
