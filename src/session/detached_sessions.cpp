#include <weir/session/detached_sessions.hpp>
#include <weir/topic/name_hash.hpp>

#include <functional>
#include <list>
#include <mutex>
#include <unordered_map>

namespace weir {

struct detached_sessions::state {
    struct entry;
    using order = std::list<entry*>;
    using groups = std::unordered_map<std::string, order, name_hash, std::equal_to<>>;
    /// Its places in three queues, the longest waiting first.
    struct entry {
        session_id session;
        order::iterator in_all;
        groups::value_type* by_ip;
        order::iterator in_ip;
        groups::value_type* by_user = nullptr;  ///< null: anonymous
        order::iterator in_user;
    };

    explicit state(detached_limits l) : limits(l) {}

    static order::iterator append(order& to, entry* e) { return to.insert(to.end(), e); }

    void erase(entry& e) {
        all.erase(e.in_all);
        leave(by_ip, *e.by_ip, e.in_ip);
        if (e.by_user != nullptr) leave(by_user, *e.by_user, e.in_user);
        entries.erase(e.session);
    }
    static void leave(groups& table, groups::value_type& group, order::iterator place) {
        group.second.erase(place);
        if (group.second.empty()) table.erase(table.find(group.first));
    }
    void evict(order& from, limit_kind why, std::vector<eviction>& out) {
        entry& oldest = *from.front();
        out.push_back({oldest.session, why});
        erase(oldest);
    }

    mutable std::mutex lock;
    detached_limits limits;
    std::unordered_map<session_id, entry> entries;
    order all;
    groups by_ip;
    groups by_user;
};

detached_sessions::detached_sessions(detached_limits limits)
    : state_(std::make_unique<state>(limits)) {}

detached_sessions::~detached_sessions() = default;

void detached_sessions::change(detached_limits limits) {
    std::scoped_lock const held(state_->lock);
    state_->limits = limits;
}

std::vector<detached_sessions::eviction> detached_sessions::add(session_id const& session,
                                                                std::string_view ip,
                                                                std::string_view user) {
    state& s = *state_;
    std::vector<eviction> evicted;
    std::scoped_lock const held(s.lock);
    auto const [place, fresh] = s.entries.try_emplace(session);
    if (!fresh) return evicted;
    state::entry& e = place->second;
    e.session = session;
    e.in_all = state::append(s.all, &e);
    e.by_ip = &*s.by_ip.try_emplace(std::string(ip)).first;
    e.in_ip = state::append(e.by_ip->second, &e);
    if (!user.empty()) {
        e.by_user = &*s.by_user.try_emplace(std::string(user)).first;
        e.in_user = state::append(e.by_user->second, &e);
    }
    // Each loop takes one away; the new one goes last, and with a limit of 0 at once. A group may
    // be gone with its last entry, so it is looked up anew.
    auto const too_many = [&](state::groups& table, std::string_view key, std::size_t max) {
        auto const group = table.find(key);
        return group != table.end() && group->second.size() > max ? &group->second : nullptr;
    };
    while (auto* const group = too_many(s.by_ip, ip, s.limits.per_ip)) {
        s.evict(*group, limit_kind::detached_per_ip, evicted);
    }
    if (!user.empty()) {
        while (auto* const group = too_many(s.by_user, user, s.limits.per_user)) {
            s.evict(*group, limit_kind::detached_per_user, evicted);
        }
    }
    while (s.all.size() > s.limits.total) s.evict(s.all, limit_kind::detached, evicted);
    return evicted;
}

void detached_sessions::remove(session_id const& session) {
    std::scoped_lock const held(state_->lock);
    auto const found = state_->entries.find(session);
    if (found != state_->entries.end()) state_->erase(found->second);
}

std::vector<session_id> detached_sessions::take_oldest(std::size_t n) {
    std::vector<session_id> taken;
    std::scoped_lock const held(state_->lock);
    while (taken.size() < n && !state_->all.empty()) {
        state::entry& oldest = *state_->all.front();
        taken.push_back(oldest.session);
        state_->erase(oldest);
    }
    return taken;
}

bool detached_sessions::waits_at(std::string_view ip) const {
    std::scoped_lock const held(state_->lock);
    return !state_->all.empty() && state_->by_ip.contains(ip);
}

std::size_t detached_sessions::size() const {
    std::scoped_lock const held(state_->lock);
    return state_->entries.size();
}

}  // namespace weir
