#include <weir/message/dialect.hpp>

namespace weir {

close_words dialect::words_of(close_reason why) const noexcept {
    close_row const& row = describe(why);
    return {row.code, row.text};
}

}  // namespace weir
