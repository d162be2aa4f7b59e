#include <weir/base/assert.hpp>
#include <weir/base/frame.hpp>
#include <weir/base/memory_meter.hpp>

#include <limits>
#include <new>

namespace weir {

frame::~frame() {
    if (next_twin_ != nullptr) frame_ref::adopt(next_twin_);
}

void frame::destroy(frame const* f) noexcept {
    uncount_memory(memory_kind::frames, sizeof(frame) + frame_headroom + f->body_size_);
    f->~frame();
    ::operator delete(const_cast<frame*>(f));
}

frame const* frame::twin(int bits) const noexcept {
    for (frame const* t = next_twin_; t != nullptr; t = t->next_twin_) {
        if (t->twin_bits_ == bits) return t;
    }
    return nullptr;
}

void frame::add_twin(int bits, frame_ref twin) const {
    WEIR_ASSERT(twin && twin->next_twin_ == nullptr && this->twin(bits) == nullptr);
    twin->twin_bits_ = static_cast<std::uint8_t>(bits);
    twin->next_twin_ = next_twin_;
    next_twin_ = twin.release();
}

frame_ref make_frame(std::string_view header, std::string_view body, bool numbered) {
    WEIR_ASSERT(header.size() <= frame_headroom);
    WEIR_ASSERT(body.size() <= std::numeric_limits<std::uint32_t>::max());
    std::size_t const size = sizeof(frame) + frame_headroom + body.size();
    void* const memory = ::operator new(size);
    count_memory(memory_kind::frames, size);
    auto* const f = new (memory) frame;
    f->body_size_ = static_cast<std::uint32_t>(body.size());
    f->header_size_ = static_cast<std::uint8_t>(header.size());
    f->numbered_ = numbered;
    header.copy(f->bytes() + frame_headroom - header.size(), header.size());
    body.copy(f->bytes() + frame_headroom, body.size());
    return frame_ref(f);
}

}  // namespace weir
