#include "bench/allocation_counter.h"

#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>

namespace {

constexpr int64_t kHeaderBytes = 8;  // before each block of glibc's heap

thread_local uint64_t allocations = 0;
thread_local bool metered = false;
thread_local int64_t bytes_in_use = 0;
thread_local int64_t peak_bytes = 0;

int64_t BytesOf(void* memory) { return static_cast<int64_t>(malloc_usable_size(memory)) + kHeaderBytes; }

void* Allocate(size_t size, size_t alignment) noexcept {
  ++allocations;
  const size_t wanted = std::max<size_t>(size, 1);
  void* const memory = alignment <= alignof(std::max_align_t)
                           ? std::malloc(wanted)
                           : std::aligned_alloc(alignment, (wanted + alignment - 1) / alignment * alignment);
  if (metered && memory != nullptr) {
    bytes_in_use += BytesOf(memory);
    peak_bytes = std::max(peak_bytes, bytes_in_use);
  }
  return memory;
}

void Free(void* memory) noexcept {
  if (metered && memory != nullptr) bytes_in_use -= BytesOf(memory);
  std::free(memory);
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
void operator delete(void* memory) noexcept { Free(memory); }
void operator delete[](void* memory) noexcept { Free(memory); }
void operator delete(void* memory, size_t) noexcept { Free(memory); }
void operator delete[](void* memory, size_t) noexcept { Free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { Free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { Free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { Free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { Free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { Free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { Free(memory); }

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

HeapMeter::HeapMeter() {
  bytes_in_use = 0;
  peak_bytes = 0;
  metered = true;
}

HeapMeter::~HeapMeter() { metered = false; }

int64_t HeapMeter::bytes() const { return bytes_in_use; }
int64_t HeapMeter::peak() const { return peak_bytes; }

}  // namespace berth::bench
