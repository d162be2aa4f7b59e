#include <weir/base/assert.hpp>
#include <weir/base/memory_meter.hpp>
#include <weir/base/observer.hpp>
#include <weir/session/ring.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace weir {
namespace {

constexpr std::uint32_t small_capacity = 8;

void drop(frame const* f) noexcept {
    frame_ref::adopt(f);
}

std::size_t size_of(frame const* f) noexcept {
    return f->body().size();
}

}  // namespace

/// A circular queue of owned references; capacity is a power of two, or 0.
struct ring::lane {
    std::unique_ptr<frame const*[]> slots;
    std::uint32_t capacity = 0;
    std::uint32_t first = 0;
    std::uint32_t count = 0;

    lane() = default;
    lane(lane const&) = delete;
    lane& operator=(lane const&) = delete;
    ~lane() { set_capacity(0); }

    frame const*& at(std::uint32_t i) noexcept { return slots[(first + i) & (capacity - 1)]; }
    frame const* at(std::uint32_t i) const noexcept { return slots[(first + i) & (capacity - 1)]; }

    void resize(std::uint32_t wanted) {
        auto moved = std::make_unique_for_overwrite<frame const*[]>(wanted);
        for (std::uint32_t i = 0; i != count; ++i) moved[i] = at(i);
        slots = std::move(moved);
        set_capacity(wanted);
        first = 0;
    }

    void set_capacity(std::uint32_t wanted) noexcept {
        uncount_memory(memory_kind::rings, capacity * sizeof(frame const*));
        count_memory(memory_kind::rings, wanted * sizeof(frame const*));
        capacity = wanted;
    }

    /// Room for one more; after it, add() cannot fail.
    void make_room() {
        if (count == capacity) resize(capacity == 0 ? small_capacity : capacity * 2);
    }
    void add(frame const* f) noexcept { at(count++) = f; }

    frame const* take_first() noexcept {
        frame const* const f = at(0);
        first = (first + 1) & (capacity - 1);
        --count;
        return f;
    }

    /// Gives half of the memory back where no more than 1/`share` is used. Failing to get the
    /// smaller block is no fault.
    void shrink(std::uint32_t share) noexcept {
        if (count == 0) {
            slots.reset();
            set_capacity(0);
            first = 0;
        } else if (capacity > small_capacity && count <= capacity / share) {
            try {
                resize(capacity / 2);
            } catch (std::bad_alloc const&) {  // NOLINT(bugprone-empty-catch): the larger one stays
            }
        }
    }
};

struct ring::storage : counted_object<memory_kind::rings> {
    lane numbered;  ///< `kept` sent frames, then the outbox
    lane express;
    std::uint32_t kept = 0;
    std::uint32_t again = 0;       ///< the first of the outbox: they were sent before
    std::size_t outbox_bytes = 0;  ///< of numbered frames
    std::size_t again_bytes = 0;
    std::size_t express_bytes = 0;
    std::size_t replay_bytes = 0;

    std::uint32_t waiting() const noexcept { return numbered.count - kept; }
    bool empty() const noexcept { return numbered.count == 0 && express.count == 0; }
};

/// Adds to the gauges what a change of the ring made of its bytes. The only place that counts them.
class ring::tally {
public:
    explicit tally(ring const& r) noexcept
        : ring_(r), outbox_(r.outbox_bytes()), replay_(r.replay_bytes()) {}
    tally(tally const&) = delete;
    tally& operator=(tally const&) = delete;
    ~tally() {
        observer* const counts = ring_.bounds_->counts;
        if (counts == nullptr) return;
        counts->outbox_bytes.add(ring_.outbox_bytes() - outbox_);  // wraps where it shrank: a sum
        counts->replay_bytes.add(ring_.replay_bytes() - replay_);
    }

private:
    ring const& ring_;
    std::size_t outbox_;
    std::size_t replay_;
};

/// The storage, made when there is none, with the only frame in it.
ring::storage& ring::open() {
    if (storage_ != nullptr) return *storage_;
    auto made = std::make_unique<storage>();
    if (only_ != nullptr) {
        bool const counted = only_->numbered();
        lane& to = counted ? made->numbered : made->express;
        to.make_room();
        std::size_t& bytes = !counted     ? made->express_bytes
                             : only_kept_ ? made->replay_bytes
                                          : made->outbox_bytes;
        bytes = size_of(only_);
        made->kept = only_kept_ ? 1 : 0;
        made->again = only_again_ ? 1 : 0;
        made->again_bytes = only_again_ ? bytes : 0;
        only_kept_ = only_again_ = false;
        to.add(std::exchange(only_, nullptr));
    }
    storage_ = made.release();
    return *storage_;
}

enqueued ring::push(frame_ref f) {
    std::size_t const size = size_of(f.get());
    enqueued const result = store(std::move(f));
    if (result == enqueued::queued && bounds_->counts != nullptr) {
        bounds_->counts->outbox_bytes.add(size);
    }
    return result;
}

enqueued ring::store(frame_ref f) {
    if (storage_ == nullptr && only_ == nullptr) {
        if (f->numbered() && bounds_->outbox_frames == 0) return enqueued::overflow;
        if (!f->numbered() && size_of(f.get()) > express_bytes_max) return enqueued::overflow;
        only_ = f.release();
        return enqueued::queued;
    }
    std::size_t const size = size_of(f.get());
    if (f->numbered()) {
        bool const only_new = only_ != nullptr && only_->numbered() && !only_kept_ && !only_again_;
        std::size_t const frames =
            storage_ != nullptr ? storage_->waiting() - storage_->again : only_new;
        std::size_t const bytes = storage_ != nullptr
                                      ? storage_->outbox_bytes - storage_->again_bytes
                                  : frames != 0 ? size_of(only_)
                                                : 0;
        if (frames >= bounds_->outbox_frames) return enqueued::overflow;
        if (frames != 0 && bytes + size > bounds_->outbox_bytes) return enqueued::overflow;
        storage& s = open();
        s.numbered.make_room();
        s.outbox_bytes += size;
        s.numbered.add(f.release());
    } else {
        storage& s = open();
        if (s.express.count >= express_frames_max || s.express_bytes + size > express_bytes_max) {
            settle();
            return enqueued::overflow;
        }
        s.express.make_room();
        s.express_bytes += size;
        s.express.add(f.release());
    }
    return enqueued::queued;
}

std::size_t ring::peek(std::span<frame const*> out) const noexcept {
    if (storage_ == nullptr) {
        if (only_ == nullptr || only_kept_ || out.empty()) return 0;
        out[0] = only_;
        return 1;
    }
    storage const& s = *storage_;
    std::size_t n = 0;
    for (std::uint32_t i = 0; i != s.express.count && n != out.size(); ++i) {
        out[n++] = s.express.at(i);
    }
    for (std::uint32_t i = s.kept; i != s.numbered.count && n != out.size(); ++i) {
        out[n++] = s.numbered.at(i);
    }
    return n;
}

void ring::commit(std::size_t n) noexcept {
    WEIR_ASSERT(n <= outbox_frames());
    if (n == 0) return;
    tally const counted(*this);
    if (storage_ == nullptr) {
        if (only_->numbered()) {
            ++sent_;
            only_again_ = false;
            only_kept_ = bounds_->replay_frames != 0 && size_of(only_) <= bounds_->replay_bytes;
        }
        if (!only_kept_) drop(std::exchange(only_, nullptr));
        return;
    }
    storage& s = *storage_;
    for (; n != 0 && s.express.count != 0; --n) {
        frame const* const f = s.express.take_first();
        s.express_bytes -= size_of(f);
        drop(f);
    }
    for (; n != 0; --n) {
        std::size_t const size = size_of(s.numbered.at(s.kept));
        s.outbox_bytes -= size;
        s.replay_bytes += size;
        if (s.again != 0) {
            --s.again;
            s.again_bytes -= size;
        }
        ++s.kept;
        ++sent_;
        trim(s);
    }
    settle();
}

/// Lets go of the oldest kept frames beyond the bounds of the replay buffer.
void ring::trim(storage& s) noexcept {
    while (s.kept != 0 &&
           (s.kept > bounds_->replay_frames || s.replay_bytes > bounds_->replay_bytes)) {
        frame const* const f = s.numbered.take_first();
        s.replay_bytes -= size_of(f);
        --s.kept;
        drop(f);
    }
}

void ring::settle() noexcept {
    if (storage_->empty()) {
        delete std::exchange(storage_, nullptr);
        return;
    }
    if (storage_->express.count == 0 && storage_->kept == 1 && storage_->numbered.count == 1) {
        only_ = storage_->numbered.take_first();
        only_kept_ = true;
        delete std::exchange(storage_, nullptr);
        return;
    }
    // Late: between two receipts as much is kept again.
    storage_->numbered.shrink(8);
    storage_->express.shrink(4);
}

bool ring::acknowledge(std::uint64_t count) noexcept {
    if (count > sent_) return false;
    tally const counted(*this);
    release_received(count);
    return true;
}

/// Lets go of the kept frames that the client has handled.
void ring::release_received(std::uint64_t count) noexcept {
    if (count <= received_) return;
    received_ = count;
    if (storage_ == nullptr) {
        if (only_kept_ && count == sent_) release_only();
        return;
    }
    storage& s = *storage_;
    while (s.kept != 0 && sent_ - s.kept < count) {
        frame const* const f = s.numbered.take_first();
        s.replay_bytes -= size_of(f);
        --s.kept;
        drop(f);
    }
    settle();
    if (storage_ != nullptr) storage_->numbered.shrink(4);
}

ring::standing ring::standing_of(std::uint64_t count) const noexcept {
    std::uint64_t const again = storage_ != nullptr ? storage_->again : std::uint64_t{only_again_};
    if (count > sent_ + again) return standing::beyond;
    return count < sent_ - replay_frames() ? standing::overflow : standing::good;
}

void ring::rewind(std::uint64_t count) noexcept {
    WEIR_ASSERT(standing_of(count) == standing::good);
    tally const counted(*this);
    skip_again(count);
    release_received(count);
    sent_ = std::max(count, received_);
    if (storage_ == nullptr) {
        only_again_ = only_again_ || only_kept_;
        only_kept_ = false;
        if (only_ != nullptr && !only_->numbered()) release_only();
        return;
    }
    storage& s = *storage_;
    while (s.express.count != 0) drop(s.express.take_first());
    s.express_bytes = 0;
    s.again += std::exchange(s.kept, 0);
    s.again_bytes += s.replay_bytes;
    s.outbox_bytes += std::exchange(s.replay_bytes, 0);
    settle();
}

/// The client has frames that were to be sent again: those up to `count` count as sent now.
void ring::skip_again(std::uint64_t count) noexcept {
    if (count <= sent_) return;
    if (storage_ == nullptr) {
        release_only();
        sent_ = count;
        return;
    }
    storage& s = *storage_;
    for (; s.kept != 0; --s.kept) drop(s.numbered.take_first());
    s.replay_bytes = 0;
    for (; sent_ != count; ++sent_) {
        frame const* const f = s.numbered.take_first();
        s.outbox_bytes -= size_of(f);
        s.again_bytes -= size_of(f);
        --s.again;
        drop(f);
    }
}

void ring::release_only() noexcept {
    only_kept_ = only_again_ = false;
    drop(std::exchange(only_, nullptr));
}

std::size_t ring::outbox_bytes() const noexcept {
    if (storage_ != nullptr) return storage_->outbox_bytes + storage_->express_bytes;
    return only_ != nullptr && !only_kept_ ? size_of(only_) : 0;
}

std::uint64_t ring::queued() const noexcept {
    if (storage_ != nullptr) return sent_ + storage_->waiting();
    return sent_ + (only_ != nullptr && only_->numbered() && !only_kept_ ? 1 : 0);
}

std::size_t ring::outbox_frames() const noexcept {
    if (storage_ != nullptr) return std::size_t{storage_->waiting()} + storage_->express.count;
    return only_ != nullptr && !only_kept_ ? 1 : 0;
}

std::size_t ring::replay_bytes() const noexcept {
    return storage_ != nullptr ? storage_->replay_bytes : only_kept_ ? size_of(only_) : 0;
}

std::size_t ring::replay_frames() const noexcept {
    return storage_ != nullptr ? storage_->kept : only_kept_ ? 1 : 0;
}

void ring::forget_kept() noexcept {
    tally const counted(*this);
    if (storage_ == nullptr) {
        if (only_kept_) release_only();
        return;
    }
    storage& s = *storage_;
    for (; s.kept != 0; --s.kept) drop(s.numbered.take_first());
    s.replay_bytes = 0;
    settle();
}

void ring::clear() noexcept {
    tally const counted(*this);
    if (only_ != nullptr) release_only();
    if (storage_ == nullptr) return;
    storage& s = *storage_;
    while (s.express.count != 0) drop(s.express.take_first());
    while (s.numbered.count != 0) drop(s.numbered.take_first());
    delete std::exchange(storage_, nullptr);
}

}  // namespace weir
