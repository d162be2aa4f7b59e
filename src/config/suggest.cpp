#include <weir/config/suggest.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

namespace weir::config {
namespace {

constexpr std::size_t word_bytes_max = 120;

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view last_segment(std::string_view path) noexcept {
    return path.substr(path.rfind('.') + 1);
}

/// A third of the word may be wrong, at most three letters of it.
bool near(std::size_t distance, std::string_view word) noexcept {
    return distance <= std::clamp<std::size_t>(word.size() / 3, 1, 3);
}

/// The nearest candidate by edit distance, if near at all.
std::string_view closest(std::string_view word, std::span<std::string_view const> candidates) {
    if (word.size() > word_bytes_max) return {};
    std::string_view best;
    std::size_t least = word_bytes_max;
    for (std::string_view const candidate : candidates) {
        std::size_t const distance = edit_distance(word, candidate);
        if (distance >= least || !near(distance, word)) continue;
        least = distance;
        best = candidate;
    }
    return best;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            bool const same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1])) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

std::string_view nearest_word(std::string_view word, std::span<std::string_view const> candidates) {
    if (std::string_view const close = closest(word, candidates); !close.empty()) return close;
    constexpr std::size_t least = 3;
    for (std::string_view const candidate : candidates) {
        if (word.size() < least || candidate.size() < least) continue;
        if (word.starts_with(candidate) || candidate.starts_with(word)) return candidate;
    }
    return {};
}

std::string_view nearest_path(std::string_view path, std::span<std::string_view const> candidates) {
    if (std::string_view const close = closest(path, candidates); !close.empty()) return close;
    // The right name elsewhere is only a help when there is one such place.
    std::string_view elsewhere;
    for (std::string_view const candidate : candidates) {
        if (last_segment(candidate) != last_segment(path)) continue;
        if (!elsewhere.empty()) return {};
        elsewhere = candidate;
    }
    return elsewhere;
}

std::string join(std::span<std::string_view const> words) {
    std::string out;
    for (std::string_view const word : words) {
        if (!out.empty()) out += ", ";
        out += word;
    }
    return out;
}

}  // namespace weir::config
