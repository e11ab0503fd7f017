#include "bench/allocation_counter.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>

namespace {

thread_local uint64_t allocations = 0;

void* Allocate(size_t size, size_t alignment) noexcept {
  ++allocations;
  const size_t wanted = std::max<size_t>(size, 1);
  if (alignment <= alignof(std::max_align_t)) return std::malloc(wanted);
  return std::aligned_alloc(alignment, (wanted + alignment - 1) / alignment * alignment);
}

void* AllocateOrDie(size_t size, size_t alignment) {
  void* memory = Allocate(size, alignment);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(size_t size) { return AllocateOrDie(size, 1); }
void* operator new[](size_t size) { return AllocateOrDie(size, 1); }
void* operator new(size_t size, std::align_val_t alignment) {
  return AllocateOrDie(size, static_cast<size_t>(alignment));
}
void* operator new[](size_t size, std::align_val_t alignment) {
  return AllocateOrDie(size, static_cast<size_t>(alignment));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept { return Allocate(size, 1); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return Allocate(size, 1); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace berth::bench {

uint64_t AllocationCount() { return allocations; }

bool AllocationsAreCounted() {
  const uint64_t before = AllocationCount();
  ::operator delete(::operator new(16));  // a direct call is never optimised away
  const uint64_t after_new = AllocationCount();
  std::string text;
  text.reserve(1000);  // inside the standard library's shared object
  return after_new == before + 1 && AllocationCount() == after_new + 1;
}

}  // namespace berth::bench
