// A vector of one word: no members or items cost a node no more than a null pointer each.
//
// The part of std::vector's interface that trees of nodes need, with the same meaning. At most 2^32 - 1 elements.

#ifndef BERTH_SPEC_COMPACT_VECTOR_H_
#define BERTH_SPEC_COMPACT_VECTOR_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace berth {

template <typename T>
class CompactVector {
 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  CompactVector() = default;
  CompactVector(const CompactVector& other) {
    reserve(other.size());
    for (const T& element : other) push_back(element);
  }
  CompactVector(CompactVector&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  CompactVector& operator=(CompactVector other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~CompactVector() {
    std::destroy(begin(), end());
    ::operator delete(block_);
  }

  [[nodiscard]] size_t size() const { return block_ == nullptr ? 0 : block_->size; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] T* data() { return block_ == nullptr ? nullptr : Elements(block_); }
  [[nodiscard]] const T* data() const { return block_ == nullptr ? nullptr : Elements(block_); }
  [[nodiscard]] T* begin() { return data(); }
  [[nodiscard]] T* end() { return data() + size(); }
  [[nodiscard]] const T* begin() const { return data(); }
  [[nodiscard]] const T* end() const { return data() + size(); }
  [[nodiscard]] T& operator[](size_t index) { return data()[index]; }
  [[nodiscard]] const T& operator[](size_t index) const { return data()[index]; }
  [[nodiscard]] const T& at(size_t index) const {
    if (index >= size()) std::abort();
    return data()[index];
  }
  [[nodiscard]] T& front() { return *begin(); }
  [[nodiscard]] const T& front() const { return *begin(); }
  [[nodiscard]] T& back() { return end()[-1]; }
  [[nodiscard]] const T& back() const { return end()[-1]; }

  void reserve(size_t capacity) {
    if (capacity <= (block_ == nullptr ? 0 : block_->capacity)) return;
    auto* const grown = static_cast<Block*>(::operator new(sizeof(Block) + capacity * sizeof(T)));
    *grown = {static_cast<uint32_t>(size()), static_cast<uint32_t>(capacity)};
    std::uninitialized_move(begin(), end(), Elements(grown));
    std::destroy(begin(), end());
    ::operator delete(std::exchange(block_, grown));
  }
  void push_back(T element) {
    if (block_ == nullptr || block_->size == block_->capacity) reserve(std::max<size_t>(size() * 2, 4));
    std::construct_at(end(), std::move(element));
    ++block_->size;
  }
  T* insert(const T* place, T element) {
    const auto index = place - begin();
    push_back(std::move(element));
    std::rotate(begin() + index, end() - 1, end());
    return begin() + index;
  }
  template <typename Iterator>
  T* insert(const T* place, Iterator first, Iterator last) {
    const auto index = place - begin();
    const auto old_size = static_cast<ptrdiff_t>(size());
    reserve(size() + static_cast<size_t>(std::distance(first, last)));
    for (; first != last; ++first) push_back(*first);
    std::rotate(begin() + index, begin() + old_size, end());
    return begin() + index;
  }
  T* erase(const T* first, const T* last) {
    T* const place = begin() + (first - begin());
    T* const new_end = std::move(place + (last - first), end(), place);
    if (first == last) return place;
    block_->size -= static_cast<uint32_t>(std::destroy_n(new_end, end() - new_end) - new_end);
    return place;
  }
  T* erase(const T* place) { return erase(place, place + 1); }
  void clear() { erase(begin(), end()); }
  explicit operator std::vector<T>() const { return {begin(), end()}; }

  // As std::erase and std::erase_if; found by the argument's namespace.
  template <typename Predicate>
  friend void erase_if(CompactVector& vector, Predicate predicate) {
    vector.erase(std::remove_if(vector.begin(), vector.end(), predicate), vector.end());
  }
  friend void erase(CompactVector& vector, const T& element) {
    vector.erase(std::remove(vector.begin(), vector.end(), element), vector.end());
  }

 private:
  // What stands before the elements.
  struct Block {
    uint32_t size;
    uint32_t capacity;
  };
  static_assert(alignof(T) <= sizeof(Block));

  static T* Elements(Block* block) { return reinterpret_cast<T*>(block + 1); }

  Block* block_ = nullptr;
};

}  // namespace berth

#endif  // BERTH_SPEC_COMPACT_VECTOR_H_
