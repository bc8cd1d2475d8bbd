/// Whether the tests run under a sanitizer, which slows them down and takes more memory.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MRCZ_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MRCZ_TEST_SANITIZED 1
#endif
#endif
#ifndef MRCZ_TEST_SANITIZED
#define MRCZ_TEST_SANITIZED 0
#endif
