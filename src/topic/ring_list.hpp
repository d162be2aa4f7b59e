#pragma once

namespace weir {

/// A place in a ring_list, part of what stands in it. `Tag` tells the lists of one thing apart.
template <class Tag>
struct ring_link {
    ring_link() = default;
    ring_link(ring_link const&) = delete;
    ring_link& operator=(ring_link const&) = delete;
    bool linked() const noexcept { return before_ != nullptr; }

private:
    template <class, class>
    friend class ring_list;
    ring_link* before_ = nullptr;
    ring_link* behind_ = nullptr;
};

/// An intrusive list that owns nothing: what stands in it must leave before it dies.
template <class T, class Tag>
class ring_list {
public:
    ring_list() noexcept { ends_.before_ = ends_.behind_ = &ends_; }

    bool empty() const noexcept { return ends_.behind_ == &ends_; }
    T& front() noexcept { return static_cast<T&>(*ends_.behind_); }
    T const& front() const noexcept { return static_cast<T const&>(*ends_.behind_); }
    /// To the end, from wherever it stands.
    void append(ring_link<Tag>& what) noexcept {
        remove(what);
        what.before_ = ends_.before_;
        what.behind_ = &ends_;
        ends_.before_->behind_ = &what;
        ends_.before_ = &what;
    }
    void remove(ring_link<Tag>& what) noexcept {
        if (!what.linked()) return;
        what.before_->behind_ = what.behind_;
        what.behind_->before_ = what.before_;
        what.before_ = what.behind_ = nullptr;
    }

private:
    ring_link<Tag> ends_;
};

}  // namespace weir
