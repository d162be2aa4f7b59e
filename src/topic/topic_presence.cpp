#include "topic/topic_presence.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace weir {

void topic_presence::changes(members::iterator who) {
    // Of one that is to be told already, what was told before stays what it was.
    joined_.try_emplace(who->first, shown_of(who->second));
}

bool topic_presence::enter(std::string_view user, std::string_view info, nanoseconds now) {
    auto who = members_.find(user);
    if (who == members_.end()) {
        if (members_.size() >= members_max) return false;
        who = members_.try_emplace(std::string(user)).first;
        who->second.user = &who->first;
        auto back = left_.extract(who->first);
        joined_.emplace(who->first, back.empty() ? std::nullopt : std::move(back.mapped()));
    } else if (who->second.info != info || who->second.connections != 0) {
        changes(who);
    }
    who->second.info = info;
    leaving_.remove(who->second);
    ++who->second.connections;
    drop_if_undone(who);
    tell(now);
    return true;
}

void topic_presence::exit(std::string_view user, nanoseconds now) {
    auto const who = members_.find(user);
    if (who == members_.end() || who->second.connections == 0) return;
    if (who->second.connections == 1) {
        who->second.connections = 0;
        who->second.leaves_at = now + grace;
        leaving_.append(who->second);
        return;
    }
    changes(who);
    --who->second.connections;
    drop_if_undone(who);
    tell(now);
}

/// Nothing is to be told of a member that stands as it was told, unless a page says otherwise.
void topic_presence::drop_if_undone(members::iterator who) {
    auto const told = joined_.find(who->first);
    if (paged_ || told == joined_.end() || told->second != shown_of(who->second)) return;
    joined_.erase(told);
}

std::size_t topic_presence::expire(nanoseconds now, std::size_t at_most) {
    std::size_t removed = 0;
    while (removed != at_most && !leaving_.empty() && leaving_.front().leaves_at <= now) {
        remove(members_.find(*leaving_.front().user), now);
        ++removed;
    }
    return removed;
}

void topic_presence::clear(nanoseconds now) {
    while (!members_.empty()) remove(members_.begin(), now);
}

void topic_presence::remove(members::iterator who, nanoseconds now) {
    std::optional<shown> before = shown_of(who->second);
    if (auto const told = joined_.find(who->first); told != joined_.end()) {
        before = std::move(told->second);
        joined_.erase(told);
    }
    if (before || paged_) left_.emplace(who->first, std::move(before));
    leaving_.remove(who->second);
    members_.erase(who);
    tell(now);
}

void topic_presence::tell(nanoseconds now) noexcept {
    if (nothing_to_tell()) {
        flush_at_ = nanoseconds::max();
    } else if (flush_at_ == nanoseconds::max()) {
        bool const was_quiet = !flushed_at_ || now - *flushed_at_ >= quiet;
        flush_at_ = was_quiet ? now : now + nanoseconds{1};
    }
}

nanoseconds topic_presence::next_due() const noexcept {
    auto const leave = leaving_.empty() ? nanoseconds::max() : leaving_.front().leaves_at;
    return std::min(leave, flush_at_);
}

std::vector<presence_change_ptr> topic_presence::flush(std::string const& topic, nanoseconds now) {
    std::vector<presence_change_ptr> changes;
    std::shared_ptr<presence_change> open;
    auto const room = [&]() -> presence_change& {
        if (!open || open->joined.size() + open->left.size() == change_max) {
            open = std::make_shared<presence_change>();
            open->topic = topic;
            open->version = ++version_;
            changes.push_back(open);
        }
        return *open;
    };
    for (auto const& [user, told] : joined_) {
        auto const now_shown = shown_of(members_.find(user)->second);
        if (!paged_ && told == now_shown) continue;
        room().joined.push_back({std::string(user), now_shown.connections, now_shown.info});
    }
    for (auto const& [user, told] : left_) room().left.push_back(user);
    joined_.clear();
    left_.clear();
    paged_ = false;
    flush_at_ = nanoseconds::max();
    if (!changes.empty()) flushed_at_ = now;
    return changes;
}

presence_page topic_presence::page(std::size_t max) {
    paged_ = paged_ || !nothing_to_tell();
    presence_page out;
    out.version = version_;
    out.total = members_.size();
    auto left = std::min({max, page_max, members_.size()});
    out.members.reserve(left);
    for (auto who = members_.begin(); left != 0; --left, ++who) {
        auto shows = shown_of(who->second);
        out.members.push_back({who->first, shows.connections, std::move(shows.info)});
    }
    return out;
}

}  // namespace weir
