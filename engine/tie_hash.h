// The order of candidates that score the same: stable, and spread over runners from one sandbox id to the next.
//
// Guarantees:  fixed for ever, the same on every machine; a tie goes to the larger TieHash
// Cost:        runner hashes are made once at load, the sandbox id's once per launch, then one mix per candidate

#ifndef BERTH_ENGINE_TIE_HASH_H_
#define BERTH_ENGINE_TIE_HASH_H_

#include <cstdint>
#include <string_view>

namespace berth {

// FNV-1a of 64 bits.
constexpr uint64_t Fnv1a64(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return hash;
}

// The finaliser of splitmix64, without its increment.
constexpr uint64_t Mix64(uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

// From the two ids' Fnv1a64.
constexpr uint64_t TieHash(uint64_t sandbox_hash, uint64_t runner_hash) { return Mix64(sandbox_hash ^ runner_hash); }

static_assert(Fnv1a64("") == 0xcbf29ce484222325U);
static_assert(Fnv1a64("a") == 0xaf63dc4c8601ec8cU);
static_assert(Mix64(0x9e3779b97f4a7c15U) == 0xe220a8397b1dcdafU);
static_assert(Mix64(0) == 0);

}  // namespace berth

#endif  // BERTH_ENGINE_TIE_HASH_H_
