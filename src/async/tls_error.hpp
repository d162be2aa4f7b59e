#pragma once

#include <boost/system/error_code.hpp>

#include <string>

struct ssl_st;

namespace weir {

/// What a TLS operation that did not succeed asks for.
enum class tls_want { read, write, nothing };

struct tls_outcome {
    tls_want want = tls_want::nothing;
    boost::system::error_code error;  ///< when nothing is wanted; eof after the peer's close_notify
};

/// Reads OpenSSL's answer to an SSL_… call that returned `returned` <= 0. To be called right after
/// it, on the same thread, with the error queue cleared before it.
tls_outcome tls_outcome_of(ssl_st* tls, int returned) noexcept;

/// The newest entry of OpenSSL's error queue in words; clears the queue.
std::string tls_last_words();

}  // namespace weir
