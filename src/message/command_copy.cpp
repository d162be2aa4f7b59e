#include <weir/message/command_copy.hpp>

#include <algorithm>

namespace weir {
namespace {

/// Every text of a command, by a function that may replace it. The id stands apart.
template <class F>
void each_text(command& c, F const& f) {
    f(c.type_name);
    f(c.topic);
    f(c.event);
    f(c.payload);
    f(c.key);
    f(c.dedupe);
    f(c.token);
    f(c.method);
    f(c.client);
    if (c.since) f(c.since->epoch);
    if (c.resume) {
        f(c.resume->session);
        f(c.resume->secret);
    }
}

}  // namespace

command_copy::command_copy(command const& c) : command_(c) {
    std::size_t const names = c.topics ? c.topics->size() : 0;
    each_text(command_, [this](std::string_view text) { bytes_ += text.size(); });
    if (c.id.is_text()) bytes_ += c.id.text().size();
    for (std::size_t i = 0; i != names; ++i) bytes_ += (*c.topics)[i].size();

    texts_ = std::make_unique<char[]>(bytes_);
    char* free = texts_.get();
    auto const keep = [&free](std::string_view& text) {
        if (text.data() == nullptr) return;
        char* const begin = free;
        free = std::copy(text.begin(), text.end(), begin);
        text = {begin, text.size()};
    };
    each_text(command_, keep);
    if (c.id.is_text()) {
        std::string_view id = c.id.text();
        keep(id);
        command_.id = id;
    }
    if (!c.topics) return;
    topics_ = std::make_unique<std::string_view[]>(names);
    for (std::size_t i = 0; i != names; ++i) {
        topics_[i] = (*c.topics)[i];
        keep(topics_[i]);
    }
    command_.topics = std::span<std::string_view const>(topics_.get(), names);
}

}  // namespace weir
